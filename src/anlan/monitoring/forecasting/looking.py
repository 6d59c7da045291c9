"""What a run knows of some series before it forecasts them, and what it remembers of them for the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db.models import F
from django.utils import timezone
from numpy.typing import NDArray

from anlan.monitoring import store
from anlan.monitoring.forecasting.asking import Asked
from anlan.monitoring.forecasting.calibration import SEASONED, missed, tracked, usual
from anlan.monitoring.models import Forecast, ForecastCover, Series, SeriesForecast, ThresholdRule
from anlan.monitoring.moments import HOUR, moment

LOOK_BACK = 48 * HOUR
READINGS = 400
KEPT = timedelta(days=100)
"""So long is what intervals held kept; the page looks back 90 days."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One series: its last measurements up to now, oldest first, the forecast that stands, and what is remembered.

    `held` is what share of readings its last interval held, None where none was checked now.
    """

    series: Series
    rule: ThresholdRule
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    standing: Forecast | None
    note: SeriesForecast
    held: float | None


def looks(some: Sequence[Asked], now: int) -> list[Look]:
    """Reads the store and the notes once for all of them, and checks the intervals whose time has come."""
    ids = [one.series.pk for one in some]
    rows = store.latest(ids, count=READINGS, since=now - LOOK_BACK)
    standing = {row.series_id: row for row in Forecast.objects.filter(series__in=ids, state=Forecast.State.STANDING)}
    notes = {note.series_id: note for note in SeriesForecast.objects.filter(series__in=ids)}
    begin = _usual_scales({one.rule.pk for one in some})
    found = []
    for series, rule in some:
        read = [row for row in rows[series.pk] if row[0] <= now]
        time, value = np.array([row[0] for row in read], np.int64), np.array([row[1] for row in read], np.float64)
        note = notes.get(series.pk) or SeriesForecast(series=series, scale=begin.get(rule.pk, usual([])), since=now)
        note.rule = rule
        found.append(
            Look(
                series=series,
                rule=rule,
                time=time,
                value=value,
                standing=standing.get(series.pk),
                note=note,
                held=_check(note, time, value, now),
            )
        )
    return found


def _usual_scales(rules: Iterable[int]) -> dict[int, list[float]]:
    """By rule, what series that were checked often came to: where one begins of which nothing is known."""
    found: dict[int, list[list[float]]] = {}
    seasoned = SeriesForecast.objects.filter(rule__in=rules, checked__gte=SEASONED)
    for rule, scale in seasoned.values_list("rule", "scale"):
        found.setdefault(rule, []).append(scale)
    return {rule: usual(scales) for rule, scales in found.items()}


def _check(note: SeriesForecast, time: NDArray[np.int64], value: NDArray[np.float64], now: int) -> float | None:
    """What share of readings the interval under watch held, once its time is over; its scales follow."""
    if not note.path or now <= note.path[-1][0]:
        return None
    shares = missed(note.path, time, value)
    note.path = []
    some = [share for share in shares if share is not None]
    if not some:
        return None
    note.scale, note.checked = tracked(note.scale, shares), note.checked + 1
    return 1.0 - sum(some) / len(some)


def looks_save(some: Sequence[Look], now: int) -> None:
    """Keeps the notes and adds up what the intervals held, by series and day."""
    SeriesForecast.objects.bulk_create(
        [look.note for look in some],
        update_conflicts=True,
        unique_fields=["series"],
        update_fields=["rule", "outcome", "since", "at", "scale", "checked", "path"],
    )
    day = timezone.localtime(moment(now)).date()
    checked = {look.series.pk: look.held for look in some if look.held is not None}
    if not checked:
        return
    ForecastCover.objects.bulk_create([ForecastCover(series_id=pk, day=day) for pk in checked], ignore_conflicts=True)
    for pk, held in checked.items():
        ForecastCover.objects.filter(series=pk, day=day).update(held=F("held") + held, checked=F("checked") + 1)
    ForecastCover.objects.filter(day__lt=day - KEPT).delete()
