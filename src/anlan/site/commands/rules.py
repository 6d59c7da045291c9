"""Runs the alarm kernel over files of readings; needs no database.

example: anlan rules run readings.parquet --rules rules.json --json
         anlan rules run readings.csv --rules rules.json --out transitions.csv
         anlan rules spark incoming/ --rules rules.json --out alarms/ --checkpoint checkpoint/

READINGS is Parquet, CSV or JSON lines, plain or gzipped, with the columns series, time (ms) and value. What stands
in RULES.json is told in docs/rules-file.md; `spark` runs the same kernel as a stream, see docs/scale.md. Exit code 2 where a file cannot be used.
"""

import argparse
import json
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anlan.rules.spark import Source

CONNECTOR = 'PYSPARK_SUBMIT_ARGS="--packages org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0 pyspark-shell"'


def arguments(parser: argparse.ArgumentParser) -> None:
    jobs = parser.add_subparsers(dest="job", required=True, metavar="run|spark")
    run = jobs.add_parser("run", help="judge a file and count what was raised and cleared")
    run.add_argument("readings", type=Path, metavar="READINGS")
    run.add_argument("--rules", type=Path, required=True, metavar="RULES.json")
    run.add_argument("--json", action="store_true", help="print one JSON object")
    run.add_argument("--out", type=Path, metavar="FILE", help="every transition, as .parquet, .csv or .jsonl")
    _spark_arguments(jobs.add_parser("spark", help="judge a stream in Spark, from files or Kafka, with a checkpoint"))


def _spark_arguments(spark: argparse.ArgumentParser) -> None:
    spark.add_argument("folder", nargs="?", default="", metavar="FOLDER", help="of readings; more files may come")
    spark.add_argument("--format", default="parquet", choices=("parquet", "csv", "json"), help="of its files")
    spark.add_argument("--kafka", default="", metavar="HOST:PORT", help="read a topic of JSON objects instead")
    spark.add_argument("--topic", default="readings")
    spark.add_argument(
        "--kafka-option", action="append", default=[], metavar="NAME=VALUE", help="of Spark's Kafka connector; repeat"
    )
    spark.add_argument("--rules", type=Path, required=True, metavar="RULES.json")
    spark.add_argument("--out", required=True, metavar="FOLDER", help="Parquet files of alarms")
    spark.add_argument("--checkpoint", required=True, metavar="FOLDER", help="where a restart goes on")
    spark.add_argument("--shards", type=int, default=16, help="parts of the state, fixed once the checkpoint is made")
    spark.add_argument("--seconds", type=int, default=5, help="between micro-batches")
    spark.add_argument(
        "--patience", type=int, default=60, metavar="SECONDS", help="so far a series may be behind before it is silent"
    )
    spark.add_argument(
        "--forget", type=float, default=0, metavar="DAYS", help="let a series go that was not heard for so long (never)"
    )
    spark.add_argument("--once", action="store_true", help="take what is there, then end")


def run(arguments: argparse.Namespace) -> int:
    return _spark(arguments) if arguments.job == "spark" else _run(arguments)


def _spark(arguments: argparse.Namespace) -> int:
    """Spark's own settings (master, packages) are those of spark-submit or of SPARK_CONF_DIR."""
    from anlan.rules import spark
    from anlan.rules.rulefile import read_rules

    try:
        rules = arguments.rules.read_text(encoding="utf-8-sig")
        read_rules(rules)
        from pyspark.errors import PySparkException
    except (OSError, ValueError) as error:
        return _wrong(arguments.rules, error)
    except ImportError:
        return _wrong(arguments.rules, ValueError("Spark is not installed: pip install anlan[spark]"))
    if bool(arguments.folder) == bool(arguments.kafka):
        return _wrong(arguments.rules, ValueError("name either a folder of readings or --kafka"))
    if odd := [one for one in arguments.kafka_option if "=" not in one]:
        return _wrong(arguments.rules, ValueError(f"--kafka-option is NAME=VALUE, not {odd[0]}"))
    source = spark.Source(
        folder=arguments.folder, form=arguments.format, servers=arguments.kafka, topic=arguments.topic,
        options=dict(one.split("=", 1) for one in arguments.kafka_option),
    )  # fmt: skip
    try:
        _stream(arguments, rules, source)
    except PySparkException as error:
        return _wrong(Path(arguments.kafka or arguments.folder), ValueError(_reason(error)))
    return 0


def _stream(arguments: argparse.Namespace, rules: str, source: "Source") -> None:
    from anlan.rules import spark

    stream = spark.readings(spark.session({"spark.sql.shuffle.partitions": str(arguments.shards)}), source)
    times = {"patience": arguments.patience * 1000, "forget": round(arguments.forget * 86_400_000)}
    found = spark.alarms(stream, rules, shards=arguments.shards, **times)
    words = {"out": arguments.out, "checkpoint": arguments.checkpoint, "once": arguments.once}
    spark.alarms_write(found, **words, seconds=arguments.seconds).awaitTermination()


def _reason(error: Exception) -> str:
    """Of Spark's words the first lines; where its Kafka connector is missing, what to do."""
    said = str(error)
    if "data source: kafka" in said.lower() or ("kafka" in said.lower() and "deploy" in said.lower()):
        return f"Spark has no Kafka connector; add it by {CONNECTOR} (of the version of Spark that is installed)"
    return said[:600]


def _run(arguments: argparse.Namespace) -> int:
    from anlan.rules.rulefile import read_rules
    from anlan.rules.run import rules_run

    try:
        rules = read_rules(arguments.rules.read_bytes())
    except (OSError, ValueError) as error:
        return _wrong(arguments.rules, error)
    try:
        counts = rules_run(arguments.readings, rules, arguments.out)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        return _wrong(arguments.readings, error)
    print(json.dumps(counts) if arguments.json else _told(counts))
    return 0


def _wrong(path: Path, error: Exception) -> int:
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    place = getattr(error, "filename", None) or path
    print(f"anlan rules: {place}: {' '.join(told.split())}", file=sys.stderr)
    return 2


def _told(counts: dict[str, Any]) -> str:
    rows = [(name, counts[name]) for name in ("readings", "series", "named_without_readings")]
    rows += [*counts["transitions"].items(), *counts["ledger"].items()]
    rows += [(name.replace("_", " "), counts[name]) for name in counts if name.endswith("_per_s") or name == "in_alarm"]
    return "\n".join(f"{name.replace('_', ' '):<28}{number:>16,}" for name, number in rows)
