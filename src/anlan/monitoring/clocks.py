"""The clocks of an alarm: when it is repeated, when it goes a step up, when it leaves the shelf.

Each is a deadline row, so a restart loses none; all of them stop when a person has seen it or its cause is gone.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from anlan.kit.deadlines import deadline_set, deadlines_set
from anlan.kit.events import publish_all
from anlan.kit.law import NoSuchRule, law_value
from anlan.kit.models import Deadline
from anlan.kit.notices import notices_withdraw
from anlan.monitoring.events import ChainsDue
from anlan.monitoring.models import Alarm, DutyRole, EscalationStep, Level

REPEAT, CHAIN, UNSHELVE = "alarm.repeat", "alarm.chain", "alarm.unshelve"
CLOCKS = (REPEAT, CHAIN, UNSHELVE)
SUBJECT = "monitoring.alarm"
LEAST_MINUTES = 1
TOLD_AT_ONCE = 50


class ChainStep(NamedTuple):
    """After so many minutes without acknowledgement an alarm goes to whoever holds this duty."""

    after: int
    role: str


def chain_of(alarm: Alarm) -> list[ChainStep]:
    """The steps of an alarm's level in order: those of the nearest area that has its own, else the law row's."""
    paths = paths_above(alarm.area.path)
    rows = EscalationStep.objects.filter(level=alarm.level, area__path__in=paths).select_related("area")
    if nearest := max((row.area.path for row in rows), key=len, default=""):
        steps = [ChainStep(row.after_minutes, row.role) for row in rows if row.area.path == nearest]
    else:
        steps = [ChainStep(int(s["after"]), s["role"]) for s in _by_level("alarm_escalation", alarm.level) or ()]
    return sorted(step for step in steps if step.role in DutyRole.values)


def repeat_minutes(level: int) -> int:
    """How often an unacknowledged alarm of a level is told again."""
    return max(LEAST_MINUTES, int(_by_level("alarm_repeat_minutes", level) or 15))


def _by_level(code: str, level: int) -> Any:
    try:
        return law_value(code).get(str(level))
    except NoSuchRule:
        return None


def paths_above(path: str) -> list[str]:
    """An area's path and those of all above it."""
    codes = path.rstrip(".").split(".")
    return [".".join(codes[:length]) + "." for length in range(1, len(codes) + 1)]


def clocks_wanted(alarm: Alarm, chain: list[ChainStep] | None = None) -> set[str]:
    """Which clocks must be running in an alarm's state; `chain` where the caller knows it already."""
    if alarm.shelved_until is not None and alarm.cleared_at is None:
        return {UNSHELVE}
    if not alarm.is_waiting:
        return set()
    steps = chain_of(alarm) if chain is None else chain
    return {REPEAT, CHAIN} if alarm.chain_place < len(steps) else {REPEAT}


def clocks_allowed(alarm: Alarm) -> set[str]:
    """Which clocks may run: a chain may have one step left that an eased level no longer has; it then does nothing."""
    return {REPEAT, CHAIN} if alarm.is_waiting else clocks_wanted(alarm)


def clocks_stop(alarms: Iterable[Alarm], now: datetime) -> None:
    """Stops every clock that must not run in the state in which these alarms are now, and takes back reminders on their way."""
    found = list(alarms)
    quiet = [alarm.pk for alarm in found if not alarm.is_waiting]
    off_shelf = [alarm.pk for alarm in found if alarm.shelved_until is None]
    for kinds, ids in (((REPEAT, CHAIN), quiet), ((UNSHELVE,), off_shelf)):
        if ids:
            rows = Deadline.objects.filter(kind__in=kinds, subject=SUBJECT, subject_id__in=ids, met_at=None)
            rows.update(met_at=now)
    if quiet:
        notices_withdraw(about=SUBJECT, ids=quiet)


def chains_due(alarms: Iterable[Alarm]) -> None:
    """Has people told of these alarms by jobs, some alarms each: in order of id, as all lock them; red ones first."""
    found = {alarm.pk: alarm for alarm in alarms}
    for urgent in (True, False):
        ids = sorted(pk for pk, alarm in found.items() if (alarm.level >= Level.RED) == urgent)
        parts = [tuple(ids[start : start + TOLD_AT_ONCE]) for start in range(0, len(ids), TOLD_AT_ONCE)]
        publish_all([ChainsDue(alarm_ids=part) for part in parts], urgent=urgent)


def unshelve_set(alarm: Alarm) -> None:
    assert alarm.shelved_until is not None
    deadline_set(kind=UNSHELVE, subject=alarm, due_at=alarm.shelved_until)


def unshelves_set(alarms: Iterable[Alarm]) -> None:
    """The same of many."""
    due = {alarm.pk: alarm.shelved_until for alarm in alarms if alarm.shelved_until is not None}
    deadlines_set(kind=UNSHELVE, subject=Alarm, due=due)


def chain_resume(*, alarm: Alarm, now: datetime) -> None:
    """After a pause: told again at once, and the chain goes on where it stopped."""
    chains_resume(alarms=[alarm], now=now)


def chains_resume(*, alarms: Iterable[Alarm], now: datetime) -> None:
    """The same of many, with a few statements."""
    waiting = [alarm for alarm in alarms if alarm.is_waiting]
    chains_set(waiting, Chains(), now)
    deadlines_set(kind=REPEAT, subject=Alarm, due={alarm.pk: now for alarm in waiting})


class Chains:
    """Chains of alarms and minutes between reminders, each read once: what one transaction asks for many alarms."""

    def __init__(self) -> None:
        self._steps: dict[tuple[int, int], list[ChainStep]] = {}
        self._repeats: dict[int, int] = {}

    def of(self, alarm: Alarm) -> list[ChainStep]:
        key = alarm.area_id, alarm.level
        if key not in self._steps:
            self._steps[key] = chain_of(alarm)
        return self._steps[key]

    def repeat_at(self, alarm: Alarm, now: datetime) -> datetime:
        if alarm.level not in self._repeats:
            self._repeats[alarm.level] = repeat_minutes(alarm.level)
        return now + timedelta(minutes=self._repeats[alarm.level])

    def next_at(self, alarm: Alarm, now: datetime) -> datetime | None:
        """When the next step is due: its distance from the step before, counted from `now`; None after the last."""
        steps, place = self.of(alarm), alarm.chain_place
        if place >= len(steps):
            return None
        return now + timedelta(minutes=steps[place].after - (steps[place - 1].after if place else 0))


def chains_set(alarms: Iterable[Alarm], chains: Chains, now: datetime) -> None:
    """Sets when the next step of each is due; stops the clock of those that have none left."""
    next_at = {alarm.pk: chains.next_at(alarm, now) for alarm in alarms}
    deadlines_set(kind=CHAIN, subject=Alarm, due={pk: at for pk, at in next_at.items() if at is not None})
    if over := [pk for pk, at in next_at.items() if at is None]:
        Deadline.objects.filter(kind=CHAIN, subject=SUBJECT, subject_id__in=over, met_at=None).update(met_at=now)


def repeats_set(alarms: Iterable[Alarm], chains: Chains, now: datetime) -> None:
    due = {alarm.pk: chains.repeat_at(alarm, now) for alarm in alarms}
    deadlines_set(kind=REPEAT, subject=Alarm, due=due)
