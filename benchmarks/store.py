"""The store of readings against a plain PostgreSQL table, on the private cluster, in one run on one core.

    python benchmarks/store.py [--readings 10_000_000] [--batch 50_000] [--year-series 64] [--json]

Rival: binary COPY, one row a reading, into a table with a B-tree on (series, time), committed in the same batches.
Ours: the same batches appended to the log, each durable by its commit; then packed into chunks. The same once more
in batches of 5,000. Then one day of one series as arrays from both, in turn; a year of one series from Parquet files
and chunks, among `--year-series` others (5000: the whole district's 2,628,000,000 readings, 9 GB of room); and what it
all takes on disk with indexes. Client and server take turns on one core where that may be set.
"""

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from statistics import quantiles
from time import perf_counter
from typing import Any

import numpy as np

SERIES, MINUTE, DAY = 5_000, 60_000, 86_400_000
START = 1_764_518_400_000
YEAR_START = 1_735_660_800_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=lambda text: int(text.replace("_", "")), default=10_000_000)
    parser.add_argument("--batch", type=int, default=50_000)
    parser.add_argument("--year-series", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    from django.core.management import call_command

    from anlan.site.standing import stand_up

    stand_up()
    call_command("migrate", verbosity=0)
    figures = measured(options.readings, options.batch, options.year_series)
    print(json.dumps(figures) if options.json else told(figures))


def measured(number: int, batch: int, year_series: int) -> dict[str, Any]:
    from django.conf import settings
    from django.db import connection

    folder = tempfile.mkdtemp(prefix="anlan-store-")
    connection.ensure_connection()
    cores = on_one_core(connection.connection.info.backend_pid)
    settings.READINGS_ROOT = folder
    connection.cursor().execute("create schema bench")
    try:
        connection.cursor().execute("set search_path to bench, public")
        connection.cursor().execute(TABLES)
        return {"cores": cores, **small(), **appended(number, batch), **read(number), **year(year_series)}
    finally:
        connection.cursor().execute("drop schema bench cascade")
        shutil.rmtree(folder)


TABLES = """
create table bench.rival (series bigint, time bigint, value float8, state smallint);
create index on bench.rival (series, time);
create table bench.monitoring_readinglog (like public.monitoring_readinglog including all);
create table bench.monitoring_readingchunk (like public.monitoring_readingchunk including all);
alter table bench.monitoring_readingchunk set (toast_tuple_target = 8160);
create table bench.monitoring_readingfile (like public.monitoring_readingfile including all);
create table bench.monitoring_storestate as select 1::smallint id, 0::bigint folded;
"""
COPY = "copy bench.rival from stdin (format binary)"


def minutes(first: int, number: int) -> tuple[np.ndarray, ...]:
    """`number` minutes of all series as sensors tell them: a walk with two decimals, one in 200 missing."""
    random = np.random.default_rng(first)
    shape = number, SERIES
    walk = 20 + np.cumsum(random.normal(0, 0.05, shape), axis=0) + np.arange(SERIES) % 37
    value = np.round(walk, 2).ravel()
    lost = random.random(value.size) < 0.005
    value[lost] = np.nan
    time = np.repeat(START + MINUTE * (first + np.arange(number)), SERIES)
    return np.tile(np.arange(1, SERIES + 1), number), time, value, np.where(lost, 6, 0).astype(np.uint8)


ROW = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("series", ">i8"), ("l2", ">i4"), ("time", ">i8"), ("l3", ">i4"),
     ("value", ">f8"), ("l4", ">i4"), ("state", ">i2")]
)  # fmt: skip


def copied(series: np.ndarray, time: np.ndarray, value: np.ndarray, state: np.ndarray) -> bytes:
    """PostgreSQL's binary COPY, made from whole arrays so that the rival does not pay for Python."""
    rows = np.zeros(len(series), ROW)
    rows["fields"], rows["l1"], rows["l2"], rows["l3"], rows["l4"] = 4, 8, 8, 8, 2
    rows["series"], rows["time"], rows["value"], rows["state"] = series, time, value, state
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff"


def on_one_core(server: int) -> int:
    """Puts this process and its server on one core; gives on how many they run."""
    try:
        core = {min(os.sched_getaffinity(0))}
        for process in (server, 0):
            os.sched_setaffinity(process, core)
    except (AttributeError, PermissionError):
        return os.cpu_count() or 0
    return 1


def batches(rounds: range, each: int) -> tuple[float, float]:
    """Seconds that ours and the rival's took for the same batches, in turn, each made durable."""
    from django.db import connection, transaction

    from anlan.monitoring import store

    ours = rival = 0.0
    for first in rounds:
        columns = minutes(first, each)
        rows = copied(*columns)
        started = perf_counter()
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.write(rows)
        rival += perf_counter() - started
        started = perf_counter()
        with transaction.atomic():
            store.append(*columns)
        ours += perf_counter() - started
    return ours, rival


def small() -> dict[str, Any]:
    """Batches of 5,000, after one that compiles; nothing of it is left."""
    from django.db import connection

    from anlan.monitoring import store

    batches(range(1), 1)
    store.tend()
    ours, rival = batches(range(1, 61), 1)
    connection.cursor().execute("truncate bench.rival, bench.monitoring_readinglog, bench.monitoring_readingchunk")
    number = 60 * SERIES
    return {"small_append_per_s": number / ours, "small_copy_per_s": number / rival, "small_ratio": rival / ours}


def appended(number: int, batch: int) -> dict[str, Any]:
    from django.db import connection

    from anlan.monitoring import store

    rounds = max(1, batch // SERIES)
    ours, rival = batches(range(0, number // SERIES, rounds), rounds)
    started = perf_counter()
    store.tend()
    packing = perf_counter() - started
    connection.cursor().execute("vacuum bench.monitoring_readinglog")
    connection.cursor().execute("analyze")
    return {
        "readings": number,
        "batch": batch,
        "append_per_s": number / ours,
        "copy_btree_per_s": number / rival,
        "append_ratio": rival / ours,
        "pack_per_s": number / packing,
        "append_and_pack_per_s": number / (ours + packing),
        "append_and_pack_ratio": rival / (ours + packing),
        "megabytes": size("monitoring_readinglog", "monitoring_readingchunk"),
        "copy_btree_megabytes": size("rival"),
    }


def size(*tables: str) -> float:
    from anlan.monitoring.store.sql import run

    return sum(run("select pg_total_relation_size(('bench.' || %s)::regclass)", [name])[0][0] for name in tables) / 1e6


def read(number: int) -> dict[str, Any]:
    """One series over a day (what there is of it) as NumPy arrays, other series each time."""
    from anlan.monitoring import store
    from anlan.monitoring.store.sql import run

    last = START + MINUTE * (number // SERIES)
    span = min(DAY, last - START)
    series = np.random.default_rng(1).integers(1, SERIES + 1, 200).tolist()

    def rival(series_id: int) -> Any:
        words = [series_id, last - span, last]
        rows = run(
            "select time, value, state from bench.rival where series = %s and time >= %s and time < %s order by time",
            words,
        )
        return [np.array(column) for column in zip(*rows, strict=True)]

    ours, theirs = timed(series, lambda s: store.arrays(s, start=last - span, end=last, valid_only=False), rival)
    return {
        "range_minutes": span // MINUTE,
        "range_p50_ms": ours[0],
        "range_p95_ms": ours[1],
        "btree_range_p50_ms": theirs[0],
        "btree_range_p95_ms": theirs[1],
        "range_ratio": ours[0] / theirs[0],
    }


def timed(series: list[int], *works: Callable[[int], Any]) -> list[tuple[float, float]]:
    """p50 and p95 in ms of each of the works, done in turn; the first ten warm up."""
    taken: list[list[float]] = [[] for _ in works]
    for one in series:
        for work, times in zip(works, taken, strict=True):
            started = perf_counter()
            work(one)
            times.append(1000 * (perf_counter() - started))
    cuts = [quantiles(times[10:], n=20) for times in taken]
    return [(cut[9], cut[18]) for cut in cuts]


def year(many: int) -> dict[str, Any]:
    """A year of so many series at one a minute, eleven months of it aged."""
    from anlan.monitoring import store

    random = np.random.default_rng(7)
    base, began, taken = 1_000_000 - 1_000_000 % 64, 20 + np.arange(many) % 37, 0.0
    for hour in range(365 * 24):
        walk = began + np.cumsum(random.normal(0, 0.05, (60, many)), axis=0)
        began = walk[-1]
        time = np.repeat(YEAR_START + MINUTE * (60 * hour + np.arange(60)), many)
        series, value = np.tile(np.arange(base, base + many), 60), np.round(walk, 2).ravel()
        started = perf_counter()
        store.append(series, time, value, np.zeros(len(time), np.uint8))
        if hour % 240 == 239 or (hour % 24 == 23 and many > 1000):
            store.tend()
        taken += perf_counter() - started
    started = perf_counter()
    store.tend()
    moved = store.age(before=YEAR_START + 334 * DAY)
    taken += perf_counter() - started
    ids = random.integers(base, base + many, 60).tolist()
    (ours,) = timed(ids, lambda s: store.arrays(s, start=YEAR_START, end=YEAR_START + 365 * DAY))
    (day,) = timed(ids, lambda s: store.arrays(s, start=YEAR_START + 200 * DAY, end=YEAR_START + 201 * DAY))
    return {
        "year_readings": many * 365 * 1440,
        "year_p50_ms": ours[0],
        "year_p95_ms": ours[1],
        "aged_day_p95_ms": day[1],
        "aged_megabytes": moved.bytes / 1e6,
        "aged_bytes_per_reading": moved.bytes / max(1, moved.readings),
        "stored_packed_aged_per_s": many * 365 * 1440 / taken,
    }


def told(f: dict[str, Any]) -> str:
    return "\n".join(
        [
            f"{f['readings']:,} readings of {SERIES:,} series in batches of {f['batch']:,}, {f['cores']} core",
            f"batches of 5,000    {f['small_append_per_s']:>14,.0f} /s   COPY into B-tree {f['small_copy_per_s']:>10,.0f} /s   ratio {f['small_ratio']:.1f}",
            f"append, durable     {f['append_per_s']:>14,.0f} /s   COPY into B-tree {f['copy_btree_per_s']:>10,.0f} /s   ratio {f['append_ratio']:.1f}",
            f"pack                {f['pack_per_s']:>14,.0f} /s",
            f"append and pack     {f['append_and_pack_per_s']:>14,.0f} /s   ratio {f['append_and_pack_ratio']:.1f}",
            f"on disk             {f['megabytes']:>14,.1f} MB   B-tree table     {f['copy_btree_megabytes']:>10,.1f} MB",
            f"range of {f['range_minutes']} min   p50 {f['range_p50_ms']:.3f} ms  p95 {f['range_p95_ms']:.3f} ms   B-tree p50 {f['btree_range_p50_ms']:.3f} ms   ratio {f['range_ratio']:.3f}",
            f"range of a year     p50 {f['year_p50_ms']:.1f} ms  p95 {f['year_p95_ms']:.1f} ms   a day of it p95 {f['aged_day_p95_ms']:.1f} ms",
            f"of {f['year_readings']:,} readings, stored, packed and aged at {f['stored_packed_aged_per_s']:,.0f} /s; aged {f['aged_megabytes']:,.0f} MB, {f['aged_bytes_per_reading']:.2f} bytes a reading",
        ]
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
    main()
