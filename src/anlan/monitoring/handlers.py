"""What monitoring listens to: its own alarms, causes that come and go, and deadlines that passed."""

from collections.abc import Callable

from anlan.kit.deadlines import DeadlinePassed
from anlan.kit.events import on
from anlan.kit.models import Deadline
from anlan.monitoring.clocks import CHAIN, REPEAT, UNSHELVE
from anlan.monitoring.escalation import alarm_repeat, chain_continue, chain_start
from anlan.monitoring.events import AlarmRaised, CauseBegun, CauseEnded, ChainsDue
from anlan.monitoring.folding import cause_fold, cause_release
from anlan.monitoring.forecasting.alarms import forecast_clear
from anlan.monitoring.maintenance import ENDS, STARTS, window_begin, window_end
from anlan.monitoring.models import Alarm
from anlan.monitoring.moments import now_ms
from anlan.monitoring.services import alarm_return

DUE: dict[str, Callable[[int], object]] = {
    CHAIN: lambda pk: chain_continue(alarm_id=pk),
    REPEAT: lambda pk: alarm_repeat(alarm_id=pk),
    UNSHELVE: lambda pk: alarm_return(alarm_id=pk),
    STARTS: lambda pk: window_begin(window_id=pk),
    ENDS: lambda pk: window_end(window_id=pk),
}


@on(ChainsDue)
def somebody_is_told(event: ChainsDue) -> None:
    for alarm_id in event.alarm_ids:
        chain_start(alarm_id=alarm_id)


@on(CauseBegun)
def cause_folds_what_came_before(event: CauseBegun) -> None:
    cause_fold(alarm_id=event.alarm_id)


@on(CauseEnded)
def cause_releases_what_outlives_it(event: CauseEnded) -> None:
    cause_release(alarm_id=event.alarm_id)


@on(DeadlinePassed)
def clock_of_alarms_ran_out(event: DeadlinePassed) -> None:
    """A deadline that was met or moved since is not ours to act on; other parts' deadlines neither."""
    if event.kind not in DUE:
        return
    row = Deadline.objects.filter(kind=event.kind, subject=event.subject, subject_id=event.subject_id).first()
    if row is not None and row.met_at is None and row.due_at == event.due_at:
        DUE[event.kind](event.subject_id)


@on(AlarmRaised)
def crossing_takes_the_place_of_its_forecast(event: AlarmRaised) -> None:
    alarm = Alarm.objects.get(pk=event.alarm_id)
    if alarm.kind == Alarm.Kind.LEVEL:
        forecast_clear(series_id=alarm.series_id, now=now_ms())
