"""Prints the figures of the yearly summary, each with its unit and definition.

example: anlan figures --year 2026 --json
"""

import argparse
import dataclasses
import json
import sys

from anlan.site.standing import stand_up


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--year", type=int, help="calendar year (the current one)")
    parser.add_argument("--as", dest="person", metavar="USERNAME", help="count what this person sees (everything)")
    parser.add_argument("--json", action="store_true", help="one JSON array")


def run(arguments: argparse.Namespace) -> int:
    stand_up()
    from anlan.kit.figures import figure_value, figures, year_period
    from anlan.site.standing import person

    user, period = person(arguments.person), year_period(arguments.year)
    values = [figure_value(key, user, period) for key in figures()]
    if arguments.json:
        json.dump([dataclasses.asdict(v) for v in values], sys.stdout, ensure_ascii=False, default=str, indent=1)
        print()
        return 0
    for value in values:
        print(f"{value.key:<24}{value.value:>14,.10g} {value.unit}  {value.title}:{value.definition}")
    return 0
