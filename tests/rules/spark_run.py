"""One Spark process: judges the files of a folder, stopped in the middle and started anew from its checkpoint."""

import sys
import time
from pathlib import Path

from anlan.rules.spark import Source, alarms, alarms_write, readings, session

SETTINGS = {
    "spark.master": "local[1]",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.streaming.stopTimeout": "60s",
}


def main(folder: Path) -> None:
    spark = session(SETTINGS | {"spark.local.dir": str(folder / "local")})
    spark.sparkContext.setLogLevel("ERROR")
    source = Source(folder=str(folder / "in"), files_per_batch=1)
    rules = (folder / "rules.json").read_text()
    where = {"out": str(folder / "out"), "checkpoint": str(folder / "checkpoint")}
    first = alarms_write(alarms(readings(spark, source), rules, shards=2), **where, once=False, seconds=0)
    while not (first.lastProgress and first.lastProgress["batchId"] >= 0):
        if first.exception():
            raise SystemExit(str(first.exception()))
        time.sleep(0.05)
    first.stop()
    done = first.lastProgress["batchId"]
    second = alarms_write(alarms(readings(spark, source), rules, shards=2), **where, once=True)
    second.awaitTermination()
    print(f"stopped after batch {done}, ended after batch {second.lastProgress['batchId']}")
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
