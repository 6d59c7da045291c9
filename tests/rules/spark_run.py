"""One Spark process: judges the files of a folder, stopped in the middle and started anew from its checkpoint."""

import sys
import time
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from anlan.rules.spark import Source, alarms, alarms_write, readings

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.streaming.stopTimeout": "60s",
}


def session(folder: Path) -> Any:
    builder = SparkSession.builder.master("local[2]").appName("anlan-test")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    made = builder.config("spark.local.dir", str(folder / "local")).getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    return made


def main(folder: Path) -> None:
    spark = session(folder)
    source = Source(folder=str(folder / "in"), files_per_batch=1)
    rules = (folder / "rules.json").read_text()
    where = {"out": str(folder / "out"), "checkpoint": str(folder / "checkpoint")}
    first = alarms_write(alarms(readings(spark, source), rules, shards=3), **where, once=False, seconds=0)
    while not (first.lastProgress and first.lastProgress["batchId"] >= 1):
        if first.exception():
            raise SystemExit(str(first.exception()))
        time.sleep(0.05)
    first.stop()
    done = first.lastProgress["batchId"]
    second = alarms_write(alarms(readings(spark, source), rules, shards=3), **where, once=True)
    second.awaitTermination()
    print(f"stopped after batch {done}, ended after batch {second.lastProgress['batchId']}")
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
