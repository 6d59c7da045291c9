"""Computed series: right where their inputs are, silent where they are not, and judged as any other."""

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from anlan.monitoring import store
from anlan.monitoring.derived import derive, derived_sweep, neighbours
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, DerivedSeries, Device, Series, ThresholdRule

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
    return send("up", (-10, 5.0), (-5, 5.5)), send("down", (-9, 4.0), (-4, 4.2))


def made(kind: str, first: Series, second: Series | None = None, **more: object) -> DerivedSeries:
    row = DerivedSeries(name=f"{kind}-{first.pk}", kind=kind, first=first, second=second, key="gate", **more)
    row.full_clean()
    row.save()
    return row


def stored(row: DerivedSeries) -> list[tuple[int, float]]:
    one = Series.objects.get(device=row.device, key="gate")
    return [
        ((time - NOW) // MINUTE, round(value, 3)) for time, value, _ in store.readings(one.pk, start=0, end=NOW * 2)
    ]


def test_a_difference_is_taken_at_each_time_of_either_with_the_others_last_value(two: tuple[Series, Series]) -> None:
    row = made("difference", *two)
    derived_sweep(now=NOW)
    assert stored(row) == [(-9, 1.0), (-5, 1.5), (-4, 1.3)]


def test_a_second_sweep_goes_on_where_the_first_stopped(two: tuple[Series, Series]) -> None:
    row = made("ratio", *two)
    assert derived_sweep(now=NOW).received == 3
    assert derived_sweep(now=NOW).received == 0
    send("up", (1, 8.4), now=NOW + MINUTE)
    assert derived_sweep(now=NOW + MINUTE).received == 1
    assert stored(row)[-1] == (1, 2.0)


def test_it_raises_alarms_by_its_own_rule_in_its_own_place(two: tuple[Series, Series]) -> None:
    made("difference", *two)
    ThresholdRule.objects.create(
        name="闸差", device_kind="level", key="gate", source="预案", orange_raise=1.2, orange_clear=1
    )
    derived_sweep(now=NOW)
    alarm = Alarm.objects.get()
    assert (alarm.level, alarm.device.name, alarm.device.location) == (
        3,
        f"difference-{two[0].pk}",
        two[0].device.location,
    )


def test_a_station_that_leaves_its_neighbours_drifts(device: Maker) -> None:
    for i, code in enumerate(("a", "b", "c", "far")):
        device(code=code, location=Point(114.35 + (i * 0.005 if code != "far" else 1.0), 22.69, srid=4490))
    series = {code: send(code, (-3, value)) for code, value in (("a", 9.0), ("b", 5.0), ("c", 5.2), ("far", 99.0))}
    row = made("drift", series["a"], radius_km=3)
    assert neighbours(series["a"], 3) == [series["b"].pk, series["c"].pk]
    derived_sweep(now=NOW)
    assert stored(row) == [(-3, 3.9)]


def test_computed_inputs_and_units_that_do_not_fit_are_refused(two: tuple[Series, Series]) -> None:
    row = made("difference", *two)
    derived_sweep(now=NOW)
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


@given(VALUES, VALUES, st.sampled_from(["difference", "ratio"]), st.integers(-1, 60))
def test_whole_arrays_give_what_a_plain_loop_gives(
    one: list[tuple[int, float]], two_: list[tuple[int, float]], kind: str, since: int
) -> None:
    expected = []
    for t in sorted({t for t, _ in one + two_ if t > since}):
        last = [[v for at, v in drawn if at <= t and (t - at) * MINUTE <= AGE][-1:] for drawn in (one, two_)]
        if last[0] and last[1] and not (kind == "ratio" and last[1][0] == 0):
            a, b = last[0][0], last[1][0]
            with np.errstate(over="ignore"):
                value = a - b if kind == "difference" else np.float64(a) / np.float64(b)
            if np.isfinite(value):
                expected.append((t * MINUTE, value))
    time, value = derive(kind, [column(one), column(two_)], since * MINUTE, AGE)
    assert list(zip(time.tolist(), value.tolist(), strict=True)) == expected
