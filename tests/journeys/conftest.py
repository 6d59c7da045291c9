"""One running Anlan, one broker and one browser for all journeys."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import browser
from journeys.server import Anlan, broker


@pytest.fixture(scope="module")
def anlan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anlan]:
    folder = tmp_path_factory.mktemp("anlan")
    with broker(folder) as mqtt:
        running = Anlan(folder=folder, mqtt=mqtt)
        try:
            running.demo(0.005)
            running.start()
            yield running
        finally:
            running.stop()
            _forget(running)


def _forget(running: Anlan) -> None:
    """Removes the instance's cluster, which lies outside its folder where PostgreSQL could not reach that."""
    code = "from anlan.site import cluster; print(cluster.home())"
    told = subprocess.run([sys.executable, "-c", code], env=running.environment, capture_output=True, text=True)
    shutil.rmtree(Path(told.stdout.strip()), ignore_errors=True)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened
