"""What monitoring listens to: its own alarms, causes that come and go, and deadlines that passed."""

from collections.abc import Callable

from anlan.kit.bundles import PAGES
from anlan.kit.deadlines import DeadlinePassed
from anlan.kit.events import on, on_many
from anlan.kit.models import Deadline
from anlan.monitoring.clocks import CHAIN, REPEAT, SUBJECT, UNSHELVE
from anlan.monitoring.escalation import alarms_repeat, chains_continue, chains_start
from anlan.monitoring.events import AlarmRaised, CauseBegun, CauseEnded, ChainsDue
from anlan.monitoring.folding import cause_fold, cause_release
from anlan.monitoring.forecasting.alarms import forecasts_overtaken
from anlan.monitoring.maintenance import ENDS, STARTS, window_begin, window_end
from anlan.monitoring.moments import now_ms
from anlan.monitoring.services import alarm_return

PAGES[SUBJECT] = "/alarms/?notice="


def _each(act: Callable[[int], object]) -> Callable[[list[int]], None]:
    def all_of(ids: list[int]) -> None:
        for pk in ids:
            act(pk)

    return all_of


DUE: dict[str, Callable[[list[int]], None]] = {
    CHAIN: lambda ids: chains_continue(alarm_ids=ids),
    REPEAT: lambda ids: alarms_repeat(alarm_ids=ids),
    UNSHELVE: _each(lambda pk: alarm_return(alarm_id=pk)),
    STARTS: _each(lambda pk: window_begin(window_id=pk)),
    ENDS: _each(lambda pk: window_end(window_id=pk)),
}
"""In this order: who is told that an alarm went a step up is not reminded of it in the same moment."""


@on(ChainsDue)
def somebody_is_told(event: ChainsDue) -> None:
    chains_start(alarm_ids=event.alarm_ids)


@on_many(CauseBegun)
def cause_folds_what_came_before(events: list[CauseBegun]) -> None:
    for alarm_id in sorted({event.alarm_id for event in events}):
        cause_fold(alarm_id=alarm_id)


@on_many(CauseEnded)
def cause_releases_what_outlives_it(events: list[CauseEnded]) -> None:
    for alarm_id in sorted({event.alarm_id for event in events}):
        cause_release(alarm_id=alarm_id)


@on_many(DeadlinePassed)
def clocks_of_alarms_ran_out(events: list[DeadlinePassed]) -> None:
    """A deadline that was met or moved since is not ours to act on; other parts' deadlines neither."""
    for kind, act in DUE.items():
        due = {event.subject_id: event.due_at for event in events if event.kind == kind}
        rows = Deadline.objects.filter(kind=kind, subject_id__in=due, met_at=None) if due else ()
        if ids := sorted(row.subject_id for row in rows if row.due_at == due[row.subject_id]):
            act(ids)


@on_many(AlarmRaised)
def crossing_takes_the_place_of_its_forecast(events: list[AlarmRaised]) -> None:
    forecasts_overtaken(alarm_ids=[event.alarm_id for event in events], now=now_ms())
