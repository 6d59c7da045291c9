"""Readings a second from the socket to the store, judged and in the ledger, over TCP and over MQTT.

    python benchmarks/ingest.py [--readings 100000] [--factors 10] [--json]

A whole Anlan on this machine; sender, broker, ingest process and database share its cores. A reading counts when its
frame has been answered (TCP) or when it stands in the ledger (MQTT); then the ledger must add up to what was sent. The
rival decodes the same frames with the same decoder and inserts row by row, one commit a frame: no ledger, no rules.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, sleep, time

import psycopg
from gmqtt import Client

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from anlan.protocols import Frame, decode, protocols
from journeys.server import Anlan
from monitoring.broker import mosquitto

DEVICES = 8
RIVAL_READINGS = 3_000
REGISTER = """
import json
from django.db import connection
from anlan.accounts.models import Area
from anlan.monitoring.models import Device
area = Area.objects.order_by("path").first()
for k in range(%d):
    Device.objects.create(code=f"BENCH{k}", protocol="hj212", kind="gas", name=f"b{k}", area=area)
    Device.objects.create(code=f"BENCH{k}", protocol="json", kind="gas", name=f"b{k}", area=area)
known = connection.settings_dict
print(json.dumps({"dbname": known["NAME"], "user": known["USER"], "host": known["HOST"]}))
"""
KEPT = "select coalesce(sum(count), 0) from monitoring_ledgercount where source = %s"
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


async def mqtt(port: int, batches: list[list[bytes]]) -> None:
    """Hands everything to the broker."""
    client = Client("bench")
    await client.connect("127.0.0.1", port)
    global began
    began = perf_counter()
    for row in zip(*batches, strict=True):
        for number, raw in enumerate(row):
            client.publish(f"anlan/BENCH{number}/readings", raw.strip(), qos=1)
        await asyncio.sleep(0)
    await client._persistent_storage.wait_empty()
    await client.disconnect()


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


def measure(anlan: Anlan, readings: int, factors: int) -> dict[str, float]:
    facts = json.loads(anlan.command("manage", "shell", "-v0", "-c", REGISTER % DEVICES).splitlines()[-1])
    each = readings // DEVICES // factors
    whole = each * DEVICES * factors
    codes = [f"BENCH{k}" for k in range(DEVICES)]
    over_tcp = [list(frames("hj212", code, each, factors)) for code in codes]
    over_mqtt = [list(frames("json", code, each, factors)) for code in codes]
    with psycopg.connect(**facts, autocommit=True) as database:
        plain = rival(database, over_tcp[0][: RIVAL_READINGS // factors])
        port = anlan.devices["hj212"]
        by_tcp = timed(database, "hj212", whole, lambda: asyncio.run(tcp(port, over_tcp)))
        by_mqtt = timed(database, "mqtt", whole, lambda: asyncio.run(mqtt(anlan.mqtt, over_mqtt)))
    return {"tcp": by_tcp, "mqtt": by_mqtt, "row_by_row": plain}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=100_000)
    parser.add_argument("--factors", type=int, default=10, help="readings in one frame")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, mosquitto(Path(folder)) as broker:
        anlan = Unhurried(folder=Path(folder), mqtt=broker.port)
        try:
            anlan.demo(0.005)
            anlan.start()
            figures = measure(anlan, arguments.readings, arguments.factors)
        finally:
            anlan.stop()
    report = {name: round(figure) for name, figure in figures.items()}
    if arguments.json:
        print(json.dumps(report | {"readings": arguments.readings, "factors": arguments.factors}))
        return
    for name in ("tcp", "mqtt"):
        ratio = figures[name] / figures["row_by_row"]
        print(f"{name:5} {figures[name]:9,.0f} readings/s stored, judged and counted; {ratio:.1f} x row by row")
    print(f"rival {figures['row_by_row']:9,.0f} readings/s inserted row by row, one commit a frame")


class Unhurried(Anlan):
    """No limit on how fast a device may send."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"ANLAN_INGEST_RATE": "1000000"}


if __name__ == "__main__":
    main()
