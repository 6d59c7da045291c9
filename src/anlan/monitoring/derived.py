"""Computes derived series from what is stored and hands the results to judgement, as if a device had sent them.

A sweep takes each on from its own last reading, so it goes on where it stopped, and what it would store twice is a
duplicate. An input that comes later than a sweep has passed is not taken in any more.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring import store
from anlan.monitoring.arrivals import Arrival, StoreResult
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Device, Series
from anlan.monitoring.models.derived import PROTOCOL, DerivedSeries
from anlan.monitoring.tracks import metres
from anlan.protocols import Frame, Reading
from anlan.rules.derive import Track, difference, drift, ratio

BEGIN = 3_600_000
"""A new one begins with the readings of the last hour."""
MINUTE = 60_000
MOST = 5000
Column = tuple[NDArray[np.int64], NDArray[np.float64]]


def derive(kind: str, inputs: Sequence[Column], since: int, max_age: int) -> Column:
    """Values at each time after `since` (ms) at which the first input has one, or of a pair either; the others count
    as they last were, unless that was longer ago than `max_age` ms. What has no value (a missing input, a division by
    zero, an overflow) is left out.
    """
    first, *others = (Track(time=time, value=value) for time, value in inputs)
    timed = inputs[:1] if kind == DerivedSeries.Kind.DRIFT else inputs
    times = np.unique(np.concatenate([time[time > since] for time, _ in timed]))
    told = Track(time=times, value=first.at(times, max_age))
    if kind == DerivedSeries.Kind.DRIFT:
        made = drift(told, others, max_age=max_age)
    else:
        pair = difference if kind == DerivedSeries.Kind.DIFFERENCE else ratio
        made = pair(told, others[0], max_age=max_age)
    kept = np.isfinite(made.value)
    return times[kept], made.value[kept]


def derived_sweep(*, now: int) -> StoreResult:
    """Computes every active one up to `now` (ms) and stores what is new."""
    batch = [arrival for row in _active() if (arrival := _arrival(row, now)) is not None]
    return readings_store(batch=batch, now=now) if batch else StoreResult()


def _active() -> Sequence[DerivedSeries]:
    rows = DerivedSeries.objects.filter(active=True, device__isnull=False).select_related("first__device", "device")
    return list(rows.exclude(device__life="retired").order_by("id"))


def _arrival(row: DerivedSeries, now: int) -> Arrival | None:
    max_age = row.max_age_minutes * MINUTE
    since = _since(row, now)
    inputs = [_stored(series_id, since - max_age, now) for series_id in _inputs(row)]
    time, value = derive(row.kind, inputs, since, max_age)
    if not len(time) or row.device is None:
        return None
    pairs = zip(time[:MOST].tolist(), value[:MOST].tolist(), strict=True)
    readings = tuple(Reading(series=row.key, time=t, value=v, unit=row.unit) for t, v in pairs)
    frame = Frame(
        protocol=PROTOCOL, device=row.device.code, function=row.kind, readings=readings, fields={}, reply=None, raw=b""
    )
    return Arrival(source=PROTOCOL, event=frame)


def _since(row: DerivedSeries, now: int) -> int:
    known = Series.objects.filter(device=row.device, key=row.key).values_list("id", flat=True).first()
    last = store.latest([known], since=now - 24 * BEGIN)[known] if known else []
    return max(last[-1][0], now - 24 * BEGIN) if last else now - BEGIN


def _stored(series_id: int, start: int, now: int) -> Column:
    time, value, _state = store.arrays(series_id, start=start, end=now + 1)
    return time, value


def _inputs(row: DerivedSeries) -> list[int]:
    if row.kind != DerivedSeries.Kind.DRIFT:
        return [row.first_id, row.second_id or 0]
    return [row.first_id, *neighbours(row.first, row.radius_km)]


def neighbours(series: Series, radius_km: float) -> list[int]:
    """Ids of the same quantity of other devices of the kind within the radius, the nearest first; at most twelve."""
    home = series.device
    if home.location is None:
        return []
    others = Series.objects.filter(key=series.key, device__kind=home.kind, device__location__isnull=False)
    others = others.exclude(device=home).exclude(device__protocol=PROTOCOL).exclude(device__life="retired")
    found = [(_km(home, one.device), one.pk) for one in others.select_related("device")]
    return [pk for km, pk in sorted(found) if km <= radius_km][:12]


def _km(one: Device, other: Device) -> float:
    a, b = one.location, other.location
    assert a is not None
    assert b is not None
    return metres(a.x, a.y, b.x, b.y) / 1000
