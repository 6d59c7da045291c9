"""Stops the private database; the rest of Anlan ends with `anlan serve`.

example: anlan stop
"""

import argparse

from anlan.site import cluster


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(arguments: argparse.Namespace) -> int:
    cluster.stop()
    return 0
