"""A hazard's clocks, from the law rows of its level: to be ordered, to be rectified, to be re-checked."""

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from anlan.kit.deadlines import deadline_meet, deadline_set, deadlines_of
from anlan.kit.law import law_value
from anlan.kit.notices import notices_withdraw
from anlan.supervision.flow import HazardState
from anlan.supervision.models import Hazard

ORDER, RECTIFY, RECHECK = "supervision.hazard_order", "supervision.hazard_rectify", "supervision.hazard_recheck"
REMIND = "supervision.hazard_remind."
WAITS_IN = {ORDER: HazardState.FOUND, RECTIFY: HazardState.ORDERED, RECHECK: HazardState.RECTIFIED}


def deadlines_rule(level: str, *, at: datetime) -> dict[str, Any]:
    """The law row of the level in force at that moment: hours to order, days to rectify, re-check and extend."""
    value: dict[str, Any] = law_value(f"hazard_deadlines_{level}", at=at)
    return value


def day_end(at: datetime, days: int = 0) -> datetime:
    """The last second of the local day that is so many days later."""
    day = timezone.localtime(at).date() + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


def clocks_follow(row: Hazard, *, before: tuple[str, datetime | None], at: datetime) -> None:
    """Stops the clocks of the state that was left and starts those of the present one; a moved deadline starts anew.

    Reminders that have not left yet are taken back.
    """
    if (row.state, row.due_at) == before:
        return
    for clock in deadlines_of(row).filter(met_at=None):
        deadline_meet(kind=clock.kind, subject=row, at=at)
    notices_withdraw(about=row._meta.label_lower, ids=[row.pk])
    for kind, due in _clocks(row, at).items():
        deadline_set(kind=kind, subject=row, due_at=due)


def _clocks(row: Hazard, at: datetime) -> dict[str, datetime]:
    rule = deadlines_rule(row.level, at=at)
    if row.state == HazardState.FOUND:
        return {ORDER: at + timedelta(hours=rule["order_hours"])}
    if row.state == HazardState.RECTIFIED:
        return {RECHECK: day_end(at, rule["recheck_days"])}
    if row.state != HazardState.ORDERED or row.due_at is None:
        return {}
    reminders = {f"{REMIND}{days}": row.due_at - timedelta(days=days) for days in rule["remind_days"]}
    return {RECTIFY: row.due_at} | {kind: due for kind, due in reminders.items() if due > at}
