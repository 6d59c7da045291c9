"""The clocks of an alarm: when it is repeated, when it goes a step up, when it leaves the shelf.

Each is a deadline row, so a restart loses none; all of them stop when a person has seen it or its cause is gone.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from anlan.kit.deadlines import deadline_meet, deadline_set
from anlan.kit.events import publish
from anlan.kit.law import NoSuchRule, law_value
from anlan.kit.models import Deadline
from anlan.monitoring.events import ChainsDue
from anlan.monitoring.models import Alarm, DutyRole, EscalationStep

REPEAT, CHAIN, UNSHELVE = "alarm.repeat", "alarm.chain", "alarm.unshelve"
CLOCKS = (REPEAT, CHAIN, UNSHELVE)
SUBJECT = "monitoring.alarm"
LEAST_MINUTES = 1
TOLD_AT_ONCE = 10


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
    """Stops every clock that must not run in the state in which these alarms are now; two statements for any number."""
    found = list(alarms)
    quiet = [alarm.pk for alarm in found if not alarm.is_waiting]
    off_shelf = [alarm.pk for alarm in found if alarm.shelved_until is None]
    for kinds, ids in (((REPEAT, CHAIN), quiet), ((UNSHELVE,), off_shelf)):
        if ids:
            rows = Deadline.objects.filter(kind__in=kinds, subject=SUBJECT, subject_id__in=ids, met_at=None)
            rows.update(met_at=now)


def chains_due(alarm_ids: Iterable[int]) -> None:
    """Has people told of these alarms by jobs, some alarms each: in order of id, as all lock them, and few, as all wait."""
    ids = sorted(set(alarm_ids))
    for start in range(0, len(ids), TOLD_AT_ONCE):
        publish(ChainsDue(alarm_ids=tuple(ids[start : start + TOLD_AT_ONCE])))


def repeat_set(alarm: Alarm, now: datetime) -> None:
    deadline_set(kind=REPEAT, subject=alarm, due_at=now + timedelta(minutes=repeat_minutes(alarm.level)))


def chain_set(alarm: Alarm, now: datetime) -> None:
    """Sets when the next step is due: its distance from the step before, counted from `now`; stops after the last."""
    steps, place = chain_of(alarm), alarm.chain_place
    if place < len(steps):
        before = steps[place - 1].after if place else 0
        deadline_set(kind=CHAIN, subject=alarm, due_at=now + timedelta(minutes=steps[place].after - before))
    else:
        deadline_meet(kind=CHAIN, subject=alarm, at=now)


def unshelve_set(alarm: Alarm) -> None:
    assert alarm.shelved_until is not None
    deadline_set(kind=UNSHELVE, subject=alarm, due_at=alarm.shelved_until)


def chain_resume(*, alarm: Alarm, now: datetime) -> None:
    """After a pause: told again at once, and the chain goes on where it stopped."""
    if alarm.is_waiting:
        deadline_set(kind=REPEAT, subject=alarm, due_at=now)
        chain_set(alarm, now)
