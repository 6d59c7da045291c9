"""Every reading ends in the store and in exactly one state, and what it means becomes an alarm."""

import math
from collections.abc import Callable

import pytest
from django.db import OperationalError, transaction

from anlan.accounts.models import Area
from anlan.monitoring import store
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.events import AlarmCleared, AlarmEscalated, AlarmRaised
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import (
    Alarm,
    AlarmStep,
    Device,
    DeviceFrame,
    FrameCount,
    LedgerCount,
    Series,
    ThresholdRule,
    UnknownDevice,
)
from anlan.protocols import FrameError
from anlan.rules import Ledger

from .frames import MINUTE, NOW, frame

pytestmark = pytest.mark.django_db

DeviceMaker = Callable[..., Device]


@pytest.fixture
def rule(area: Area) -> ThresholdRule:
    return ThresholdRule.objects.create(
        name="水位", device_kind="level", key="39", low=-2, high=30, source="test",
        blue_raise=3, blue_clear=2.5, red_raise=5, red_clear=4.5,
    )  # fmt: skip


def ledger() -> dict[tuple[str, Ledger], int]:
    return {(row.source, Ledger(row.state)): row.count for row in LedgerCount.objects.all()}


def stored(series_key: str = "39") -> list[tuple[int, float, int]]:
    series = Series.objects.get(key=series_key)
    return store.readings(series.pk, start=-(2**61), end=2**61, valid_only=False)


def test_a_good_reading_is_stored_and_its_device_comes_online(device: DeviceMaker) -> None:
    one = device()
    result = readings_store(batch=[frame([("39", NOW, 1.5)])], now=NOW)
    one.refresh_from_db()
    assert result.received == 1
    assert result.counts[Ledger.NORMAL] == 1
    assert stored() == [(NOW, 1.5, Ledger.NORMAL)]
    assert (one.status, one.last_seen_at.timestamp() * 1000) == ("online", NOW)
    assert ledger() == {("sl651", Ledger.NORMAL): 1}
    series = Series.objects.get()
    assert (series.last_value, series.last_time, series.unit) == (1.5, NOW, "m")


@pytest.mark.usefixtures("rule")
def test_each_bad_reading_is_counted_under_its_own_name(device: DeviceMaker) -> None:
    device()
    readings_store(batch=[frame([("39", NOW, 1.0)])], now=NOW)
    batch = [
        frame([("39", NOW + 1, math.nan), ("39", NOW + 2, math.inf), ("39", NOW + 3, 31.0)]),
        frame([("39", NOW + 400_000, 1.0)]),
        frame([("39", NOW - 10 * 86_400_000, 1.0)]),
        frame([("39", NOW - 5, 1.0)]),
        frame([("39", NOW, 1.0)]),
        frame([("39", NOW, 1.0)], code="9999999999"),
        frame([("39", NOW + 4, 3.5)]),
    ]
    counts = readings_store(batch=batch, now=NOW).counts
    assert counts == {
        Ledger.NORMAL: 0, Ledger.ALARM: 1, Ledger.SUPPRESSED: 0, Ledger.LATE: 2, Ledger.DUPLICATE: 1,
        Ledger.OUT_OF_RANGE: 1, Ledger.NOT_A_NUMBER: 2, Ledger.UNKNOWN_DEVICE: 1, Ledger.FUTURE: 1,
    }  # fmt: skip
    assert sum(row.count for row in LedgerCount.objects.all()) == 10
    assert FrameCount.objects.get(kind="ok").readings == 10
    assert len(stored()) == 8


def test_what_is_sent_again_is_stored_once_and_counted_as_duplicate(device: DeviceMaker) -> None:
    device()
    old, new = frame([("39", NOW - MINUTE, 1.0)]), frame([("39", NOW, 1.0)])
    assert readings_store(batch=[new, old], now=NOW).counts[Ledger.LATE] == 1
    again = readings_store(batch=[new, old, old], now=NOW)
    assert again.counts[Ledger.DUPLICATE] == again.received == 3
    assert [time for time, _, _ in stored()] == [NOW - MINUTE, NOW]


def test_one_late_moment_twice_in_a_batch_is_late_once_and_a_duplicate_once(device: DeviceMaker) -> None:
    device()
    readings_store(batch=[frame([("39", NOW, 1.0)])], now=NOW)
    late = frame([("39", NOW - MINUTE, 1.0)])
    counts = readings_store(batch=[late, late], now=NOW).counts
    assert (counts[Ledger.LATE], counts[Ledger.DUPLICATE]) == (1, 1)


def test_a_measurement_takes_the_place_of_a_missing_value_of_the_same_moment(device: DeviceMaker) -> None:
    device()
    readings_store(batch=[frame([("39", NOW, math.nan)])], now=NOW)
    assert readings_store(batch=[frame([("39", NOW, 1.25)])], now=NOW).counts[Ledger.NORMAL] == 1
    assert stored() == [(NOW, 1.25, Ledger.NORMAL)]
    assert readings_store(batch=[frame([("39", NOW, math.nan)])], now=NOW).counts[Ledger.NOT_A_NUMBER] == 1
    assert stored() == [(NOW, 1.25, Ledger.NORMAL)]


def test_readings_of_one_frame_are_judged_in_order_of_time(device: DeviceMaker) -> None:
    device()
    backwards = frame([("39", NOW - k * MINUTE, float(k)) for k in range(5)])
    assert readings_store(batch=[backwards], now=NOW).counts[Ledger.NORMAL] == 5


@pytest.mark.usefixtures("rule")
def test_an_alarm_is_raised_escalated_eased_and_cleared_with_a_timeline(
    device: DeviceMaker, news: list[object], run_jobs: Callable[[], int]
) -> None:
    one = device()
    for minute, value in enumerate([1.0, 3.5, 6.0, 4.0, 2.0]):
        readings_store(batch=[frame([("39", NOW + minute * MINUTE, value)])], now=NOW + minute * MINUTE)
    alarm = Alarm.objects.get()
    assert (alarm.level, alarm.highest_level, alarm.value, alarm.kind) == (1, 4, 3.5, Alarm.Kind.LEVEL)
    assert (alarm.device, alarm.location.coords) == (one, (114.35, 22.69))
    assert alarm.cleared_at is not None
    assert [step.step for step in alarm.steps.all()] == ["raise", "escalate", "ease", "clear"]
    run_jobs()
    assert news == [
        AlarmRaised(alarm_id=alarm.pk, level=1),
        AlarmEscalated(alarm_id=alarm.pk, level_before=1, level=4),
        AlarmCleared(alarm_id=alarm.pk),
    ]
    one.refresh_from_db()
    assert one.level == 0


@pytest.mark.usefixtures("rule")
def test_a_cause_that_comes_back_within_a_batch_makes_two_alarms_of_which_one_is_active(device: DeviceMaker) -> None:
    one = device()
    values = [6.0, 1.0, 6.0]
    batch = [frame([("39", NOW + k, value)]) for k, value in enumerate(values)]
    result = readings_store(batch=batch, now=NOW)
    assert (len(result.raised), len(result.cleared)) == (2, 1)
    assert Alarm.objects.filter(cleared_at=None).count() == 1
    one.refresh_from_db()
    assert one.level == 4


@pytest.mark.usefixtures("rule")
def test_the_timeline_of_an_alarm_is_never_rewritten(device: DeviceMaker) -> None:
    device()
    readings_store(batch=[frame([("39", NOW, 6.0)])], now=NOW)
    with pytest.raises(Exception, match="never rewritten"), transaction.atomic():
        AlarmStep.objects.update(level=1)
    with pytest.raises(Exception, match="never rewritten"), transaction.atomic():
        AlarmStep.objects.all().delete()


def test_a_changed_rule_judges_the_next_reading(device: DeviceMaker, rule: ThresholdRule) -> None:
    device()
    readings_store(batch=[frame([("39", NOW, 2.0)])], now=NOW)
    rule.blue_raise, rule.blue_clear = 1.0, 0.5
    rule.save()
    assert readings_store(batch=[frame([("39", NOW + 1, 2.0)])], now=NOW).counts[Ledger.ALARM] == 1


def test_the_rule_of_a_device_wins_over_that_of_its_kind(device: DeviceMaker, rule: ThresholdRule) -> None:
    ThresholdRule.objects.create(name="本站", device=device(), key="39", blue_raise=8, blue_clear=7, source="test")
    assert readings_store(batch=[frame([("39", NOW, 6.0)])], now=NOW).counts[Ledger.NORMAL] == 1


def test_frames_that_fail_are_counted_by_kind(db: None) -> None:
    bad = Arrival(source="hj212", event=FrameError("checksum", "2D00"))
    readings_store(batch=[bad, bad, Arrival(source="hj212", event=FrameError("length"))], now=NOW)
    assert dict(FrameCount.objects.values_list("kind", "frames")) == {"checksum": 2, "length": 1}


def test_an_unknown_sender_is_remembered_within_bounds(area: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anlan.monitoring.counts.MOST_UNKNOWN", 3)
    for k in range(5):
        readings_store(batch=[frame([("39", NOW, 1.0)], code=f"{k:010}")] * 2, now=NOW + k)
    assert [row.code for row in UnknownDevice.objects.all()] == ["0000000004", "0000000003", "0000000002"]
    assert UnknownDevice.objects.first().readings == 2
    assert ledger() == {("sl651", Ledger.UNKNOWN_DEVICE): 10}


def test_a_device_that_names_endless_series_does_not_fill_the_table(
    device: DeviceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anlan.monitoring.resolve.MOST_SERIES", 5)
    device()
    counts = readings_store(batch=[frame([(f"k{k}", NOW, 1.0) for k in range(12)])], now=NOW).counts
    assert (counts[Ledger.NORMAL], counts[Ledger.UNKNOWN_DEVICE]) == (5, 7)
    assert Series.objects.count() == 5


@pytest.mark.parametrize("word", ["a\0b", "", "x" * 70])
def test_words_that_no_column_holds_are_counted_and_break_nothing(device: DeviceMaker, word: str) -> None:
    device()
    batch = [frame([(word, NOW, 1.0)]), frame([("39", NOW, 1.0)], code=word), frame([("39", NOW, 1.0)])]
    counts = readings_store(batch=batch, now=NOW).counts
    assert (counts[Ledger.UNKNOWN_DEVICE], counts[Ledger.NORMAL]) == (2, 1)


@pytest.mark.parametrize("time", [2**63, -(2**63), 10**30])
def test_an_impossible_moment_is_late_or_of_the_future(device: DeviceMaker, time: int) -> None:
    device()
    counts = readings_store(batch=[frame([("39", time, 1.0)])], now=NOW).counts
    assert counts[Ledger.LATE] + counts[Ledger.FUTURE] == 1


def test_the_last_twenty_frames_of_a_device_are_kept_one_a_second(device: DeviceMaker) -> None:
    one = device()
    for k in range(50):
        readings_store(batch=[frame([("39", NOW + k, 1.0)])], now=NOW + k * 500)
    kept = DeviceFrame.objects.filter(device=one)
    assert kept.count() == 20
    assert kept.first().decoded["readings"] == [{"series": "39", "time": NOW + 48, "value": 1.0, "unit": "m"}]
    assert bytes(kept.first().raw) == b"\x7e\x7e"


def test_readings_of_the_future_move_into_their_day_when_it_comes(device: DeviceMaker) -> None:
    device()
    later = NOW + 5 * 86_400_000
    assert readings_store(batch=[frame([("39", later, 1.0)])], now=NOW).counts[Ledger.FUTURE] == 1
    assert readings_store(batch=[frame([("39", later + 1, 2.0)])], now=later).counts[Ledger.NORMAL] == 1
    assert [(time, value) for time, value, _ in stored()] == [(later, 1.0), (later + 1, 2.0)]


def test_nothing_of_a_failed_batch_remains(device: DeviceMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_words: object) -> None:
        raise OperationalError("gone")

    device()
    monkeypatch.setattr("anlan.monitoring.ingest.states_count", fail)
    with pytest.raises(OperationalError):
        readings_store(batch=[frame([("39", NOW, 1.0)])], now=NOW)
    assert (LedgerCount.objects.count(), FrameCount.objects.count(), store.count()) == (0, 0, {})
