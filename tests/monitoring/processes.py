"""Anlan's processes beside a test, on the test's own database."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

from django.db import connection

from anlan.protocols import protocols
from anlan.site.paths import ROOT

from .gateway import free_port, listens, until


class Process:
    """`anlan serve --only ingest`, with one port for HJ 212 that stays the same."""

    def __init__(self, **environment: str) -> None:
        self.port = free_port()
        off = {f"ANLAN_PORT_{name.upper()}": "0" for name in protocols()}
        self._environment = {
            **os.environ, "PYTHONPATH": str(ROOT / "src"), **off, "ANLAN_PORT_HJ212": str(self.port),
            "ANLAN_INGEST_RATE": "100000", **environment,
        }  # fmt: skip

    def start(self) -> None:
        command = [sys.executable, "-m", "anlan.site.cli", "serve", "--only", "ingest"]
        self._process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)
        until(lambda: listens(self.port), "ingest does not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(20)


@contextlib.contextmanager
def ingest(**environment: str) -> Iterator[Process]:
    process = Process(**environment)
    try:
        process.start()
        yield process
    finally:
        process.kill()


def here() -> dict[str, str]:
    """Points another process at this test's database."""
    settings = connection.settings_dict
    if os.environ.get("DATABASE_URL"):
        return {"DATABASE_URL": os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{settings['NAME']}"}
    return {"DATABASE_URL": f"postgresql://{settings['USER']}@/{settings['NAME']}", "PGHOST": settings["HOST"]}
