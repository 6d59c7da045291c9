"""What monitoring listens to: its own news."""

from anlan.kit.events import on
from anlan.monitoring.events import AlarmRaised
from anlan.monitoring.forecasting.alarms import forecast_clear
from anlan.monitoring.models import Alarm
from anlan.monitoring.moments import now_ms


@on(AlarmRaised)
def crossing_takes_the_place_of_its_forecast(event: AlarmRaised) -> None:
    alarm = Alarm.objects.get(pk=event.alarm_id)
    if alarm.kind == Alarm.Kind.LEVEL:
        forecast_clear(series_id=alarm.series_id, now=now_ms())
