"""Charts of a series as geometry: what a template needs to draw an SVG, however many readings there were."""

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from django.utils import timezone

from anlan.monitoring.moments import moment
from anlan.monitoring.store import Bucket

WIDTH, HEIGHT = 1000, 100
BUCKETS = 240
"""Slices of a chart's time; each draws two points, its least and its greatest value."""
GAP = 5
"""A line breaks where readings are this many usual distances apart."""
TIMES = 5
TINY, LARGEST = 1e-300, sys.float_info.max
DAY = 86_400_000


class Limit(NamedTuple):
    """A value that a rule names, with the colour token and words of its level."""

    value: float
    tone: str
    words: str


class Line(NamedTuple):
    """A straight line across the chart, `at` in its own units."""

    at: float
    tone: str = ""
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """`path` and `dots` (readings that stand alone) are SVG path data in a box of WIDTH × HEIGHT; labels run from the top and from the left, evenly spaced."""

    path: str
    dots: str
    rows: list[str]
    grid: list[float]
    columns: list[str]
    limits: list[Line]
    marks: list[Line]
    low: float
    high: float
    last: float
    readings: int
    points: int


def chart_of(
    buckets: Sequence[Bucket], *, start: int, end: int, limits: Sequence[Limit] = (), marks: Iterable[int] = ()
) -> Chart | None:
    """A chart of [start, end) in ms; None where there is nothing to draw. The nearest limit is always in sight."""
    points = _points(buckets)
    if not points:
        return None
    values = [value for _, value in points]
    low, high = min(values), max(values)
    ticks = _ticks(low, high, limits)
    runs = _runs(points, end - start)
    place = _Place(start=start, end=end, bottom=ticks[0], top=ticks[-1])
    return Chart(
        path=_path([run for run in runs if len(run) > 1], place),
        dots=_path([run for run in runs if len(run) == 1], place),
        rows=[f"{tick:.6g}" for tick in reversed(ticks)],
        grid=[round(place.y(tick), 2) for tick in ticks],
        columns=[_clock(start + (end - start) * i // (TIMES - 1), end - start) for i in range(TIMES)],
        limits=[Line(place.y(v), tone, words) for v, tone, words in limits if ticks[0] <= v <= ticks[-1]],
        marks=[Line(place.x(time)) for time in marks if start <= time <= end],
        low=low,
        high=high,
        last=points[-1][1],
        readings=sum(bucket.number for bucket in buckets),
        points=len(points),
    )


@dataclass(frozen=True, kw_only=True)
class _Place:
    """From a moment and a value to the box; the value is divided before it is subtracted, so nothing overflows."""

    start: int
    end: int
    bottom: float
    top: float

    def x(self, time: int) -> float:
        return round((time - self.start) / (self.end - self.start) * WIDTH, 1)

    def y(self, value: float) -> float:
        scale = max(abs(self.bottom), abs(self.top))
        part = (value / scale - self.bottom / scale) / (self.top / scale - self.bottom / scale)
        return round(HEIGHT - part * HEIGHT, 2)


def _points(buckets: Iterable[Bucket]) -> list[tuple[int, float]]:
    """Two points a slice in order of time, one where both are the same reading."""
    found: list[tuple[int, float]] = []
    for bucket in buckets:
        found += sorted({(bucket.low_time, bucket.low), (bucket.high_time, bucket.high)})
    return found


def _runs(points: Sequence[tuple[int, float]], span: int) -> list[list[tuple[int, float]]]:
    """The points in runs without a gap; a run may be one point that stands alone."""
    steps = [after - before for (before, _), (after, _) in pairwise(points)]
    gap = max(GAP * median(steps), 2 * span / BUCKETS) if steps else 0
    runs = [[points[0]]]
    for step, point in zip(steps, points[1:], strict=True):
        if step > gap:
            runs.append([])
        runs[-1].append(point)
    return runs


def _path(runs: Iterable[Sequence[tuple[int, float]]], place: _Place) -> str:
    """SVG path data; a single point is a line of no length, which round ends make visible."""
    parts = []
    for run in runs:
        drawn = "L".join(f"{place.x(time):g} {place.y(value):g}" for time, value in run)
        parts.append(f"M{drawn}{'' if len(run) > 1 else 'h0'}")
    return "".join(parts)


def _ticks(low: float, high: float, limits: Sequence[Limit]) -> list[float]:
    """Three to seven round values, evenly spaced, that reach round the readings and the nearest limit."""
    middle = low / 2 + high / 2
    near = min((limit.value for limit in limits), key=lambda value: abs(value - middle), default=None)
    bottom, top = (low, high) if near is None else (min(low, near), max(high, near))
    if top / 2 - bottom / 2 <= max(1e-9 * max(abs(top), abs(bottom)), TINY):
        bottom, top = bottom - (abs(bottom) * 0.1 or 1), top + (abs(top) * 0.1 or 1)
    step = _step(top / 4 - bottom / 4)
    first, last = math.floor(bottom / step), math.ceil(top / step)
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [max(-LARGEST, min(LARGEST, round(i * step, digits))) for i in range(first, last + 1)]


def _step(rough: float) -> float:
    """The next 1, 2 or 5 × a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((power * factor for factor in (1, 2, 5) if power * factor >= rough), power * 10)


def _clock(time: int, span: int) -> str:
    at: datetime = timezone.localtime(moment(time))
    return f"{at:%H:%M}" if span <= DAY else f"{at:%m-%d %H:%M}"
