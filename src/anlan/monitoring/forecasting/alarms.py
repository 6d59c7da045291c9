"""A forecast is an alarm too, of a kind of its own, one a series; the real crossing takes its place."""

from collections.abc import Iterable

from anlan.monitoring.alarms import AlarmNews, Transition, transitions_write
from anlan.monitoring.models import Alarm, Series
from anlan.monitoring.resolve import devices_by_id

NEWS = AlarmNews()


def forecast_raise(*, series_id: int, level: int, value: float, now: int) -> AlarmNews:
    """Raises the alarm of a forecast, or moves it to another level; in the caller's transaction."""
    return _write(series_id, level, value, now)


def forecast_clear(*, series_id: int, now: int) -> AlarmNews:
    """Clears it where it stands; in the caller's transaction."""
    return _write(series_id, 0, None, now)


def forecasts_overtaken(*, alarm_ids: Iterable[int], now: int) -> None:
    """Clears the forecasts of series that have now really crossed a line, in order of series."""
    crossed = Alarm.objects.filter(pk__in=list(alarm_ids), kind=Alarm.Kind.LEVEL).values("series_id")
    standing = Alarm.objects.open().filter(kind=Alarm.Kind.FORECAST, series_id__in=crossed)
    for series_id in standing.order_by("series_id").values_list("series_id", flat=True):
        forecast_clear(series_id=series_id, now=now)


def _write(series_id: int, level: int, value: float | None, now: int) -> AlarmNews:
    """The series' row is held first, as everybody who writes its alarms does."""
    row = Series.objects.select_for_update().filter(pk=series_id).first()
    standing = Alarm.objects.filter(series_id=series_id, kind=Alarm.Kind.FORECAST, cleared_at=None).first()
    before = standing.level if standing else 0
    if row is None or before == level:
        return NEWS
    device = devices_by_id([row.device_id])[row.device_id]
    change = Transition(
        series_id=series_id,
        device=device,
        kind=Alarm.Kind.FORECAST,
        time=now,
        value=value,
        before=before,
        after=level,
    )
    return transitions_write([change], now)
