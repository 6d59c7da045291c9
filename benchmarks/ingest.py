"""Readings a second from the socket to the store, judged and in the ledger, over TCP and over MQTT.

    python benchmarks/ingest.py [--readings 100000] [--factors 10] [--messages 100000] [--json]

A whole Anlan on this machine; sender, broker, ingest process and database share its cores. A reading counts when its
frame has been answered (TCP) or when it stands in the ledger (MQTT); then the ledger must add up to what was sent. The
rival over TCP decodes the same frames with the same decoder and inserts row by row, one commit a frame: no ledger, no
rules. Over MQTT (QoS 1, one reading a message and 50) the rival is a bare aiomqtt loop that receives as many from the same
broker and does nothing with them. Both are timed from where they go on after messages have gathered while they were
stopped, and ("live") from the first of as many more that are sent while they run.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, sleep, time

import psycopg
from parts.mqtt_wire import Bare, blast, published

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from anlan.protocols import Frame, decode, protocols
from journeys.server import Anlan
from monitoring.broker import mosquitto

DEVICES, PUBLISHERS = 8, 1000
BATCH = 50
RIVAL_READINGS = 3_000
REGISTER = """
import json
from django.db import connection
from anlan.accounts.models import Area
from anlan.monitoring.models import Device
area = Area.objects.order_by("path").first()
for k in range(%d):
    Device.objects.create(code=f"BENCH{k}", protocol="hj212", kind="gas", name=f"b{k}", area=area)
for k in range(%d):
    Device.objects.create(code=f"MQTT{k}", protocol="json", kind="gas", name=f"b{k}", area=area)
known = connection.settings_dict
print(json.dumps({"dbname": known["NAME"], "user": known["USER"], "host": known["HOST"]}))
"""
KEPT = "select coalesce(sum(count), 0) from monitoring_ledgercount where source = %s"
DIFFERENCE = """
select (select sum(readings) from monitoring_framecount) - (select sum(count) from monitoring_ledgercount)
"""
RIVAL = "create table rival (series text, time bigint, value float8, primary key (series, time))"


def frames(protocol: str, code: str, count: int, factors: int) -> Iterator[bytes]:
    """One frame a second of a device's recent past."""
    start = int(time()) * 1000 - count * 1000
    for k in range(count):
        values = {f"a{21001 + f}-Rtd": 1.0 + (k + f) % 9 for f in range(factors)}
        yield protocols()[protocol].encode(code, start + k * 1000, values)


async def tcp(port: int, batches: list[list[bytes]]) -> None:
    """Each device on its own connection; returns when the last answer is in."""
    due = [sum(len(e.reply or b"") for raw in batch for e in decode("hj212", raw) if isinstance(e, Frame))
           for batch in batches]  # fmt: skip

    async def one(batch: list[bytes], answers: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.writelines(batch)
        while answers > 0:
            answers -= len(await reader.read(65536))
        writer.close()

    global began
    began = perf_counter()
    await asyncio.gather(*(one(batch, answers) for batch, answers in zip(batches, due, strict=True)))


def messages(count: int, factors: int, start: int) -> list[tuple[str, bytes]]:
    """Message k is of device k % PUBLISHERS; a device has one a second. Values have two decimals."""
    made = []
    for k in range(count):
        values = {f"v{f}": (k * 7 + f * 13) % 1000 / 100 for f in range(factors)}
        said = {"time": start + k // PUBLISHERS * 1000, "values": values}
        made.append((f"anlan/MQTT{k % PUBLISHERS}/readings", json.dumps(said, separators=(",", ":")).encode()))
    return made


def ingest_process(anlan: Anlan) -> int:
    """The process that listens for devices, among those of `anlan serve`."""
    for pid in subprocess.run(["pgrep", "-P", str(anlan.process.pid)], capture_output=True, text=True).stdout.split():
        if b"ingest" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return int(pid)
    raise AssertionError("no ingest process")


def over_mqtt(anlan: Anlan, database: psycopg.Connection, count: int, factors: int) -> dict[str, float]:
    """Readings a second of Anlan and of the bare loop: of what has gathered, and while it is being sent."""
    start = int(time() * 1000) - (2 * count // PUBLISHERS + 20) * 1000
    whole, pid = count * factors, ingest_process(anlan)
    first, known = messages(PUBLISHERS, factors, start - 1000), kept(database, "mqtt")
    blast(anlan.mqtt, published(first), len(first))
    known = until_kept(database, known + PUBLISHERS * factors)
    bare, packets = Bare(anlan.mqtt, count), published(messages(count, factors, start))
    with stopped(pid):
        blast(anlan.mqtt, packets, count)
        began = perf_counter()
    known = until_kept(database, known + whole)
    gathered, bare_gathered = perf_counter() - began, bare.seconds()
    packets, began = published(messages(count, factors, start + (count // PUBLISHERS + 2) * 1000)), perf_counter()
    blast(anlan.mqtt, packets, count)
    until_kept(database, known + whole)
    live = perf_counter() - began
    with stopped(pid):
        bare, began = Bare(anlan.mqtt, count), perf_counter()
        sender = threading.Thread(target=blast, args=(anlan.mqtt, packets, count))
        sender.start()
        bare_live = bare.seconds()
        sender.join()
    until_kept(database, known + 2 * whole)
    seconds = {"mqtt": gathered, "aiomqtt": bare_gathered, "mqtt_live": live, "aiomqtt_live": bare_live}
    return {f"{name}_{factors}": whole / taken for name, taken in seconds.items()}


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def until_kept(database: psycopg.Connection, readings: int) -> int:
    """Waits for at least as many over MQTT, and gives their number."""
    while (now := kept(database, "mqtt")) < readings:
        sleep(0.01)
    return now


began = 0.0


def kept(database: psycopg.Connection, source: str) -> int:
    row = database.execute(KEPT, [source]).fetchone()
    return int(row[0]) if row else 0


def timed(database: psycopg.Connection, source: str, readings: int, send: Callable[[], None]) -> float:
    """Readings a second from the first byte sent to the last reading in the ledger; nothing more or less is kept."""
    send()
    while kept(database, source) < readings:
        sleep(0.01)
    taken = perf_counter() - began
    assert kept(database, source) == readings, "the ledger does not add up"
    return readings / taken


def rival(database: psycopg.Connection, batch: list[bytes]) -> float:
    database.execute(RIVAL)
    start, count = perf_counter(), 0
    for raw in batch:
        with database.transaction():
            for event in decode("hj212", raw):
                for reading in event.readings if isinstance(event, Frame) else ():
                    row = [reading.series, reading.time, reading.value]
                    database.execute("insert into rival values (%s, %s, %s) on conflict do nothing", row)
                    count += 1
    return count / (perf_counter() - start)


def readings_sent(count: int, factors: int) -> int:
    return (PUBLISHERS + 3 * count) * factors


def measure(anlan: Anlan, readings: int, factors: int, count: int) -> dict[str, float]:
    facts = json.loads(anlan.command("manage", "shell", "-v0", "-c", REGISTER % (DEVICES, PUBLISHERS)).splitlines()[-1])
    each = readings // DEVICES // factors
    whole = each * DEVICES * factors
    over_tcp = [list(frames("hj212", f"BENCH{k}", each, factors)) for k in range(DEVICES)]
    with psycopg.connect(**facts, autocommit=True) as database:
        plain = rival(database, over_tcp[0][: RIVAL_READINGS // factors])
        by_tcp = timed(database, "hj212", whole, lambda: asyncio.run(tcp(anlan.devices["hj212"], over_tcp)))
        found = over_mqtt(anlan, database, count, 1) | over_mqtt(anlan, database, count // 4, BATCH)
        sent = whole + readings_sent(count, 1) + readings_sent(count // 4, BATCH)
        assert kept(database, "hj212") + kept(database, "mqtt") >= sent, "something is missing"
        assert database.execute(DIFFERENCE).fetchone() == (0,), "the ledger does not add up"
    return {"tcp": by_tcp, "row_by_row": plain} | found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=100_000)
    parser.add_argument("--factors", type=int, default=10, help="readings in one frame")
    parser.add_argument(
        "--messages", type=int, default=100_000, help="over MQTT; a quarter of it with 50 readings each"
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, mosquitto(Path(folder)) as broker:
        anlan = Unhurried(folder=Path(folder), mqtt=broker.port)
        try:
            anlan.demo(0.005)
            anlan.start()
            figures = measure(anlan, arguments.readings, arguments.factors, arguments.messages)
        finally:
            anlan.stop()
    report = {name: round(figure) for name, figure in figures.items()}
    if arguments.json:
        print(json.dumps(report | {"readings": arguments.readings, "factors": arguments.factors}))
        return
    for name, other in RIVALS.items():
        ratio = figures[name] / figures[other]
        print(f"{name:12} {figures[name]:11,.0f} readings/s stored, judged and counted; {ratio:5.1f} x {other}")


RIVALS = {"tcp": "row_by_row"} | {
    f"{name}_{factors}": f"aio{name}_{factors}" for factors in (1, BATCH) for name in ("mqtt", "mqtt_live")
}


class Unhurried(Anlan):
    """No limit on how fast a device may send."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"ANLAN_INGEST_RATE": "1000000"}


if __name__ == "__main__":
    main()
