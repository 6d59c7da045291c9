"""Memory of the process that judges: with many series, and over a day of accelerated time.

    python benchmarks/memory.py [--series 100000] [--soak-series 2000] [--hours 24] [--json]

In a database of its own that is deleted afterwards. First each of the series gets readings, as many a device as 50. Then
they are fed over MQTT's way in, in batches as large as the writer ever takes, while as much again as there is room for
waits; its peak is the most that was ever resident meanwhile. Then a day is fed at one reading a minute and series with a simulated clock, packing the store's log as the worker does; resident
memory after the first hour is held against that after the last.
"""

import argparse
import asyncio
import json
import os
import shutil
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

FOLDER = Path(tempfile.mkdtemp(prefix="anlan-memory-"))
os.environ["ANLAN_VAR"] = str(FOLDER)
os.environ.pop("DATABASE_URL", None)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")

import django
import numpy as np

if TYPE_CHECKING:
    from anlan.monitoring.arrivals import Messages

EACH, MINUTE, HOUR = 50, 60_000, 3_600_000
START = 1_795_000_000_000
Block = list[tuple[bytes, bytes]]


def resident() -> int:
    """MB of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def peak() -> int:
    """MB of this process at most, since it was last asked to forget."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 // 1_000_000


def prepare(devices: int) -> None:
    from django.core.management import call_command

    from anlan.accounts.models import Area
    from anlan.monitoring.models import Device

    call_command("migrate", verbosity=0)
    area = Area.objects.create(code="440310", name="x", level="district")
    rows = (Device(code=f"M{k}", protocol="json", kind="gas", name=f"m{k}", area=area) for k in range(devices))
    Device.objects.bulk_create(rows, batch_size=5_000)


def feed(devices: range, moment: int) -> int:
    """One reading of each series of these devices, as MQTT messages."""
    from anlan.monitoring.ingest import readings_store

    return readings_store(batch=[told(devices, moment)], now=moment).received


def told(devices: range, moment: int) -> "Messages":
    from anlan.monitoring.arrivals import Messages

    parts = []
    for k in devices:
        values = ",".join(f'"v{v}":{(k * 7 + v * 13 + moment // MINUTE) % 1000 / 100}' for v in range(EACH))
        parts += [f'{{"time":{moment},"values":{{{values}}}}}'.encode(), f"M{k}".encode()]
    sizes = np.array([len(part) for part in parts]).reshape(-1, 2)
    ends = np.cumsum([len(part) for part in parts]).reshape(-1, 2)
    bounds = np.ascontiguousarray(
        np.stack([ends[:, 0] - sizes[:, 0], ends[:, 0], ends[:, 1] - sizes[:, 1], ends[:, 1]], 1)
    )
    return Messages(source="mqtt", data=np.frombuffer(b"".join(parts), np.uint8), bounds=bounds)


def many(series: int) -> dict[str, float]:
    received = 0
    for round_ in range(3):
        for first in range(0, series // EACH, 1_000):
            last = min(first + 1_000, series // EACH)
            received += feed(range(first, last), START + round_ * MINUTE)
    return {"series": series, "received": received, "resident_mb": resident()}


def largest(series: int, rounds: int = 3) -> dict[str, float]:
    """Through an inbox that is filled to the brim before each batch is taken from it, as where the database is slow."""
    from anlan.monitoring.gateway.inbox import Inbox, Item
    from anlan.monitoring.gateway.limits import Limits
    from anlan.monitoring.ingest import readings_store

    limits, devices, moment, most = Limits(), series // EACH, START + HOUR // 2, 0
    inbox, step = Inbox(limits.room), min(devices, 400)
    Path("/proc/self/clear_refs").write_text("5")

    def fill() -> None:
        nonlocal moment
        first = 0
        while not inbox.full:
            inbox.offer(Item(arrival=told(range(first, min(first + step, devices)), moment)))
            first = (first + step) % devices
            moment += 0 if first else 1_000

    for _ in range(rounds):
        fill()
        items = asyncio.run(inbox.take(limits.batch))
        done = readings_store(batch=[item.arrival for item in items], now=moment)
        most = max(most, done.received)
        inbox.release(items)
    return {"series": series, "largest_batch": most, "peak_mb": peak()}


def soak(series: int, hours: int) -> dict[str, float]:
    from anlan.monitoring.keeping import readings_pack
    from anlan.monitoring.silence import silence_sweep

    began, after, devices = perf_counter(), {}, range(series // EACH)
    for minute in range(60 * hours):
        now = START + HOUR + minute * MINUTE
        feed(devices, now)
        silence_sweep(now=now)
        if minute % 10 == 9:
            readings_pack(now=now, least=1)
        if minute % 60 == 59:
            after[minute // 60 + 1] = resident()
    growth = after[hours] - after[1]
    return {"hours": hours, "hour_1_mb": after[1], "last_hour_mb": after[hours], "growth_mb": growth,
            "seconds": round(perf_counter() - began)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--soak-series", type=int, default=2_000)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    from anlan.site import cluster

    cluster.start()
    try:
        django.setup()
        from django.db import connections

        prepare(max(arguments.series, arguments.soak_series) // EACH)
        figures = {
            "many": many(arguments.series),
            "largest": largest(arguments.series),
            "soak": soak(arguments.soak_series, arguments.hours),
        }
        connections.close_all()
    finally:
        home = cluster.home()
        cluster.stop()
        for folder in {FOLDER, home.parent if home.parent != FOLDER else home}:
            shutil.rmtree(folder, ignore_errors=True)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, found in figures.items():
        print(name.ljust(8), ", ".join(f"{key} {value:,}" for key, value in found.items()))


if __name__ == "__main__":
    main()
