"""The disk under PostgreSQL is really full: the server falls, stands up by itself when there is room, and nothing is lost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from journeys.server import Anlan, wait_for

from .test_nothing_lost import DISTRICT, FACTORS, FRAMES, SUMS, Traffic

SETTINGS = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'anlan.site.settings'\n"
NEXT = (
    "Device.objects.create(code='MN0001', protocol='hj212', kind='gas', name='x', area=area)\n"
    "from anlan.site import cluster; print(cluster.socket_dir())"
)


class Disk:
    """A file system of 400 MB that holds the private cluster of an instance."""

    def __init__(self, home: Path) -> None:
        self.folder = home.parent
        self.folder.mkdir(parents=True)
        self.ballast = self.folder / "ballast"
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m,mode=755", "tmpfs", str(self.folder)], check=True)

    def fill(self) -> None:
        with self.ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
            except OSError:
                pass

    def empty(self) -> None:
        self.ballast.unlink()

    def remove(self) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)
        self.folder.rmdir()


def python(anlan: Anlan, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SETTINGS + code], env=anlan.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Anlan, Disk]]:
    """Anlan on a disk of its own, and that disk."""
    anlan = Anlan(folder=tmp_path / "var", mqtt=0)
    anlan.folder.mkdir()
    disk = Disk(Path(python(anlan, "from anlan.site import cluster; print(cluster.home())")))
    try:
        anlan.command("setup")
        yield anlan, disk
    finally:
        anlan.stop()
        disk.remove()


def fallen(socket: str) -> bool:
    """Writes into the server's log as long as it can; true once nobody answers."""
    try:
        with psycopg.connect(host=socket, user="anlan", dbname="anlan", autocommit=True) as connection:
            while True:
                connection.execute("select pg_logical_emit_message(false, 'test', repeat('x', 1000000))")
    except psycopg.OperationalError as error:
        return "connection failed" in str(error)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")
def test_with_no_room_for_the_database_nothing_is_acknowledged_and_with_room_again_all_is_there(
    disk: tuple[Anlan, Disk],
) -> None:
    anlan, full = disk
    socket = python(anlan, DISTRICT.replace('call_command("migrate", verbosity=0)', "") + NEXT)
    anlan.start()
    before = Traffic(anlan.devices["hj212"], ["MN0000"])
    before.wait()
    full.fill()
    wait_for(lambda: fallen(socket))
    during = Traffic(anlan.devices["hj212"], ["MN0001"])
    wait_for(lambda: during.tally.sent >= 60)
    assert (before.tally.acknowledged, during.tally.acknowledged) == (FRAMES, 0)
    full.empty()
    during.wait()
    assert during.tally.acknowledged == FRAMES
    stored, counted = map(int, python(anlan, SUMS).split())
    assert stored == 2 * FRAMES * FACTORS
    assert counted >= stored
