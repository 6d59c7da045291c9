"""Runs one of Django's own commands, e.g. a migration.

example: anlan manage makemigrations --check
"""

import argparse

from anlan.site.standing import database_up


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs=argparse.REMAINDER, help="the command and its options")


def run(arguments: argparse.Namespace) -> int:
    from django.core.management import execute_from_command_line

    database_up()
    execute_from_command_line(["anlan manage", *arguments.words])
    return 0
