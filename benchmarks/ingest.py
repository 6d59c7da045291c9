"""Readings a second from the socket to the store, judged and in the ledger, over TCP and over MQTT.

    python benchmarks/ingest.py [--readings 100000] [--factors 10] [--messages 100000] [--rounds 3] [--json]

A whole Anlan on this machine; sender, broker, ingest process and database share its cores. A reading counts when its
frame has been answered (TCP) or when it stands in the ledger (MQTT); then the ledger must add up to what was sent. The
rival over TCP decodes the same frames with the same decoder and inserts row by row, one commit a frame: no ledger, no
rules. Over MQTT (QoS 1, one reading a message and 50) the rival is a bare aiomqtt loop that receives the same bytes at
QoS 1 from a broker of its own with the same settings, and does nothing with them; meanwhile Anlan is stopped. They take
turns. Both are timed from where they go on after messages have gathered while they were stopped, and ("live") from the
first of as many that are sent while they run.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import perf_counter, sleep, time

import psycopg
from parts.mqtt_wire import Bare, blast, cpu_seconds, published

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


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Over TCP `readings` in frames of `factors`; over MQTT `messages` a round, with one reading each and with 50."""

    readings: int
    factors: int
    messages: int
    rounds: int


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


def over_mqtt(anlan: Anlan, database: psycopg.Connection, rival: int, sizes: Sizes, factors: int) -> dict[str, float]:
    """Medians of rounds in which Anlan and the bare loop at the broker `rival` take turns."""
    count, whole = sizes.messages, sizes.messages * factors
    spans = count // PUBLISHERS + 2
    start = int(time() * 1000) - (2 * sizes.rounds * spans + 20) * 1000
    first, known = messages(PUBLISHERS, factors, start - 1000), kept(database, "mqtt")
    blast(anlan.mqtt, published(first), len(first))
    until_kept(database, known + PUBLISHERS * factors)
    found = []
    for k in range(2 * sizes.rounds):
        packets = published(messages(count, factors, start + k * spans * 1000))
        one = a_round(anlan, database, rival, packets, count, factors, live=k % 2 == 1)
        found.append({f"{name}_{factors}": figure for name, figure in one.items()})
        assert kept(database, "mqtt") == known + PUBLISHERS * factors + (k + 1) * whole, "the ledger does not add up"
    return {name: statistics.median(one[name] for one in found if name in one) for name in found[0] | found[1]}


def a_round(
    anlan: Anlan, database: psycopg.Connection, rival: int, packets: bytes, count: int, factors: int, *, live: bool
) -> dict[str, float]:
    """Readings a second, and microseconds of its processor a message, of Anlan and of the bare loop."""
    pid, end, kind = ingest_process(anlan), kept(database, "mqtt") + count * factors, "_live" if live else ""
    with stopped(pid):
        bare = Bare(rival, count)
        sending = partial(blast, rival, packets, count)
        taken, used = bare.live(sending) if live else bare.gathered(sending)
        before = cpu_seconds(pid)
        if not live:
            blast(anlan.mqtt, packets, count)
        began = perf_counter()
    if live:
        blast(anlan.mqtt, packets, count)
    until_kept(database, end)
    own, own_used = perf_counter() - began, cpu_seconds(pid) - before
    return {
        f"mqtt{kind}": count * factors / own, f"aiomqtt{kind}": count * factors / taken,
        f"cpu_mqtt{kind}": own_used / count * 1e6, f"cpu_aiomqtt{kind}": used / count * 1e6,
    }  # fmt: skip


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


def measure(anlan: Anlan, rival_broker: int, sizes: Sizes) -> dict[str, float]:
    facts = json.loads(anlan.command("manage", "shell", "-v0", "-c", REGISTER % (DEVICES, PUBLISHERS)).splitlines()[-1])
    each = sizes.readings // DEVICES // sizes.factors
    whole = each * DEVICES * sizes.factors
    over_tcp = [list(frames("hj212", f"BENCH{k}", each, sizes.factors)) for k in range(DEVICES)]
    with psycopg.connect(**facts, autocommit=True) as database:
        plain = rival(database, over_tcp[0][: RIVAL_READINGS // sizes.factors])
        by_tcp = timed(database, "hj212", whole, lambda: asyncio.run(tcp(anlan.devices["hj212"], over_tcp)))
        found = [over_mqtt(anlan, database, rival_broker, sizes, factors) for factors in (1, BATCH)]
        assert database.execute(DIFFERENCE).fetchone() == (0,), "the ledger does not add up"
    return {"tcp": by_tcp, "row_by_row": plain} | found[0] | found[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=100_000)
    parser.add_argument("--factors", type=int, default=10, help="readings in one frame")
    parser.add_argument("--messages", type=int, default=100_000, help="over MQTT, in a round")
    parser.add_argument("--rounds", type=int, default=3, help="over MQTT")
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    sizes = Sizes(readings=words.readings, factors=words.factors, messages=words.messages, rounds=words.rounds)
    with (
        tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other,
        mosquitto(Path(folder)) as broker, mosquitto(Path(other)) as rival_broker,
    ):  # fmt: skip
        anlan = Unhurried(folder=Path(folder), mqtt=broker.port)
        try:
            anlan.demo(0.005)
            anlan.start()
            figures = measure(anlan, rival_broker.port, sizes)
        finally:
            anlan.stop()
    if words.json:
        print(json.dumps({name: round(figure, 1) for name, figure in figures.items()} | asdict(sizes)))
        return
    for name, other in RIVALS.items():
        ratio = figures[name] / figures[other]
        print(f"{name:12} {figures[name]:11,.0f} readings/s stored, judged and counted; {ratio:5.1f} x {other}")
    for name, other in RIVALS.items():
        if f"cpu_{name}" in figures:
            own, ratio = figures[f"cpu_{name}"], figures[f"cpu_{other}"] / figures[f"cpu_{name}"]
            print(f"{name:12} {own:11.1f} µs of the receiver's processor a message; 1/{ratio:.1f} of {other}")


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
