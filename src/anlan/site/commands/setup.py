"""Prepares this machine: translations, compiled readers and rules, the database (the private one, or that of DATABASE_URL).

example: anlan setup
"""

import argparse

from anlan.site.commands.serve import prepare
from anlan.site.translations import compile_translations


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options: a second run finds nothing to do."""


def run(arguments: argparse.Namespace) -> int:
    if written := compile_translations():
        print(f"anlan: {written} translations compiled", flush=True)
    prepare(migrate=True)
    from anlan.monitoring.warming import warm_up

    warm_up()
    print("anlan: ready", flush=True)
    return 0
