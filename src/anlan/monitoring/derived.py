"""Computes derived series in the transaction of the batch that completes them, as if a device had sent them with it.

A value belongs to a moment, and it is computed once every input has been heard up to that moment, or has been silent for
so long that it would not count. So the result is the same however readings were cut into batches and whichever input
came first, and what it raises stands or falls with the batch. What an input sends after its moment has been computed
is not taken in any more.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring import store
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.journal import TAKEN
from anlan.monitoring.memory import Memory, Places
from anlan.monitoring.models import Device, Series
from anlan.monitoring.models.derived import PROTOCOL, DerivedSeries
from anlan.monitoring.tracks import metres
from anlan.protocols import Frame, Reading
from anlan.rules import NEVER
from anlan.rules.derive import Track, difference, drift, ratio

BEGIN, FARTHEST = 3_600_000, 86_400_000
"""A new one begins with the last hour (ms) of its inputs; what is further back than a day is not computed any more."""
MINUTE = 60_000
MOST = 5000
"""Values of one series computed with one batch; the rest comes with the next one."""
Column = tuple[NDArray[np.int64], NDArray[np.float64]]
Readings = tuple[Places, NDArray[np.int64], NDArray[np.float64]]
Span = tuple[int, int]
VALID = [int(state) for state in store.VALID]
NOTHING: Column = (np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A derived series and the places of its inputs, the first one first."""

    row: DerivedSeries
    inputs: Places

    @property
    def max_age(self) -> int:
        return self.row.max_age_minutes * MINUTE

    def reach(self, lasts: NDArray[np.int64]) -> int:
        """Up to which moment values are final, given when each input was last heard; NEVER where none can be: up to where
        all have been heard that may still count, and no further than enough of the others do.
        """
        heard = lasts[lasts > NEVER]
        if lasts[0] == NEVER or len(heard) <= self.fewest:
            return NEVER
        awaited = int(heard[heard >= heard.max() - self.max_age].min())
        if self.is_drift:
            return min(awaited, int(lasts[0]), int(np.sort(lasts[1:])[-self.fewest]) + self.max_age)
        return min(awaited, int(lasts.min()) + self.max_age)

    @property
    def is_drift(self) -> bool:
        return self.row.kind == DerivedSeries.Kind.DRIFT

    @property
    def fewest(self) -> int:
        """So many other inputs must have a value."""
        return 2 if self.is_drift else 1


@dataclass(frozen=True, kw_only=True)
class Feeding:
    """Which places feed which recipes, as it was when the memory had `count` places."""

    count: int
    feeds: NDArray[np.bool_]
    recipes: dict[int, list[Recipe]]


def derived_arrivals(memory: Memory, touched: Places, batch: Readings, states: NDArray[np.uint8]) -> list[Arrival]:
    """What follows from a batch that has been judged and is not stored yet: (places, times, values) of its readings."""
    feeding = _feeding(memory)
    fed = touched[feeding.feeds[touched]]
    if not len(fed):
        return []
    taken = np.flatnonzero((batch[0] >= 0) & np.isin(states, TAKEN))
    fresh = batch[0][taken], batch[1][taken], batch[2][taken]
    due = {recipe.row.pk: recipe for place in fed.tolist() for recipe in feeding.recipes[place]}
    wanted = [(recipe, span) for _, recipe in sorted(due.items()) if (span := _span(memory, recipe)) is not None]
    tracks = _tracks(memory, wanted, fresh)
    return [one for recipe, span in wanted if (one := _arrival(memory, recipe, span, tracks)) is not None]


def _span(memory: Memory, recipe: Recipe) -> Span | None:
    """After which moment and up to which values are due now."""
    reach = recipe.reach(memory.state.last_time[recipe.inputs])
    own = _own(memory, recipe)
    last = NEVER if own is None else int(memory.state.last_time[own])
    since = reach - BEGIN if last == NEVER else max(last, reach - FARTHEST)
    return (since, reach) if NEVER < since < reach else None


def _own(memory: Memory, recipe: Recipe) -> int | None:
    """The place of the derived series itself, once it has one."""
    return memory.directory.series.get((recipe.row.device_id or 0, recipe.row.key))


def _tracks(memory: Memory, wanted: Sequence[tuple[Recipe, Span]], fresh: Readings) -> dict[int, Column]:
    """By place: what is stored of the inputs and behind it what the batch has of them, and what is stored of the derived
    series, valid or not.
    """
    if not wanted:
        return {}
    own = [place for recipe, _ in wanted if (place := _own(memory, recipe)) is not None]
    places = np.unique(np.concatenate([np.array(own, np.int64), *(recipe.inputs for recipe, _ in wanted)]))
    start = min(since - recipe.max_age for recipe, (since, _) in wanted)
    end = max(reach for _, (_, reach) in wanted) + 1
    found: dict[int, list[Column]] = defaultdict(list)
    for series_id, (time, value, state) in store.scan(
        memory.ids[places].tolist(), start=start, end=end, valid_only=False, lost=[]
    ):
        place = memory.place_of[series_id]
        kept = np.isin(state, VALID) | (place in own)
        found[place].append((time[kept], value[kept]))
    for place in places[np.isin(places, fresh[0])].tolist():
        mine = fresh[0] == place
        found[place].append((fresh[1][mine], fresh[2][mine]))
    return {
        place: (np.concatenate([t for t, _ in parts]), np.concatenate([v for _, v in parts]))
        for place, parts in found.items()
    }


def _arrival(memory: Memory, recipe: Recipe, span: Span, tracks: dict[int, Column]) -> Arrival | None:
    """A frame of the derived series' device; what was computed before and found invalid is not sent again."""
    row, (since, reach) = recipe.row, span
    if (own := _own(memory, recipe)) in tracks:
        since = max(since, *tracks[own][0].tolist())
    inputs = [tracks.get(place, NOTHING) for place in recipe.inputs.tolist()]
    time, value = derive(row.kind, inputs, (since, reach), recipe.max_age)
    if not len(time) or row.device is None:
        return None
    pairs = zip(time[:MOST].tolist(), value[:MOST].tolist(), strict=True)
    readings = tuple(Reading(series=row.key, time=t, value=v, unit=row.unit) for t, v in pairs)
    frame = Frame(
        protocol=PROTOCOL, device=row.device.code, function=row.kind, readings=readings, fields={}, reply=None, raw=b""
    )
    return Arrival(source=PROTOCOL, event=frame)


def derive(kind: str, inputs: Sequence[Column], span: Span, max_age: int) -> Column:
    """Values at each time after the span's start (ms), up to its end, at which the first input has one, or of a pair
    either; the others count as they last were, unless that was longer ago than `max_age` ms. What has no value (a
    missing input, a division by zero, an overflow) is left out.
    """
    since, until = span
    first, *others = (Track(time=time, value=value) for time, value in inputs)
    timed = inputs[:1] if kind == DerivedSeries.Kind.DRIFT else inputs
    times = np.unique(np.concatenate([time[(time > since) & (time <= until)] for time, _ in timed]))
    told = Track(time=times, value=first.at(times, max_age))
    if kind == DerivedSeries.Kind.DRIFT:
        made = drift(told, others, max_age=max_age)
    else:
        pair = difference if kind == DerivedSeries.Kind.DIFFERENCE else ratio
        made = pair(told, others[0], max_age=max_age)
    kept = np.isfinite(made.value)
    return times[kept], made.value[kept]


def _feeding(memory: Memory) -> Feeding:
    """From memory while the registry and the number of series stand."""
    known: Feeding | None = memory.directory.feeding
    if known is None or known.count != memory.count:
        known = memory.directory.feeding = _feeding_of(memory, list(_recipes(memory)))
    return known


def _feeding_of(memory: Memory, recipes: list[Recipe]) -> Feeding:
    feeds, by_place = np.zeros(memory.count, bool), defaultdict(list)
    for recipe in recipes:
        feeds[recipe.inputs] = True
        for place in recipe.inputs.tolist():
            by_place[place].append(recipe)
    return Feeding(count=memory.count, feeds=feeds, recipes=by_place)


def _recipes(memory: Memory) -> Iterator[Recipe]:
    """Those of all active ones whose first input is known."""
    rows = DerivedSeries.objects.filter(active=True, device__isnull=False).select_related("first__device", "device")
    for row in rows.exclude(device__life="retired").order_by("id"):
        ids = [row.first_id, *(neighbours(row.first, row.radius_km) if row.second_id is None else [row.second_id])]
        places = [memory.place_of[series_id] for series_id in ids if series_id in memory.place_of]
        if ids[0] in memory.place_of and len(places) > 1:
            yield Recipe(row=row, inputs=np.array(places, np.int64))


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
