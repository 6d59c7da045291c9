"""Sensors that speak and yet tell nothing: stuck at one value, mostly out of range, or drifting from their neighbours.

All from the summed-up days of `series_days`, whether a rule watches for it or not. A stuck sensor is looked for where its
quantity is expected to change: its rule says how long it may hold, or its kind of device does (`blind_flat_hours`).
"""

import warnings
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring.forecasting.days import day_of
from anlan.monitoring.life.flow import Stage
from anlan.monitoring.models import BlindSpot, Device, Series, SeriesDay, ThresholdRule
from anlan.monitoring.moments import HOUR
from anlan.monitoring.rulebook import rulebook
from anlan.monitoring.series_days import KEPT, date_of
from anlan.monitoring.wording import say, series_title, unit_text

Numbers = NDArray[np.float64]
Kind = BlindSpot.Kind
ENOUGH = 10
"""Readings without which nothing is said of a series."""
EARTH = 6_371_000.0
MOST_NEIGHBOURS = 8
LAST_DAYS = 2
"""A drift lasts so many days before it counts."""
OF_RANGE = 0.25
"""A drift is measured against the usual scatter, and no less than this share of a day's usual range."""


class Finding(NamedTuple):
    """A series that is blind: since when (ms, None where unknown), and why in words."""

    kind: str
    series: Series
    since: int | None
    why: str


def findings(*, now: int) -> Iterator[Finding]:
    """Of all devices that are online, as of the last sum; `now` in ms."""
    today = date_of(day_of(now))
    rows = SeriesDay.objects.filter(day__gte=today - timedelta(days=KEPT)).order_by("series_id", "day")
    of_series: dict[int, list[SeriesDay]] = defaultdict(list)
    for row in rows.iterator(chunk_size=5000):
        of_series[row.series_id].append(row)
    online = Series.objects.filter(device__status=Device.Status.ONLINE).exclude(device__life=Stage.RETIRED)
    series = {one.pk: one for one in online.select_related("device").order_by("id") if one.pk in of_series}
    hours = _hours(list(series.values()))
    for pk, one in series.items():
        days = [row for row in of_series[pk] if row.day >= today - timedelta(days=1)]
        if (found := _invalid(one, days)) or (pk in hours and (found := _flat(one, of_series[pk], hours[pk], now))):
            yield found
    yield from drifts(series, of_series)


def told(code: str, otherwise: Any) -> Any:
    try:
        return law_value(code)
    except NoSuchRule:
        return otherwise


def _hours(series: list[Series]) -> dict[int, float]:
    """How long each may hold one value, of those that are expected to change."""
    rules, book = ThresholdRule.objects.in_bulk(), rulebook()
    of_kind: dict[str, float] = told("blind_flat_hours", {})
    found = {}
    for one in series:
        rule = rules.get(book.ids[book.static_row(one.device_id, one.device.kind, one.key)])
        if rule is None:
            continue
        if rule.flat_minutes:
            found[one.pk] = rule.flat_minutes / 60
        elif of_kind.get(one.device.kind) and not _is_switch(rule):
            found[one.pk] = float(of_kind[one.device.kind])
    return found


def _is_switch(rule: ThresholdRule) -> bool:
    """A state of on and off, or a counter, rests by its nature."""
    return rule.counter or (rule.low, rule.high) == (0, 1)


def _invalid(series: Series, days: list[SeriesDay]) -> Finding | None:
    bad, number = sum(row.bad for row in days), sum(row.number for row in days)
    if bad < ENOUGH or bad <= float(told("blind_invalid_share", 0.5)) * (bad + number):
        return None
    share = round(100 * bad / (bad + number))
    why = say(
        _("%(name)s 自昨日以来 %(share)d%% 的读数无效或超量程(%(bad)d 个)"), name=_title(series), share=share, bad=bad
    )
    return Finding(Kind.INVALID, series, None, why)


def _flat(series: Series, days: list[SeriesDay], hours: float, now: int) -> Finding | None:
    some = [row for row in days if row.number]
    since, number = _held(some)
    if number < ENOUGH or now - since < hours * HOUR or some[-1].day < date_of(day_of(now) - 1):
        return None
    value = f"{some[-1].last:.6g} {unit_text(series.unit)}".strip()
    words = _("%(name)s 已 %(hours)d 小时停在 %(value)s 不变")
    return Finding(Kind.FLAT, series, since, say(words, name=_title(series), hours=(now - since) // HOUR, value=value))


def _held(days: list[SeriesDay]) -> tuple[int, int]:
    """Since when, ms, the last value has been held, and about how many readings say so."""
    since, number, value = 0, 0, None
    for row in reversed(days):
        if value is not None and row.last != value:
            break
        value, number = row.last, number + row.number
        if row.changed is not None:
            return row.changed, number
        since = row.first or 0
    return since, number


def drifts(series: dict[int, Series], of_series: dict[int, list[SeriesDay]]) -> Iterator[Finding]:
    """Those of a kind and key that have moved away from the middle of their neighbours, and stayed away."""
    limits: dict[str, float] = told("blind_drift", {"metres": 0, "neighbours": 3, "days": 5, "times": 6})
    groups: dict[tuple[str, str, str], list[Series]] = defaultdict(list)
    for one in series.values():
        if one.device.location is not None:
            groups[one.device.kind, one.key, one.unit].append(one)
    for members in groups.values():
        if len(members) > limits["neighbours"] and limits["metres"] > 0:
            yield from _of_group(members, of_series, limits)


def _of_group(
    members: list[Series], of_series: dict[int, list[SeriesDay]], limits: dict[str, float]
) -> Iterator[Finding]:
    days = sorted({row.day for one in members for row in of_series[one.pk]})
    if len(days) < limits["days"] + LAST_DAYS:
        return
    median, extent = _tables(members, of_series, days)
    near = _neighbours(members, limits["metres"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        own = median - np.nanmedian(median[:, :-LAST_DAYS], axis=1)[:, None]
        offset = own - np.array([np.nanmedian(own[ids], axis=0) if len(ids) else own[0] * np.nan for ids in near])
        before, last = offset[:, :-LAST_DAYS], offset[:, -LAST_DAYS:]
        usual = np.nanmedian(before, axis=1)
        scatter = 1.4826 * np.nanmedian(np.abs(before - usual[:, None]), axis=1)
        scale = np.maximum(scatter, OF_RANGE * np.nanmedian(extent, axis=1))
    moved = last - usual[:, None]
    enough = (np.isfinite(before).sum(axis=1) >= limits["days"]) & np.array(
        [len(ids) >= limits["neighbours"] for ids in near]
    )
    away = np.abs(moved) > limits["times"] * np.maximum(scale, 1e-9)[:, None]
    drifting = enough & away.all(axis=1) & (np.abs(np.sign(moved).sum(axis=1)) == LAST_DAYS)
    for place in np.flatnonzero(drifting).tolist():
        yield _drift(members[place], float(moved[place, -1]), float(scale[place]), len(near[place]))


def _drift(series: Series, moved: float, scale: float, near: int) -> Finding:
    words = _("%(name)s 与 %(near)d 个邻近站之差近两日偏移 %(moved)s(平常 ±%(scale)s)")
    unit = unit_text(series.unit)
    why = say(
        words, name=_title(series), near=near, moved=f"{moved:+.3g} {unit}".strip(), scale=f"{scale:.2g} {unit}".strip()
    )
    return Finding(Kind.DRIFT, series, None, why)


def _tables(members: list[Series], of_series: dict[int, list[SeriesDay]], days: list[Any]) -> tuple[Numbers, Numbers]:
    """(members, days): medians and ranges, NaN where there is none."""
    place = {day: k for k, day in enumerate(days)}
    median, extent = np.full((2, len(members), len(days)), np.nan)
    for i, one in enumerate(members):
        for row in of_series[one.pk]:
            if row.median is not None and row.high is not None and row.low is not None:
                median[i, place[row.day]], extent[i, place[row.day]] = row.median, row.high - row.low
    return median, extent


def _neighbours(members: list[Series], metres: float) -> list[NDArray[np.int64]]:
    """The places of the nearest others within so many metres, at most `MOST_NEIGHBOURS`; never of the same device."""
    from scipy.spatial import cKDTree

    places = [one.device.location for one in members]
    angles = np.radians([[place.y, place.x] for place in places if place])
    flat = EARTH * angles * [1.0, float(np.cos(angles[:, 0].mean()))]
    _far, found = cKDTree(flat).query(flat, k=min(len(members), MOST_NEIGHBOURS + 1), distance_upper_bound=metres)
    return [np.array([k for k in row if k != i and k < len(members)], np.int64) for i, row in enumerate(found)]


def _title(series: Series) -> str:
    return series_title(series, series.device.protocol)
