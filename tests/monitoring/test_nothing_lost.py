"""The process is killed, the database goes away: what was sent is there once, and the ledger adds up."""

import asyncio
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db.models import Sum

from anlan.monitoring import store
from anlan.monitoring.ledger import ledger_reconcile
from anlan.monitoring.models import (
    Alarm,
    AlarmStep,
    DerivedSeries,
    Device,
    FrameCount,
    LedgerCount,
    Series,
    ThresholdRule,
)
from anlan.monitoring.moments import now_ms
from anlan.monitoring.replaying.links import Link, Tally
from anlan.monitoring.replaying.recording import Recorded, recorded_frame
from anlan.protocols import protocols
from anlan.rules import Ledger
from anlan.site.paths import ROOT

from .gateway import until
from .processes import here, ingest

DeviceMaker = Callable[..., Device]
DEVICES, FRAMES, FACTORS = 8, 500, 25
PEAKS = (100, 260, 430)
"""Frames of each device that raise an alarm; the next frame clears it."""


def frames(code: str) -> Iterator[Recorded]:
    base = now_ms() // 1000 * 1000 - FRAMES * 1000
    for k in range(FRAMES):
        values = {f"a{21001 + f}-Rtd": 1.0 + k % 7 for f in range(FACTORS)}
        values["a21001-Rtd"] = 90.0 if k in PEAKS else 1.0
        yield recorded_frame(k, "hj212", protocols()["hj212"].encode(code, base + k * 1000, values))


class Traffic:
    """All devices sending at once, in a thread, until every frame is acknowledged."""

    def __init__(self, port: int, codes: list[str]) -> None:
        self.tally = Tally()
        self._port, self._codes = port, codes
        self._thread = threading.Thread(target=lambda: asyncio.run(self._send()))
        self._thread.start()

    async def _send(self) -> None:
        where = ("127.0.0.1", self._port)
        links = {code: Link(where, self.tally, lambda _why: None) for code in self._codes}

        async def one(code: str) -> None:
            for frame in frames(code):
                await links[code].send(frame, frame.raw)
            await links[code].settle()

        await asyncio.gather(*(one(code) for code in self._codes))
        await asyncio.gather(*(link.close() for link in links.values()))

    def wait(self) -> None:
        self._thread.join(120)
        assert not self._thread.is_alive()


def counted() -> int:
    return sum(LedgerCount.objects.values_list("count", flat=True))


def gap_between(one: Device, other: Device) -> DerivedSeries:
    """What peaks in one, less what never does in the other."""
    keys = {one: "a21001-Rtd", other: "a21002-Rtd"}
    first, second = (Series.objects.create(device=row, key=key, name=key) for row, key in keys.items())
    row = DerivedSeries(name="gap", kind="difference", first=first, second=second, key="gap")
    row.save()
    return row


def each_computed_once(row: DerivedSeries) -> int:
    """How many values there are: one for each moment up to which both have been heard, each once in the ledger."""
    times = [{t for t, _, _ in store.readings(pk, start=0, end=2**60)} for pk in (row.first_id, row.second_id)]
    begin, end = max(map(min, times)), min(map(max, times))
    found = store.readings(Series.objects.get(device=row.device).pk, start=0, end=2**60)
    assert [t for t, _, _ in found] == sorted(t for t in times[0] | times[1] if begin <= t <= end)
    states = dict(LedgerCount.objects.filter(source="derived").values_list("state").annotate(Sum("count")))
    assert states == {Ledger.NORMAL: len(found) - len(PEAKS), Ledger.ALARM: len(PEAKS)}
    return len(found)


@pytest.mark.usefixtures("shared_db")
def test_killed_in_the_middle_of_100000_readings_nothing_is_lost_or_doubled(device: DeviceMaker) -> None:
    codes = [f"MN{k:04}" for k in range(DEVICES)]
    rows = [device(code=code, protocol="hj212", kind="gas") for code in codes]
    for key in ("a21001-Rtd", "gap"):
        ThresholdRule.objects.create(name=key, device_kind="gas", key=key, red_raise=50, red_clear=40, source="test")
    gap = gap_between(*rows[:2])
    with ingest(**here()) as process:
        traffic = Traffic(process.port, codes)
        for part in (20_000, 55_000):
            until(lambda part=part: counted() > part)  # type: ignore[misc]
            process.kill()
            process.start()
        traffic.wait()
        assert process.stop() == 0
    sent = DEVICES * FRAMES * FACTORS
    assert sent == 100_000
    computed = each_computed_once(gap)
    assert sum(store.count().values()) == sent + computed
    counts = dict(LedgerCount.objects.values_list("state").annotate(number=Sum("count")))
    assert sum(counts.values()) - counts.get(Ledger.DUPLICATE, 0) == sent + computed
    assert sum(FrameCount.objects.values_list("readings", flat=True)) == sum(counts.values())
    assert ledger_reconcile(now=now_ms(), hours=2).difference == 0
    assert traffic.tally.acknowledged == DEVICES * FRAMES
    peaks = (DEVICES + 1) * len(PEAKS)
    assert Alarm.objects.count() == Alarm.objects.exclude(cleared_at=None).count() == peaks
    assert AlarmStep.objects.filter(step="raise").count() == AlarmStep.objects.filter(step="clear").count() == peaks


@pytest.fixture
def private_cluster(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """A database cluster of the test's own; gives a way to run Python beside it."""
    environment = {**os.environ, "ANLAN_VAR": str(tmp_path / "var"), "PYTHONPATH": str(ROOT / "src")}
    environment.pop("DATABASE_URL", None)

    def python(code: str) -> str:
        setup = "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'anlan.site.settings')\n"
        setup += "from anlan.site import cluster\n"
        done = subprocess.run([sys.executable, "-c", setup + code], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    home = python("cluster.start(); print(cluster.home(), cluster.socket_dir())").split()[-2:]
    try:
        yield python
    finally:
        python("cluster.stop()")
        for folder in (Path(home[0]).parent, Path(home[1])):
            shutil.rmtree(folder, ignore_errors=True)


DISTRICT = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from anlan.accounts.models import Area
from anlan.monitoring.models import Device
area = Area.objects.create(code="440310", name="坪山区", level="district")
Device.objects.create(code="MN0000", protocol="hj212", kind="gas", name="探测器", area=area)
"""
SUMS = """
import django; django.setup()
from anlan.monitoring import store
from anlan.monitoring.models import LedgerCount
print(sum(store.count().values()), sum(LedgerCount.objects.values_list("count", flat=True)))
"""


def test_while_the_database_is_away_nothing_is_acknowledged_and_work_goes_on_by_itself(
    private_cluster: Callable[[str], str], tmp_path: Path
) -> None:
    private_cluster(DISTRICT)
    with ingest(ANLAN_VAR=str(tmp_path / "var"), DATABASE_URL="", NUMBA_CACHE_DIR=str(tmp_path)) as process:
        private_cluster("cluster.stop()")
        traffic = Traffic(process.port, ["MN0000"])
        until(lambda: traffic.tally.sent >= 60)
        assert traffic.tally.acknowledged == 0
        private_cluster("cluster.start()")
        traffic.wait()
        assert traffic.tally.acknowledged == traffic.tally.sent == FRAMES
        stored, count = map(int, private_cluster(SUMS).split())
    assert stored == FRAMES * FACTORS
    assert count >= stored
