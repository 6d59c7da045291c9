"""A vehicle's way through a day, as a line to draw and a table to read."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from django.utils import timezone

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring import store
from anlan.monitoring.models import Device, Position, Series
from anlan.monitoring.moments import now_ms

WIDTH, HEIGHT, MARGIN = 720, 400, 24
MOST, ROWS = 100_000, 24
DAY = 86_400_000
BREAK = 600_000
"""A pause longer than this (ms) parts the line: nobody knows where the vehicle was."""
FASTEST = 70.0
"""Metres a second beyond which two fixes are no way driven; the distance leaves them out."""
RADIUS = 6_371_008.8


@dataclass(frozen=True, kw_only=True)
class Fix:
    """`time` in epoch ms, `speed` in km/h; None where the terminal told none."""

    time: int
    lon: float
    lat: float
    speed: float | None


@dataclass(frozen=True, kw_only=True)
class Track:
    """A day's way. Points are in the drawing's own units, the scale is a bar of `bar` units that is `scale` metres long."""

    day: date
    position: Position
    stale: bool
    located: bool
    fixes: int = 0
    path: str = ""
    start: tuple[float, float] | None = None
    end: tuple[float, float] | None = None
    kilometres: float = 0.0
    fastest: float | None = None
    scale: float = 0.0
    bar: float = 0.0
    rows: list[Fix] = field(default_factory=list)
    before: date | None = None
    after: date | None = None


def track_of(device: Device, day: str) -> Track | None:
    """The way of a day ("2026-07-01", else today); None for a device that was never anywhere."""
    position = Position.objects.filter(device=device).first()
    if position is None:
        return None
    today = timezone.localdate()
    try:
        chosen = date.fromisoformat(day) if day else today
    except ValueError:
        chosen = today
    fixes = _fixes(device, chosen)
    limit = _stale_minutes() * 60_000
    return Track(
        day=chosen,
        position=position,
        stale=now_ms() - position.time > limit,
        located=position.heard - position.time <= limit,
        before=chosen - timedelta(days=1),
        after=chosen + timedelta(days=1) if chosen < today else None,
        **_drawn(fixes),
    )


def _stale_minutes() -> int:
    try:
        return int(law_value("vehicle_position_stale_minutes", at=timezone.now()))
    except NoSuchRule:
        return 5


def _fixes(device: Device, day: date) -> list[Fix]:
    """In order of time; readings of one moment belong together."""
    begin = int(timezone.make_aware(datetime.combine(day, time())).timestamp() * 1000)
    said: dict[int, dict[str, float]] = {}
    for series in Series.objects.filter(device=device, key__in=("lon", "lat", "speed")):
        for at, value, _state in store.readings(series.pk, start=begin, end=begin + DAY, limit=MOST):
            said.setdefault(at, {})[series.key] = value
    return [
        Fix(time=at, lon=one["lon"], lat=one["lat"], speed=one.get("speed"))
        for at, one in sorted(said.items())
        if "lon" in one and "lat" in one
    ]


def _drawn(fixes: Sequence[Fix]) -> dict[str, Any]:
    if not fixes:
        return {}
    middle = math.radians(sum(fix.lat for fix in fixes) / len(fixes))
    east = [fix.lon * math.cos(middle) for fix in fixes]
    left, top = min(east), max(fix.lat for fix in fixes)
    wide, high = max(east) - left, top - min(fix.lat for fix in fixes)
    unit = max(wide / (WIDTH - 2 * MARGIN), high / (HEIGHT - 2 * MARGIN), 1e-6)
    across, down = (WIDTH - wide / unit) / 2, (HEIGHT - high / unit) / 2
    points = [
        (round(across + (x - left) / unit, 1), round(down + (top - fix.lat) / unit, 1))
        for x, fix in zip(east, fixes, strict=True)
    ]
    speeds = [fix.speed for fix in fixes if fix.speed is not None]
    return {
        "fixes": len(fixes),
        "path": _path(fixes, points),
        "start": points[0],
        "end": points[-1],
        "kilometres": _metres(fixes) / 1000,
        "fastest": max(speeds, default=None),
        **_scale(math.radians(unit) * RADIUS),
        "rows": _rows(fixes),
    }


def _scale(metres_a_unit: float) -> dict[str, float]:
    """The longest round length that fits into a fifth of the width."""
    most = metres_a_unit * WIDTH / 5
    power = 10.0 ** math.floor(math.log10(most))
    length = next(power * factor for factor in (5, 2, 1) if power * factor <= most)
    return {"scale": length, "bar": round(length / metres_a_unit, 1)}


def _path(fixes: Sequence[Fix], points: Sequence[tuple[float, float]]) -> str:
    """SVG path data without points that are drawn where the one before them is."""
    parts = [f"M{points[0][0]:g} {points[0][1]:g}h0"]
    for (before, was), (fix, here) in pairwise(zip(fixes, points, strict=True)):
        if fix.time - before.time > BREAK:
            parts.append(f"M{here[0]:g} {here[1]:g}h0")
        elif here != was:
            parts.append(f"L{here[0]:g} {here[1]:g}")
    return "".join(parts)


def metres(lon: float, lat: float, lon2: float, lat2: float) -> float:
    """The way between two points along the sphere."""
    a, b = math.radians(lat), math.radians(lat2)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(lon2 - lon) / 2) ** 2
    return 2 * RADIUS * math.asin(min(1.0, math.sqrt(half)))


def _metres(fixes: Sequence[Fix]) -> float:
    way = 0.0
    for one, two in pairwise(fixes):
        step = metres(one.lon, one.lat, two.lon, two.lat)
        if two.time - one.time <= BREAK and step <= FASTEST * (two.time - one.time) / 1000:
            way += step
    return way


def _rows(fixes: Sequence[Fix]) -> list[Fix]:
    """At most so many, evenly spread, the newest first; first and last among them."""
    step = max(1, math.ceil((len(fixes) - 1) / (ROWS - 1))) if len(fixes) > 1 else 1
    chosen = list(fixes[::step])
    if chosen[-1] != fixes[-1]:
        chosen.append(fixes[-1])
    return chosen[::-1]
