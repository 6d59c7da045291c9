"""Computed series: complete or not at all, right where their inputs are, and judged with the batch that completes them."""

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.monitoring import ingest, judging, store
from anlan.monitoring.derived import derive, neighbours
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import (
    Alarm,
    DerivedSeries,
    Device,
    FrameCount,
    LedgerCount,
    Series,
    ThresholdRule,
)
from anlan.rules import Ledger

from .frames import MINUTE, NOW, frame

pytestmark = pytest.mark.django_db
Maker = Callable[..., Device]
AGE = 15 * MINUTE


def send(code: str, *readings: tuple[int, float], now: int = NOW) -> Series:
    readings_store(
        batch=[frame([("39", NOW + minute * MINUTE, value) for minute, value in readings], code=code)], now=now
    )
    return Series.objects.get(device__code=code, key="39")


@pytest.fixture
def two(device: Maker) -> tuple[Series, Series]:
    """Upstream and downstream of a gate."""
    device(code="up")
    device(code="down")
    return send("up", (-30, 5.0)), send("down", (-30, 4.0))


def made(kind: str, first: Series, second: Series | None = None, **more: object) -> DerivedSeries:
    row = DerivedSeries(name=f"{kind}-{first.pk}", kind=kind, first=first, second=second, key="gate", **more)
    row.full_clean()
    row.save()
    return row


def stored(row: DerivedSeries) -> list[tuple[int, float]]:
    one = Series.objects.filter(device=row.device, key="gate").first()
    found = store.readings(one.pk, start=0, end=NOW * 2) if one else []
    return [((time - NOW) // MINUTE, round(value, 3)) for time, value, _ in found]


def test_a_difference_is_there_as_soon_as_both_have_been_heard_up_to_its_moment(two: tuple[Series, Series]) -> None:
    row = made("difference", *two)
    send("up", (-10, 5.0), (-5, 5.5))
    assert stored(row) == [(-30, 1.0)]
    send("down", (-9, 4.0), (-4, 4.2))
    assert stored(row) == [(-30, 1.0), (-9, 1.0), (-5, 1.5)]
    send("up", (-3, 6.0))
    assert stored(row)[-1] == (-4, 1.3)


def test_it_waits_no_longer_for_an_input_that_would_not_count_any_more(two: tuple[Series, Series]) -> None:
    row = made("ratio", *two, max_age_minutes=5)
    send("up", (-28, 8.0), (-25, 10.0))
    assert stored(row) == [(-30, 1.25)]
    send("up", (-24, 12.0))
    assert stored(row) == [(-30, 1.25), (-28, 2.0), (-25, 2.5)]
    send("up", (-10, 9.0))
    send("down", (-20, 0.0), (-10, 3.0))
    assert stored(row)[3:] == [(-10, 3.0)]


def gate_rule(**more: object) -> ThresholdRule:
    return ThresholdRule.objects.create(
        name="闸差", device_kind="level", key="gate", source="预案", orange_raise=1.2, orange_clear=1, **more
    )


def test_the_batch_that_completes_it_raises_its_alarm_in_its_own_place(two: tuple[Series, Series]) -> None:
    made("difference", *two)
    gate_rule()
    send("up", (-5, 5.5))
    result = readings_store(batch=[frame([("39", NOW - 5 * MINUTE, 4.0)], code="down")], now=NOW)
    alarm = Alarm.objects.get()
    assert (result.raised, result.received) == ((alarm.pk,), 1)
    assert (alarm.level, alarm.device.name, alarm.device.location) == (
        3,
        f"difference-{two[0].pk}",
        two[0].device.location,
    )


def counts() -> dict[int, int]:
    return dict(LedgerCount.objects.filter(source="derived").values_list("state").annotate(Sum("count")))


def test_what_is_computed_stands_in_the_ledger_received_as_often_as_it_ended_in_a_state(
    two: tuple[Series, Series],
) -> None:
    made("difference", *two)
    gate_rule(high=3)
    for minute, value in ((-20, 5.0), (-19, 5.5), (-18, 99.0), (-17, 5.0), (-16, 5.0)):
        send("up", (minute, value))
        send("down", (minute, 4.0))
    assert counts() == {Ledger.NORMAL: 2, Ledger.ALARM: 3, Ledger.OUT_OF_RANGE: 1}
    assert sum(FrameCount.objects.filter(source="derived").values_list("readings", flat=True)) == 6


def test_what_fails_in_the_middle_leaves_nothing_and_sent_again_is_there_once(
    two: tuple[Series, Series], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = made("difference", *two)
    gate_rule()
    send("up", (-5, 5.5))
    counted = ingest.states_count

    def broken(found: dict[tuple[str, int], int], now: int) -> None:
        counted(found, now)
        if ("derived", 0) in found:
            raise RuntimeError("in the middle")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="in the middle"):
        patch.setattr(ingest, "states_count", broken)
        send("down", (-5, 4.0))
    assert not Alarm.objects.exists()
    before = stored(row)
    send("down", (-5, 4.0))
    send("down", (-5, 4.0))
    assert stored(row) == [*before, (-5, 1.5)]
    assert Alarm.objects.count() == 1


def test_a_change_of_what_is_computed_is_taken_up_with_the_next_batch(two: tuple[Series, Series]) -> None:
    row = made("difference", *two)
    for active, minute in ((True, -20), (False, -10), (True, -5)):
        row.active = active
        row.save()
        send("up", (minute, 5.0))
        send("down", (minute, 4.0))
    assert [minute for minute, _ in stored(row)] == [-30, -20, -10, -5]
    row.active = False
    row.save()
    send("up", (-1, 5.0))
    send("down", (-1, 4.0))
    assert [minute for minute, _ in stored(row)][-1] == -5


def test_a_station_that_leaves_its_neighbours_drifts(device: Maker) -> None:
    for i, code in enumerate(("a", "b", "c", "far")):
        device(code=code, location=Point(114.35 + (i * 0.005 if code != "far" else 1.0), 22.69, srid=4490))
    series = {code: send(code, (-30, value)) for code, value in (("a", 5.0), ("b", 5.0), ("far", 99.0))}
    row = made("drift", series["a"], radius_km=3)
    series["c"] = send("c", (-30, 5.2))
    assert neighbours(series["a"], 3) == [series["b"].pk, series["c"].pk]
    for code, value in (("a", 9.0), ("b", 5.0)):
        send(code, (-3, value))
    assert stored(row) == [(-30, -0.1)]
    send("c", (-3, 5.2))
    assert stored(row) == [(-30, -0.1), (-3, 3.9)]


ARRIVING = st.lists(st.tuples(st.sampled_from(["up", "down"]), st.integers(1, 4), st.booleans()), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(arriving=ARRIVING, restart=st.booleans())
def test_however_readings_are_cut_into_batches_the_result_is_the_same(
    device: Maker, arriving: list[tuple[str, int, bool]], restart: bool
) -> None:
    """The last input heard decides how far it goes; what lies before is the same as of one batch."""
    number = next(numbers)
    codes = {name: f"{name}{number}" for name in ("up", "down")}
    for code in codes.values():
        device(code=code)
    inputs = {name: send(code, (-30, 0.0)) for name, code in codes.items()}
    row, heard = made("difference", inputs["up"], inputs["down"]), {"up": [(-30, 0.0)], "down": [(-30, 0.0)]}
    for name, steps, leap in arriving:
        last = heard[name][-1][0]
        fresh = [(last + (2 if leap else 1) * (k + 1), float((last * 7 + k * 3) % 11)) for k in range(steps)]
        fresh = [one for one in fresh if one[0] <= -16]
        heard[name] += fresh
        if fresh:
            send(codes[name], *fresh)
        if restart:
            judging.MEMORY.forget()
    until = min(heard["up"][-1][0], heard["down"][-1][0])
    columns = [column([(t + 30, v) for t, v in heard[name]]) for name in ("up", "down")]
    time, value = derive("difference", columns, (-1, (until + 30) * MINUTE), AGE)
    expected = list(zip((time // MINUTE - 30).tolist(), value.tolist(), strict=True))
    if any(len(told) > 1 for told in heard.values()):
        assert stored(row) == expected


numbers = iter(range(10_000))


def test_computed_inputs_and_units_that_do_not_fit_are_refused(two: tuple[Series, Series]) -> None:
    row = made("difference", *two)
    send("up", (-29, 5.0))
    send("down", (-29, 5.0))
    computed = Series.objects.get(device=row.device)
    with pytest.raises(ValidationError, match="不能再用来计算"):
        made("ratio", computed, two[0])
    Series.objects.filter(pk=two[1].pk).update(unit="mm")
    with pytest.raises(ValidationError, match="单位须相同"):
        made("difference", two[0], Series.objects.get(pk=two[1].pk))
    for second in (None, two[0]):
        with pytest.raises(IntegrityError), transaction.atomic():
            DerivedSeries(name="x", kind="ratio", first=two[0], second=second, key="x").save()


VALUES = st.lists(st.tuples(st.integers(0, 60), st.floats(-100, 100)), max_size=20, unique_by=lambda one: one[0]).map(
    sorted
)


def column(drawn: list[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([t * MINUTE for t, _ in drawn], np.int64), np.array([v for _, v in drawn], np.float64)


@given(VALUES, VALUES, st.sampled_from(["difference", "ratio"]), st.integers(-1, 60), st.integers(0, 60))
def test_whole_arrays_give_what_a_plain_loop_gives(
    one: list[tuple[int, float]], two_: list[tuple[int, float]], kind: str, since: int, until: int
) -> None:
    expected = []
    for t in sorted({t for t, _ in one + two_ if since < t <= until}):
        last = [[v for at, v in drawn if at <= t and (t - at) * MINUTE <= AGE][-1:] for drawn in (one, two_)]
        if last[0] and last[1] and not (kind == "ratio" and last[1][0] == 0):
            a, b = last[0][0], last[1][0]
            with np.errstate(over="ignore"):
                value = a - b if kind == "difference" else np.float64(a) / np.float64(b)
            if np.isfinite(value):
                expected.append((t * MINUTE, value))
    time, value = derive(kind, [column(one), column(two_)], (since * MINUTE, until * MINUTE), AGE)
    assert list(zip(time.tolist(), value.tolist(), strict=True)) == expected
