"""Clocks: a deadline with its chasing, all from law rows; they run as rows that a worker sweeps."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import clock_text, say
from anlan.accounts.roles import Role
from anlan.accounts.telling import Word, duty_tell, role_names
from anlan.accounts.trail import rows_change
from anlan.command.flows import FIRST_REPORT, OPEN_SIGNALS, SignalState
from anlan.command.kinds import EntryKind
from anlan.command.models import Entry, Signal
from anlan.command.services.steps import entry_new, locked_all, signal_announce
from anlan.kit.deadlines import deadline_meet, deadlines_of, deadlines_set
from anlan.kit.law import law_value
from anlan.kit.notices import notices_withdraw
from anlan.monitoring.models import Level

CHASE = ".chase."


def clock_rule(kind: str, *, at: datetime | date) -> dict[str, Any]:
    """`{"minutes", "chase_minutes"}` of the law row named like the kind, in force on that day."""
    value: dict[str, Any] = law_value(kind.removeprefix("command."), at=at)
    return value


def clock_due(rule: Mapping[str, Any], start: datetime) -> datetime:
    return start + timedelta(minutes=rule["minutes"])


def clocks_start(
    *, kind: str, subject: type[models.Model], starts: Mapping[int, datetime], rule: Mapping[str, Any]
) -> None:
    """Sets, for rows by id, the deadline and each minute at which somebody is chased."""
    deadlines_set(kind=kind, subject=subject, due={pk: clock_due(rule, start) for pk, start in starts.items()})
    for minute in rule["chase_minutes"]:
        due = {pk: start + timedelta(minutes=minute) for pk, start in starts.items()}
        deadlines_set(kind=f"{kind}{CHASE}{minute}", subject=subject, due=due)


def clock_stop(*, kind: str, subject: models.Model, at: datetime) -> None:
    """What has not been told of the clock yet is taken back."""
    for row in deadlines_of(subject).filter(kind__startswith=kind, met_at=None):
        deadline_meet(kind=row.kind, subject=subject, at=at)
    notices_withdraw(about=subject._meta.label_lower, ids=[subject.pk])


def first_report_stop(signal: Signal, at: datetime) -> None:
    """Stops the clock of a locked signal; what came after the deadline is recorded as a breach even unswept."""
    clock_stop(kind=FIRST_REPORT, subject=signal, at=at)
    if (signal.first_report_at or at) > signal.first_report_due_at and signal.first_report_breached_at is None:
        signal.first_report_breached_at = signal.first_report_due_at
        signal.save(update_fields=["first_report_breached_at"])
        _breach(signal).save()


@transaction.atomic
def first_reports_due(*, due: Sequence[tuple[int, int | None]]) -> None:
    """Clocks of first reports, in order: ids of signals with the minute at which somebody is chased, None for the end.

    Does nothing for a clock that was stopped since.
    """
    rows = Signal.objects.select_related("area", "incident")
    running = {pk: row for pk, row in locked_all(rows, (pk for pk, _minute in due)).items() if _clock_runs(row)}
    breached, chased, entries = [], [], []
    for signal, minute in ((running[pk], minute) for pk, minute in due if pk in running):
        if minute is not None:
            chased.append((signal, minute))
            entries.append(_chase(signal, minute))
        elif signal.first_report_breached_at is None:
            signal.first_report_breached_at = signal.first_report_due_at
            breached.append(signal)
            entries.append(_breach(signal))
    rows_change(breached, "first_report_breached_at")
    Entry.objects.bulk_create(entries)
    signal_announce(*breached)
    duty_tell(*(_word(*one) for one in sorted(chased, key=lambda one: -one[0].level)))


def _late(signal: Signal, minute: int) -> bool:
    return signal.arrived_at + timedelta(minutes=minute) >= signal.first_report_due_at


def _whom(signal: Signal, minute: int) -> tuple[Role, ...]:
    """The desk, and from the deadline on the commander too."""
    return (Role.DUTY_OFFICER, Role.COMMANDER) if _late(signal, minute) else (Role.DUTY_OFFICER,)


def _word(signal: Signal, minute: int) -> Word:
    late, level = _late(signal, minute), say(Level(signal.level).label)
    return Word(
        roles=_whom(signal, minute),
        area=signal.area,
        title=say(
            _("【%(level)s】首报催办：已满%(minute)s分钟 · %(title)s"), level=level, minute=minute, title=signal.title
        ),
        body=say(_("%(at)s 到达，首报时限 %(due)s。"), at=clock_text(signal.arrived_at), due=_due(signal)),
        level="alert" if late else "warn",
        url=f"/signals/{signal.pk}/",
        about=signal,
        tag=say(_("首报超时")) if late else say(_("首报催办")),
        urgent=True,
    )


def _chase(signal: Signal, minute: int) -> Entry:
    roles = _whom(signal, minute)
    text = say(_("首报未提交，已满%(minute)s分钟，已催办：%(whom)s"), minute=minute, whom=role_names(roles))
    data = {"minute": minute, "roles": [str(role) for role in roles]}
    return entry_new(kind=EntryKind.CLOCK, text=text, signal=signal, data=data)


def _clock_runs(signal: Signal) -> bool:
    running = signal.state in OPEN_SIGNALS or signal.state == SignalState.OPENED
    return running and signal.first_report_at is None


def _breach(signal: Signal) -> Entry:
    text = say(_("首报超时：时限 %(due)s 前未提交"), due=_due(signal))
    data = {"breach": FIRST_REPORT, "due_at": signal.first_report_due_at.isoformat()}
    return entry_new(kind=EntryKind.CLOCK, text=text, signal=signal, data=data)


def _due(signal: Signal) -> str:
    return clock_text(signal.first_report_due_at)
