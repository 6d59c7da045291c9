"""Runs the alarm kernel over a file of readings; needs no database.

example: anlan rules run readings.parquet --rules rules.json --json
         anlan rules run readings.csv --rules rules.json --out transitions.csv

READINGS is Parquet, CSV or JSON lines, plain or gzipped, with the columns series, time (ms) and value. What stands
in RULES.json is told in docs/rules-file.md. Exit code 2 where a file cannot be used.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def arguments(parser: argparse.ArgumentParser) -> None:
    jobs = parser.add_subparsers(dest="job", required=True, metavar="run")
    run = jobs.add_parser("run", help="judge a file and count what was raised and cleared")
    run.add_argument("readings", type=Path, metavar="READINGS")
    run.add_argument("--rules", type=Path, required=True, metavar="RULES.json")
    run.add_argument("--json", action="store_true", help="print one JSON object")
    run.add_argument("--out", type=Path, metavar="FILE", help="every transition, as .parquet, .csv or .jsonl")


def run(arguments: argparse.Namespace) -> int:
    from anlan.rules.rulefile import read_rules
    from anlan.rules.run import rules_run

    try:
        rules = read_rules(arguments.rules.read_bytes())
    except (OSError, ValueError) as error:
        return _wrong(arguments.rules, error)
    try:
        counts = rules_run(arguments.readings, rules, arguments.out)
    except (OSError, ValueError) as error:
        return _wrong(arguments.readings, error)
    print(json.dumps(counts) if arguments.json else _told(counts))
    return 0


def _wrong(path: Path, error: Exception) -> int:
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    place = getattr(error, "filename", None) or path
    print(f"anlan rules: {place}: {told}", file=sys.stderr)
    return 2


def _told(counts: dict[str, Any]) -> str:
    rows = [("readings", counts["readings"]), ("series", counts["series"])]
    rows += [*counts["transitions"].items(), *counts["ledger"].items()]
    rows += [(name.replace("_", " "), counts[name]) for name in counts if name.endswith("_per_s") or name == "in_alarm"]
    return "\n".join(f"{name.replace('_', ' '):<28}{number:>16,}" for name, number in rows)
