"""One round of forecasts over every series whose rule asks for them, with the alarms they raise and withdraw."""

import time as clock
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from django.db import transaction

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring import store
from anlan.monitoring.forecasting.alarms import forecast_clear, forecast_raise
from anlan.monitoring.forecasting.model import TELL, Crossing, Path, TooLittle, crossing, forecast
from anlan.monitoring.models import Forecast, ForecastRun, Series, ThresholdRule
from anlan.monitoring.moments import HOUR, moment
from anlan.monitoring.rulebook import rulebook

MINUTE = 60_000
LOOK_BACK = 48 * HOUR
READINGS = 400
FRESH = 3
"""The last reading may be so many steps old, and no older than an hour."""
MOST = 5000
KEPT_RUNS = 500
WITHDRAW = 0.35


class Asked(NamedTuple):
    series: Series
    rule: ThresholdRule


class Target(NamedTuple):
    """The next level that a series has not reached."""

    level: int
    limit: float
    sign: int


def chances() -> tuple[float, float]:
    """From which probability on a forecast is told, and below which it is withdrawn."""
    try:
        told = law_value("forecast_chance")
        return float(told["tell"]), float(told["withdraw"])
    except NoSuchRule:
        return TELL, WITHDRAW


def asked() -> Iterator[Asked]:
    """Series whose rule forecasts, in order of id."""
    rules = {rule.pk: rule for rule in ThresholdRule.objects.filter(active=True, forecast_minutes__gt=0)}
    if not rules:
        return
    book = rulebook()
    kinds = {rule.device_kind or rule.device.kind for rule in rules.values()}  # type: ignore[union-attr]
    rows = Series.objects.filter(device__kind__in=kinds).select_related("device").order_by("id")
    for one in rows.iterator(chunk_size=1000):
        rule = rules.get(book.ids[book.row(one.device_id, one.device.kind, one.key)])
        if rule is not None:
            yield Asked(one, rule)


def forecasts_run(*, now: int) -> ForecastRun:
    """Forecasts each, and counts how each ended; `now` in ms."""
    begun, outcomes = clock.monotonic(), Counter[str]()
    limits = chances()
    for number, one in enumerate(asked()):
        outcomes[_one(one, now, limits) if number < MOST else "left_out"] += 1
    kept = ForecastRun.objects.values_list("id", flat=True)[KEPT_RUNS:]
    ForecastRun.objects.filter(pk__in=list(kept)).delete()
    return ForecastRun.objects.create(
        at=moment(now), outcomes=dict(outcomes), seconds=round(clock.monotonic() - begun, 3)
    )


def _one(one: Asked, now: int, limits: tuple[float, float]) -> str:
    """What became of one series: told, revised, withdrawn, quiet, or why there was no forecast."""
    target = target_of(one.rule, one.series.last_value)
    standing = Forecast.objects.filter(series=one.series, state=Forecast.State.STANDING).first()
    horizon = one.rule.forecast_minutes * MINUTE
    try:
        path = path_of(one.series, now, horizon)
    except TooLittle as error:
        return _quiet(standing, now, str(error))
    if target is None:
        return _quiet(standing, now, "beyond")
    found = crossing(path, target.limit, target.sign)
    wanted = limits[1] if standing else limits[0]
    if found.due is None or found.due > now + horizon or found.chance < wanted:
        return _quiet(standing, now, "quiet")
    return _tell(one, standing, target, path, found, now)


def path_of(series: Series, now: int, horizon: int) -> Path:
    """Its path from the last readings up to `now`; raises `TooLittle`."""
    rows = store.latest([series.pk], count=READINGS, since=now - LOOK_BACK)[series.pk]
    rows = [row for row in rows if row[0] <= now]
    time, value = np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float64)
    if len(time) > 1 and now - time[-1] > min(HOUR, max(5 * MINUTE, FRESH * int(np.median(np.diff(time))))):
        raise TooLittle("stale")
    return forecast(time, value, horizon=horizon + (now - int(time[-1]) if len(time) else 0))


def target_of(rule: ThresholdRule, value: float | None) -> Target | None:
    """The lowest level whose raising value is not passed; None where all are, or the rule has no one side."""
    if value is None or rule.direction not in ("above", "below"):
        return None
    sign = 1 if rule.direction == "above" else -1
    for level, name in enumerate(("blue", "yellow", "orange", "red"), 1):
        limit = getattr(rule, f"{name}_raise")
        if limit is not None and sign * value <= sign * limit:
            return Target(level, limit, sign)
    return None


def _quiet(standing: Forecast | None, now: int, why: str) -> str:
    """No crossing is in sight: what stood is withdrawn, and scored when its horizon has passed."""
    if standing is None:
        return why
    with transaction.atomic():
        standing.state, standing.revised_at = Forecast.State.WITHDRAWN, now
        standing.save(update_fields=["state", "revised_at"])
        forecast_clear(series_id=standing.series_id, now=now)
    return "withdrawn"


@transaction.atomic
def _tell(one: Asked, standing: Forecast | None, target: Target, path: Path, found: Crossing, now: int) -> str:
    row = standing or Forecast(series=one.series, made_at=now, path=_points(path))
    word = "revised" if standing else "told"
    row.rule, row.level, row.limit, row.sign = one.rule, target.level, target.limit, target.sign
    row.early_at, row.due_at, row.late_at = found.early, found.due, found.late
    row.chance, row.revised_at, row.until = round(found.chance, 4), now, now + one.rule.forecast_minutes * MINUTE
    row.save()
    forecast_raise(series_id=one.series.pk, level=target.level, value=target.limit, now=now)
    return word


def _points(path: Path) -> list[list[float]]:
    columns = (path.mean.tolist(), path.low.tolist(), path.high.tolist())
    return [
        [path.start + (i + 1) * path.step, *(float(f"{v:.6g}") for v in values)]
        for i, values in enumerate(zip(*columns, strict=True))
    ]
