"""Runs one of Django's own commands, e.g. a migration.

example: anlan manage makemigrations --check
"""

import argparse

from anlan.site import cluster
from anlan.site.database import database_settings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs=argparse.REMAINDER, help="the command and its options")


def run(arguments: argparse.Namespace) -> int:
    from django.core.management import execute_from_command_line

    if database_settings()["HOST"] == str(cluster.socket_dir()):
        cluster.start()
    execute_from_command_line(["anlan manage", *arguments.words])
    return 0
