"""One running Anlan, one broker and one browser for all journeys."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anlan.site.paths import VAR
from browser import browser
from journeys.server import Anlan, broker


@pytest.fixture(scope="package")
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


@pytest.fixture(autouse=True)
def picture_of_a_failure(request: pytest.FixtureRequest, chromium: Any) -> Iterator[None]:
    """Keeps a picture of each open page when a journey fails, under `var/journeys/`."""
    failed = request.session.testsfailed
    yield
    folder = VAR / "journeys"
    for number, page in enumerate(p for c in chromium.contexts for p in c.pages):
        if request.session.testsfailed > failed:
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"failed-{number}.png")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened
