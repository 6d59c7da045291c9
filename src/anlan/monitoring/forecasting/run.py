"""One round of forecasts over every series whose rule asks for them, with the alarms they raise and withdraw."""

import time as clock
from collections import Counter

from django.db import transaction

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring.forecasting.alarms import forecast_clear, forecast_raise
from anlan.monitoring.forecasting.asking import Target, asked, target_of
from anlan.monitoring.forecasting.looking import Look, looks, looks_save
from anlan.monitoring.forecasting.model import TELL, Crossing, Path, crossing, forecast
from anlan.monitoring.forecasting.soundness import TooLittle
from anlan.monitoring.models import Forecast, ForecastRun, SeriesForecast
from anlan.monitoring.moments import HOUR, moment

MINUTE = 60_000
FRESH = 3
"""The last reading may be so many steps old, and no older than an hour."""
MOST, TOGETHER = 5000, 200
KEPT_RUNS = 500
WITHDRAW = 0.35


def chances() -> tuple[float, float]:
    """From which probability on a forecast is told, and below which it is withdrawn."""
    try:
        told = law_value("forecast_chance")
        return float(told["tell"]), float(told["withdraw"])
    except NoSuchRule:
        return TELL, WITHDRAW


def forecasts_run(*, now: int) -> ForecastRun:
    """Forecasts each, and counts how each ended; `now` in ms."""
    begun, outcomes, limits = clock.monotonic(), Counter[str](), chances()
    ones = list(asked())
    for first in range(0, min(len(ones), MOST), TOGETHER):
        some = looks(ones[first : min(first + TOGETHER, MOST)], now)
        for look in some:
            outcomes[look.note.say(_one(look, now, limits), now)] += 1
        looks_save(some, now)
    if left := len(ones) - MOST if len(ones) > MOST else 0:
        outcomes["left_out"] = left
    SeriesForecast.objects.exclude(series_id__in=[one.series.pk for one in ones[:MOST]]).delete()
    kept = ForecastRun.objects.values_list("id", flat=True)[KEPT_RUNS:]
    ForecastRun.objects.filter(pk__in=list(kept)).delete()
    return ForecastRun.objects.create(
        at=moment(now), outcomes=dict(outcomes), seconds=round(clock.monotonic() - begun, 3)
    )


def _one(look: Look, now: int, limits: tuple[float, float]) -> str:
    """What became of one series: told, revised, withdrawn, quiet, or why there was no forecast."""
    horizon = look.rule.forecast_minutes * MINUTE
    try:
        path = path_of(look, now, horizon)
    except TooLittle as error:
        return _quiet(look.standing, now, str(error))
    look.note.watch(_points(path))
    target = target_of(look.rule, float(look.value[-1]))
    if target is None:
        return _quiet(look.standing, now, "beyond")
    found = crossing(path, target.limit, target.sign)
    if not _in_sight(found, now + horizon, limits[1] if look.standing else limits[0]):
        return _quiet(look.standing, now, "quiet")
    if look.standing is None and not _stands_without_jumps(path, target, now + horizon, limits[1]):
        return "jump"
    return _tell(look, target, path, found, now)


def path_of(look: Look, now: int, horizon: int) -> Path:
    """Its path from the last readings up to `now`; raises `TooLittle`."""
    time = look.time
    if not len(time):
        raise TooLittle("short")
    age = now - int(time[-1])
    usual = int((time[-1] - time[0]) // max(1, len(time) - 1))
    if age > min(HOUR, max(5 * MINUTE, FRESH * usual)):
        raise TooLittle("stale")
    return forecast(time, look.value, horizon=horizon + age, scales=look.note.scale)


def _in_sight(found: Crossing, until: int, wanted: float) -> bool:
    return found.due is not None and found.due <= until and found.chance >= wanted


def _stands_without_jumps(path: Path, target: Target, until: int, wanted: float) -> bool:
    """Whether it would be in sight too if the greatest changes had not been: a course, not a step."""
    return path.bare is not None and _in_sight(crossing(path.bare, target.limit, target.sign), until, wanted)


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
def _tell(look: Look, target: Target, path: Path, found: Crossing, now: int) -> str:
    row = look.standing or Forecast(series=look.series, made_at=now, path=_points(path))
    row.rule, row.level, row.limit, row.sign = look.rule, target.level, target.limit, target.sign
    row.early_at, row.due_at, row.late_at = found.early, found.due, found.late
    row.chance, row.revised_at, row.until = round(found.chance, 4), now, now + look.rule.forecast_minutes * MINUTE
    row.save()
    forecast_raise(series_id=look.series.pk, level=target.level, value=target.limit, now=now)
    return "revised" if look.standing else "told"


def _points(path: Path) -> list[list[float]]:
    columns = (path.mean.tolist(), path.low.tolist(), path.high.tolist())
    return [
        [path.start + (i + 1) * path.step, *(float(f"{v:.9g}") for v in values)]
        for i, values in enumerate(zip(*columns, strict=True))
    ]
