"""Clocks: a deadline with its chasing, all from law rows; they run as rows that a worker sweeps."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import clock_text, say
from anlan.accounts.roles import Role
from anlan.accounts.telling import duty_tell, role_names
from anlan.command.flows import FIRST_REPORT, OPEN_SIGNALS, SignalState
from anlan.command.kinds import EntryKind
from anlan.command.models import Signal
from anlan.command.services.steps import entry_add, signal_announce
from anlan.kit.deadlines import deadline_meet, deadline_set, deadlines_of
from anlan.kit.law import law_value

CHASE = ".chase."


def clock_rule(kind: str, *, at: datetime) -> dict[str, Any]:
    """`{"minutes", "chase_minutes"}` of the law row named like the kind, in force at that moment."""
    value: dict[str, Any] = law_value(kind.removeprefix("command."), at=at)
    return value


def clock_due(rule: Mapping[str, Any], start: datetime) -> datetime:
    return start + timedelta(minutes=rule["minutes"])


def clock_start(*, kind: str, subject: models.Model, start: datetime, rule: Mapping[str, Any]) -> None:
    """Sets the deadline and each minute at which somebody is chased."""
    deadline_set(kind=kind, subject=subject, due_at=clock_due(rule, start))
    for minute in rule["chase_minutes"]:
        deadline_set(kind=f"{kind}{CHASE}{minute}", subject=subject, due_at=start + timedelta(minutes=minute))


def clock_stop(*, kind: str, subject: models.Model, at: datetime) -> None:
    for row in deadlines_of(subject).filter(kind__startswith=kind, met_at=None):
        deadline_meet(kind=row.kind, subject=subject, at=at)


def first_report_stop(signal: Signal, at: datetime) -> None:
    """Stops the clock of a locked signal; what came after the deadline is recorded as a breach even unswept."""
    clock_stop(kind=FIRST_REPORT, subject=signal, at=at)
    if (signal.first_report_at or at) > signal.first_report_due_at:
        _breach(signal)


def first_report_breach(*, signal_id: int) -> None:
    """The deadline has passed: the breach is written on the row and the timeline, unless the report was in time."""
    signal = Signal.objects.select_for_update(of=("self",)).get(pk=signal_id)
    if _clock_runs(signal):
        _breach(signal)
        signal_announce(signal)


def first_report_chase(*, signal_id: int, minute: int) -> None:
    """Asks the desk for the first report, and from the deadline on the commander too."""
    signal = Signal.objects.select_for_update(of=("self",)).get(pk=signal_id)
    if not _clock_runs(signal):
        return
    late = signal.arrived_at + timedelta(minutes=minute) >= signal.first_report_due_at
    roles: tuple[Role, ...] = (Role.DUTY_OFFICER, Role.COMMANDER) if late else (Role.DUTY_OFFICER,)
    duty_tell(
        roles=roles,
        area=signal.area,
        title=say(_("首报催办：已满%(minute)s分钟 · %(title)s"), minute=minute, title=signal.title),
        body=say(_("%(at)s 到达，首报时限 %(due)s。"), at=clock_text(signal.arrived_at), due=_due(signal)),
        level="alert" if late else "warn",
        url=f"/signals/{signal.pk}/",
        about=signal,
    )
    whom = role_names(roles)
    entry_add(
        kind=EntryKind.CLOCK,
        text=say(_("首报未提交，已满%(minute)s分钟，已催办：%(whom)s"), minute=minute, whom=whom),
        signal=signal,
        data={"minute": minute, "roles": [str(role) for role in roles]},
    )


def _clock_runs(signal: Signal) -> bool:
    running = signal.state in OPEN_SIGNALS or signal.state == SignalState.OPENED
    return running and signal.first_report_at is None


def _breach(signal: Signal) -> None:
    if signal.first_report_breached_at is not None:
        return
    signal.first_report_breached_at = signal.first_report_due_at
    signal.save(update_fields=["first_report_breached_at"])
    entry_add(
        kind=EntryKind.CLOCK,
        text=say(_("首报超时：时限 %(due)s 前未提交"), due=_due(signal)),
        signal=signal,
        data={"breach": FIRST_REPORT, "due_at": signal.first_report_due_at.isoformat()},
    )


def _due(signal: Signal) -> str:
    return clock_text(signal.first_report_due_at)
