"""Readings a second of the kernel inside Spark Structured Streaming on this machine, against the kernel in process.

    python benchmarks/spark.py [--json] [--millions N] [--cores N]

The readings of `benchmarks/kernel.py` as Parquet files of a million; state, checkpoint and alarms are written. The first
micro-batch, in which the workers start, is not counted. Seconds are of processor time, of all processes that Spark has
started, so that the figures are for one core. Both must give the same number of transitions.
"""

import argparse
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from time import process_time, sleep
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from kernel import DEVICES, MINUTE, ROUNDS, readings_made

from anlan.rules.rulefile import read_rules
from anlan.rules.run import rules_run
from anlan.rules.spark import LEDGER, Source, alarms, alarms_write, readings, session

RULES = json.dumps({"range": [0, 100], "high": {"raise": 60, "clear": 55, "samples": 3}, "rate": {"limit": 20}})
MILLION = DEVICES * ROUNDS


def files_made(folder: Path, n: int) -> list[pa.Table]:
    """`n` files of a million readings, each later than the one before."""
    made, names = readings_made(), np.array([f"dev-{i:05d}/temperature" for i in range(DEVICES)])
    tables = []
    for k in range(n):
        columns = {
            "series": pa.array(names[made.series]),
            "time": made.time + k * ROUNDS * MINUTE,
            "value": pa.array(made.value),
        }
        tables.append(pa.table(columns))
        pq.write_table(tables[-1], folder / f"{k:03d}.parquet")
        os.utime(folder / f"{k:03d}.parquet", (1_800_000_000 + k, 1_800_000_000 + k))
    return tables


def in_process(folder: Path, tables: list[pa.Table]) -> tuple[float, int]:
    pq.write_table(pa.concat_tables(tables), folder / "whole.parquet")
    rules_run(folder / "whole.parquet", read_rules(RULES))
    start = process_time()
    counts = rules_run(folder / "whole.parquet", read_rules(RULES))
    return process_time() - start, sum(counts["transitions"].values())


def tree_seconds() -> float:
    """Processor time so far of all that this process has started: Spark and its Python workers."""
    parents, ticks = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (path / "stat").read_text().rpartition(")")[2].split()
            parents[path.name], ticks[path.name] = stat[1], sum(map(int, stat[11:15]))
    ours = {str(os.getpid())}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks[pid] for pid in ours - {str(os.getpid())}) / os.sysconf("SC_CLK_TCK")


def in_spark(folder: Path, cores: int) -> tuple[float, int]:
    """Processor seconds a million readings after the first micro-batch, and the transitions of all."""
    settings = {"spark.master": f"local[{cores}]", "spark.ui.enabled": "false", "spark.local.dir": str(folder / "tmp")}
    spark = session(settings | {"spark.sql.shuffle.partitions": str(cores), "spark.driver.host": "127.0.0.1"})
    spark.sparkContext.setLogLevel("ERROR")
    found = alarms(readings(spark, Source(folder=str(folder / "in"), files_per_batch=1)), RULES, shards=8)
    query = alarms_write(found, out=str(folder / "out"), checkpoint=str(folder / "checkpoint"), once=True)
    while query.isActive and not query.lastProgress:
        sleep(0.02)
    start, done = tree_seconds(), len(query.recentProgress)
    query.awaitTermination()
    seconds = tree_seconds() - start
    batches = len([one for one in query.recentProgress[done:] if one["numInputRows"]])
    rows = pq.read_table(folder / "out", columns=["transition"])["transition"].to_pylist()
    spark.stop()
    return seconds / batches, sum(not row.startswith(LEDGER) for row in rows)


def measured(millions: int, cores: int) -> dict[str, Any]:
    """SystemExit where the two differ."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        tables = files_made(folder / "in", millions)
        alone, expected = in_process(folder, tables)
        spark, found = in_spark(folder, cores)
    if found != expected:
        raise SystemExit(f"they disagree: in process {expected} transitions, in Spark {found}")
    of_process, of_spark = millions * MILLION / alone, MILLION / spark
    return {
        "readings": millions * MILLION,
        "transitions": found,
        "cores": cores,
        "in_process_readings_per_s": round(of_process),
        "spark_readings_per_s": round(of_spark),
        "in_process_is": round(of_process / of_spark, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=int, default=4, help="of readings, at least 2")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    facts = measured(given.millions, given.cores)
    if given.json:
        print(json.dumps(facts))
        return
    for name, fact in facts.items():
        print(f"{name.replace('_', ' '):<28}{fact:>14,}")


if __name__ == "__main__":
    main()
