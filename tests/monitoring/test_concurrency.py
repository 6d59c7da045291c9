"""Two writers, a silence, and the same sums."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections

from anlan.kit.models import LawRule
from anlan.monitoring import store
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, Device, LedgerCount, Series, ThresholdRule
from anlan.monitoring.moments import moment
from anlan.monitoring.silence import silence_sweep
from anlan.rules import Ledger

from .frames import MINUTE, NOW, frame

DeviceMaker = Callable[..., Device]


def writing(*batches: list[Arrival]) -> None:
    """Each list of frames by a writer of its own, all at once, frame by frame."""
    start, faults = threading.Barrier(len(batches)), list[Exception]()

    def write(batch: list[Arrival]) -> None:
        try:
            start.wait(10)
            for at in range(0, len(batch), 3):
                readings_store(batch=batch[at : at + 3], now=NOW)
        except Exception as error:  # noqa: BLE001
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []


@pytest.mark.usefixtures("shared_db")
def test_writers_with_the_same_readings_keep_each_once_and_raise_one_alarm(device: DeviceMaker) -> None:
    codes = [f"{k:010}" for k in range(5)]
    for code in codes:
        device(code=code)
    ThresholdRule.objects.create(name="水位", device_kind="level", key="39", blue_raise=3, blue_clear=2, source="test")
    frames = [
        frame([("39", NOW - 600_000 + k, 4.0 + k % 3), ("38", NOW - 600_000 + k, 12.0)], code=code)
        for k in range(30)
        for code in codes
    ]
    writing(frames, list(reversed(frames)), frames[75:] + frames[:75], frames)
    assert sum(store.count().values()) == 300
    assert Alarm.objects.filter(cleared_at=None).count() == Alarm.objects.count() == 5
    counts = dict(LedgerCount.objects.values_list("state", "count"))
    assert sum(counts.values()) == 4 * 300
    assert sum(counts.values()) - counts[Ledger.DUPLICATE] == 300


@pytest.mark.usefixtures("shared_db")
def test_writers_that_meet_new_series_and_a_new_day_do_not_fall(device: DeviceMaker) -> None:
    device()
    days = [frame([(f"k{k}", NOW - day * 86_400_000, 1.0)]) for k in range(6) for day in range(4)]
    writing(days, list(reversed(days)), days)
    assert Series.objects.count() == 6
    assert sum(store.count().values()) == 24


@pytest.fixture
def silent_after(db: None) -> None:
    LawRule.objects.update_or_create(
        code="device_silent_minutes", valid_from="2020-01-01",
        defaults={"name": "失联", "value": {"level": 5}, "source": "test"},
    )  # fmt: skip
    LawRule.objects.filter(code="device_silent_minutes").exclude(valid_from="2020-01-01").delete()


@pytest.mark.django_db
@pytest.mark.usefixtures("silent_after")
def test_a_device_not_heard_of_for_its_time_is_silent_and_comes_back(device: DeviceMaker) -> None:
    quick, slow = device(code="1"), device(code="2", silent_minutes=60)
    readings_store(batch=[frame([("39", NOW, 1.0)], code="1"), frame([("39", NOW, 1.0)], code="2")], now=NOW)
    silence_sweep(now=NOW + 4 * MINUTE)
    assert set(Device.objects.values_list("status", flat=True)) == {"online"}
    silence_sweep(now=NOW + 6 * MINUTE)
    assert dict(Device.objects.values_list("id", "status")) == {quick.pk: "silent", slow.pk: "online"}
    readings_store(batch=[frame([], code="1")], now=NOW + 7 * MINUTE)
    quick.refresh_from_db()
    assert (quick.status, quick.last_seen_at) == ("online", moment(NOW) + timedelta(minutes=7))


@pytest.mark.django_db
def test_a_series_without_data_raises_one_alarm_that_its_next_reading_clears(
    device: DeviceMaker, news: list[object], run_jobs: Callable[[], int]
) -> None:
    one = device()
    ThresholdRule.objects.create(
        name="水位", device_kind="level", key="39", no_data_minutes=10, no_data_level=2, source="test"
    )
    readings_store(batch=[frame([("39", NOW, 1.0), ("38", NOW, 12.0)])], now=NOW)
    assert silence_sweep(now=NOW + 9 * MINUTE).raised == ()
    assert len(silence_sweep(now=NOW + 11 * MINUTE).raised) == 1
    assert silence_sweep(now=NOW + 12 * MINUTE).raised == ()
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.level, alarm.raised_at) == (Alarm.Kind.NO_DATA, 2, moment(NOW + 10 * MINUTE))
    one.refresh_from_db()
    assert one.level == 2
    readings_store(batch=[frame([("39", NOW + 13 * MINUTE, 1.0)])], now=NOW + 13 * MINUTE)
    alarm.refresh_from_db()
    one.refresh_from_db()
    assert (alarm.cleared_at, one.level) == (moment(NOW + 13 * MINUTE), 0)
    run_jobs()
    assert [type(event).__name__ for event in news] == ["AlarmRaised", "AlarmCleared"]


@pytest.mark.django_db
def test_silence_from_before_somebody_listened_is_nobody_s_fault(device: DeviceMaker) -> None:
    device()
    ThresholdRule.objects.create(name="水位", device_kind="level", key="39", no_data_minutes=10, source="test")
    readings_store(batch=[frame([("39", NOW, 1.0)])], now=NOW)
    restarted = NOW + 600 * MINUTE
    assert silence_sweep(now=restarted + 9 * MINUTE, since=restarted).raised == ()
    assert Device.objects.get().status == "online"
    assert len(silence_sweep(now=restarted + 11 * MINUTE, since=restarted).raised) == 1
    assert Alarm.objects.get().raised_at == moment(restarted + 10 * MINUTE)


@pytest.mark.django_db
def test_a_device_s_own_rule_can_switch_the_watch_for_silence_off(device: DeviceMaker) -> None:
    ThresholdRule.objects.create(name="a", device_kind="level", key="39", no_data_minutes=10, source="test")
    ThresholdRule.objects.create(name="b", device=device(), key="39", source="test")
    readings_store(batch=[frame([("39", NOW, 1.0)])], now=NOW)
    assert silence_sweep(now=NOW + 11 * MINUTE).raised == ()


@pytest.mark.django_db
def test_one_rule_watches_every_detector_behind_a_panel(device: DeviceMaker) -> None:
    device(code="9", protocol="gb26875", kind="fire_panel")
    ThresholdRule.objects.create(
        name="火警", device_kind="fire_panel", key="*:fire", red_raise=0.5, red_clear=0.5, source="test"
    )
    panel = {"code": "9", "protocol": "gb26875"}
    burning = frame([("part-1-1-7:fire", NOW, 1.0), ("part-1-1-8:fire", NOW, 0.0), ("unit:fire", NOW, 1.0)], **panel)
    readings_store(batch=[burning], now=NOW)
    assert {alarm.series.key for alarm in Alarm.objects.all()} == {"part-1-1-7:fire", "unit:fire"}
    assert set(Alarm.objects.values_list("level", flat=True)) == {4}


@pytest.mark.django_db
def test_a_rule_that_contradicts_itself_is_refused_by_the_database_and_in_words(db: None) -> None:
    rule = ThresholdRule(name="x", device_kind="level", key="39", red_raise=3, red_clear=4, source="test")
    assert rule.fault() == "红色:解除值不能比触发值更严重。"
    bad = ThresholdRule(
        name="x", device_kind="level", key="39", blue_raise=5, blue_clear=4, red_raise=3, red_clear=2, source="test"
    )
    with pytest.raises(Exception, match="rule_levels_in_order"):
        bad.save()
