"""An archived file that is cut, changed or lost: named and counted, and all that can be read is served."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from django.conf import LazySettings
from django.test import Client

from anlan.accounts.models import Area, User
from anlan.monitoring import store
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.jobs import readings_age_each_night
from anlan.monitoring.keeping import NIGHTS, readings_check
from anlan.monitoring.models import Alarm, Device, Series, ThresholdRule
from anlan.monitoring.moments import now_ms
from anlan.monitoring.store.head import HEAD
from anlan.rules import Ledger
from anlan.site.cli import main

from .frames import frame

pytestmark = pytest.mark.django_db
JUNE, JULY = 1_748_750_400_000, 1_751_342_400_000
MINUTE, DAY = 60_000, 86_400_000
EVER = {"start": 0, "end": 2**61}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: LazySettings) -> Iterator[Path]:
    settings.READINGS_ROOT = tmp_path / "readings"
    yield tmp_path / "readings"
    HEAD.forget()


def put(series: int, start: int, state: int = Ledger.NORMAL) -> None:
    time = start + np.arange(500) * MINUTE
    store.append(np.full(500, series), time, np.sin(time / 1e6), np.full(500, state, np.uint8))


def aged(*series: int) -> None:
    """June and July of these, each month and block of series in a file of its own."""
    for one in series:
        put(one, JUNE)
        put(one, JULY)
    store.tend()
    assert store.age(before=JULY + 60 * DAY).failed == 0


def one_file(files: Path, month: str) -> Path:
    return sorted(files.glob(f"{month}/*.parquet"))[0]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-50])


def changed(file: Path) -> None:
    """One byte of a page: the size, the head and the foot are as they were."""
    data = bytearray(file.read_bytes())
    data[200] ^= 255
    file.write_bytes(data)


def lost(file: Path) -> None:
    file.unlink()


Harm = Callable[[Path], None]
HARMS = pytest.mark.parametrize("harm", [cut, changed, lost])


@HARMS
def test_other_files_are_still_served_and_the_damaged_one_is_named(harm: Harm, files: Path) -> None:
    aged(1, 200)
    harm(one_file(files, "2025-06"))
    with pytest.raises(store.StoreError, match=r"2025-06|series 1"):
        store.arrays(1, **EVER)
    missing: list[str] = []
    found = dict(store.scan([1, 200], **EVER, lost=missing))
    assert (len(found[1].time), len(found[200].time)) == (500, 1000)
    assert [name.partition("/")[0] for name in missing] == ["2025-06"]
    assert store.latest([1])[1][0][0] == JULY + 499 * MINUTE


@HARMS
def test_a_check_marks_what_is_damaged_until_it_is_put_back(harm: Harm, files: Path) -> None:
    aged(1, 200)
    assert store.check() == []
    file = one_file(files, "2025-06")
    whole = file.read_bytes()
    harm(file)
    (found,) = store.check()
    assert (found.path, found.readings, found.first) == (str(file.relative_to(files)), 500, JUNE)
    assert found.reason
    file.write_bytes(whole)
    assert store.check() == []


def test_each_night_sizes_are_looked_at_and_within_a_month_every_byte(files: Path) -> None:
    aged(1)
    changed(one_file(files, "2025-06"))
    nights = [bool(readings_check(now=night * DAY)) for night in range(NIGHTS)]
    assert any(nights)
    assert nights == sorted(nights)
    lost(one_file(files, "2025-07"))
    assert len(readings_check(now=0)) == 2


@HARMS
def test_what_comes_late_for_a_damaged_file_is_kept_and_stops_no_ageing(harm: Harm, files: Path) -> None:
    aged(1, 200)
    harm(one_file(files, "2025-06"))
    put(1, JUNE + 20 * DAY, Ledger.LATE)
    put(200, JUNE + 20 * DAY, Ledger.LATE)
    store.tend()
    done = store.age(before=JULY + 60 * DAY)
    assert (done.files, done.readings, done.failed) == (1, 500, 1)
    assert len(store.arrays(200, **EVER).time) == 1500
    assert len(dict(store.scan([1], **EVER, lost=[]))[1].time) == 1000


@HARMS
def test_a_late_reading_of_a_damaged_month_is_stored_and_counted_as_late(
    harm: Harm, files: Path, device: Callable[..., Device]
) -> None:
    one = device()
    series = Series.objects.create(device=one, key="39")
    aged(series.pk)
    harm(one_file(files, "2025-06"))
    readings_store(batch=[frame([("39", JULY + DAY, 1.0)])], now=JULY + DAY)
    late = readings_store(batch=[frame([("39", JUNE + 3, 1.0)])], now=JULY + DAY)
    assert late.counts[Ledger.LATE] == 1


def test_the_night_fails_aloud_the_command_names_the_file_and_the_ledger_page_shows_it(
    files: Path, area: Area, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    aged(1)
    assert main(["store", "check"]) == 0
    cut(one_file(files, "2025-07"))
    with pytest.raises(store.StoreError, match=r"damaged or missing: .*2025-07"):
        readings_age_each_night(timestamp=0)
    capsys.readouterr()
    assert main(["store", "check", "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["damaged"]
    assert "bytes instead of" in told["reason"]
    client.force_login(
        User.objects.create(username="x", role="duty_officer", area=area), "anlan.accounts.backends.RoleBackend"
    )
    page = client.get("/ledger/").content.decode()
    assert "1 个归档文件损坏或丢失" in page
    assert "2025-07-01 至 2025-07-01,500 个读数" in page
    assert client.get("/ledger.json").json()["damaged_files"] == [told]


def test_the_chart_of_an_old_alarm_says_that_readings_are_missing(
    files: Path, area: Area, client: Client, device: Callable[..., Device]
) -> None:
    device()
    ThresholdRule.objects.create(name="水位", device_kind="level", key="39", source="测", red_raise=5, red_clear=4)
    readings_store(batch=[frame([("39", JUNE + k * MINUTE, 1.0 + 9 * k)]) for k in range(2)], now=JUNE + MINUTE)
    store.tend()
    store.age(before=now_ms())
    cut(one_file(files, "2025-06"))
    client.force_login(
        User.objects.create(username="x", role="duty_officer", area=area), "anlan.accounts.backends.RoleBackend"
    )
    page = client.get(f"/alarms/{Alarm.objects.get().pk}/").content.decode()
    assert "这一时段有 1 个归档文件损坏或丢失" in page
