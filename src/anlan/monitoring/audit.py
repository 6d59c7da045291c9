"""The auditor: the next step of every open alarm is due in the future, or there is rightly none.

What is wrong is mended where that can be done, and noted as a finding either way. Every check may be repeated.
"""

import time
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from anlan.kit.deadlines import deadline_set
from anlan.kit.models import Deadline
from anlan.monitoring.alarm_flow import AlarmState, AlarmStepName
from anlan.monitoring.clocks import (
    CHAIN,
    CLOCKS,
    REPEAT,
    SUBJECT,
    UNSHELVE,
    Chains,
    chain_resume,
    clocks_allowed,
    clocks_stop,
    clocks_wanted,
    unshelve_set,
)
from anlan.monitoring.escalation import chain_start
from anlan.monitoring.findings import finding_note
from anlan.monitoring.folding import cause_fold, loose_release
from anlan.monitoring.maintenance import ENDS, STARTS, window_begin, window_end
from anlan.monitoring.models import Alarm, AlarmFinding, AlarmStep, AuditRun, MaintenanceWindow, Suppression
from anlan.monitoring.services import alarm_return

GRACE = timedelta(minutes=2)
"""What is under way for less than this is not wrong yet."""
KEPT = timedelta(days=7)
FINDINGS_KEPT = timedelta(days=90)
NOBODY_KEPT = timedelta(hours=12)
Kind = AlarmFinding.Kind
MISSING = {REPEAT: Kind.NO_REPEAT, CHAIN: Kind.NO_CHAIN, UNSHELVE: Kind.NO_UNSHELVE}


class _Round:
    """One round: counts what it finds."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.checked = self.mended = self.reported = 0
        self.chains = Chains()

    def found(self, kind: str, *, alarm: Alarm | None = None, subject: str = "", mended: bool = True) -> None:
        self.mended += mended
        self.reported += not mended
        finding_note(kind=kind, alarm=alarm, subject=subject, mended=mended, now=self.now)

    def wanted(self, alarm: Alarm) -> set[str]:
        return clocks_wanted(alarm, self.chains.of(alarm) if alarm.is_waiting else None)

    def latest(self, alarm: Alarm, kind: str) -> datetime:
        """The latest moment for which an alarm's clock can have been set by now."""
        at = self.chains.repeat_at(alarm, self.now) if kind == REPEAT else self.chains.next_at(alarm, self.now)
        return (at or self.now) + GRACE


def alarms_audit(*, now: datetime | None = None) -> AuditRun:
    """One round over all open alarms, causes and windows; safe beside workers and other auditors."""
    at, started = now or timezone.now(), time.monotonic()
    turn = _Round(at)
    _shelves(turn)
    _clocks(turn)
    _overdue(turn)
    _hidden(turn)
    _causes(turn)
    _windows(turn)
    _close(at)
    run = AuditRun.objects.create(
        at=at,
        checked=turn.checked,
        mended=turn.mended,
        reported=turn.reported,
        took_ms=int((time.monotonic() - started) * 1000),
    )
    AuditRun.objects.filter(at__lt=at - KEPT).delete()
    return run


def _shelves(turn: _Round) -> None:
    """What was shelved in the future, before a clock was set back, would lie there for too long: it comes back now."""
    ahead = AlarmStep.objects.filter(step=AlarmStepName.SHELVE, at__gt=turn.now + GRACE).values("alarm_id")
    for alarm in Alarm.objects.open().exclude(shelved_until=None).filter(pk__in=ahead).order_by("pk"):
        with transaction.atomic():
            Alarm.objects.filter(pk=alarm.pk).exclude(shelved_until=None).update(shelved_until=turn.now)
            alarm_return(alarm_id=alarm.pk, now=turn.now)
            turn.found(Kind.NO_UNSHELVE, alarm=alarm)


def _clocks(turn: _Round) -> None:
    running: dict[int, dict[str, Deadline]] = defaultdict(dict)
    for row in Deadline.objects.filter(subject=SUBJECT, kind__in=CLOCKS, met_at=None):
        running[row.subject_id][row.kind] = row
    for alarm in Alarm.objects.open().select_related("area", "device", "series").iterator(chunk_size=500):
        turn.checked += 1
        for kind in _wrong(turn, alarm, running[alarm.pk]):
            _mend(turn, alarm.pk, kind)


def _wrong(turn: _Round, alarm: Alarm, rows: dict[str, Deadline]) -> list[str]:
    """Clocks that must run and do not, or run and must not; all of an alarm of which nobody was ever told."""
    if alarm.state == AlarmState.ACTIVE and alarm.announced_at is None:
        return [REPEAT] if turn.now - alarm.arrived_at > GRACE else []
    wanted = turn.wanted(alarm)
    if alarm.announced_at is not None and abs(turn.now - alarm.announced_at) < GRACE:
        return []
    missing = [kind for kind in sorted(wanted) if not _runs(turn, alarm, rows.get(kind))]
    return missing + [kind for kind, row in rows.items() if kind not in clocks_allowed(alarm) and row.passed_at is None]


def _runs(turn: _Round, alarm: Alarm, row: Deadline | None) -> bool:
    """One that is due and not swept yet is reported as overdue, not mended; a clock set back leaves one too far off."""
    if row is None or (row.passed_at is not None and abs(turn.now - row.passed_at) > GRACE):
        return False
    return row.passed_at is not None or row.kind == UNSHELVE or row.due_at <= turn.latest(alarm, row.kind)


def _mend(turn: _Round, alarm_id: int, kind: str) -> None:
    """Looks again with the alarm locked, and sets the clock to what the state asks for."""
    with transaction.atomic():
        rows = Alarm.objects.select_for_update(of=("self",)).select_related("area", "device", "series")
        alarm = rows.get(pk=alarm_id)
        if alarm.state == AlarmState.ACTIVE and alarm.announced_at is None:
            alarm.announced_at = turn.now
            alarm.save(update_fields=["announced_at"])
        row = Deadline.objects.filter(kind=kind, subject=SUBJECT, subject_id=alarm_id, met_at=None).first()
        if kind in clocks_wanted(alarm):
            if not _runs(turn, alarm, row):
                _set(alarm, kind, turn.now)
                turn.found(MISSING[kind], alarm=alarm)
        elif row is not None and kind not in clocks_allowed(alarm):
            clocks_stop([alarm], turn.now)
            turn.found(Kind.NOT_STOPPED, alarm=alarm)


def _set(alarm: Alarm, kind: str, now: datetime) -> None:
    """A chain that stood still goes on at once; a reminder too, and both count from now on."""
    if kind == UNSHELVE:
        unshelve_set(alarm)
    elif not alarm.chain_place:
        chain_start(alarm_id=alarm.pk, now=now)
        chain_resume(alarm=alarm, now=now) if kind == CHAIN else None
    else:
        deadline_set(kind=kind, subject=alarm, due_at=now)


def _overdue(turn: _Round) -> None:
    """Deadlines of this part that nobody has swept: the worker is behind or stands still."""
    late = Deadline.objects.filter(
        kind__in=(*CLOCKS, STARTS, ENDS), met_at=None, passed_at=None, due_at__lt=turn.now - GRACE
    )
    for kind in late.values_list("kind", flat=True).distinct():
        turn.found(Kind.OVERDUE, subject=kind, mended=False)


def _hidden(turn: _Round) -> None:
    """Hidden alarms that nothing hides any more: the news of it was lost, or the rule was taken back."""
    if (taken_back := Suppression.objects.filter(rule__active=False)).exists():
        taken_back.delete()
    for alarm in Alarm.objects.filter(pk__in=loose_release(now=turn.now, before=turn.now - GRACE)):
        turn.found(Kind.NOT_RELEASED, alarm=alarm)


def _causes(turn: _Round) -> None:
    """Folds again what was raised in the same moment as its cause, unseen by it."""
    causes = Suppression.objects.filter(alarm__arrived_at__lt=turn.now - GRACE).values_list("alarm_id", flat=True)
    for alarm_id in sorted(set(causes)):
        for pk in cause_fold(alarm_id=alarm_id, now=turn.now):
            turn.found(Kind.NOT_FOLDED, alarm=Alarm.objects.get(pk=pk))


def _windows(turn: _Round) -> None:
    windows = MaintenanceWindow.objects.filter(cancelled_at=None)
    for window in windows.filter(starts_at__lte=turn.now - GRACE, ends_at__gt=turn.now):
        if window_begin(window_id=window.pk):
            turn.found(Kind.NO_WINDOW, subject=str(window))
    over = windows.filter(ends_at__lte=turn.now - GRACE, suppressions__isnull=False).distinct()
    for window in over:
        window_end(window_id=window.pk)
        turn.found(Kind.NO_WINDOW, subject=str(window))
    for window in windows.filter(ends_at__gt=turn.now):
        known = Deadline.objects.filter(kind=ENDS, subject=window._meta.label_lower, subject_id=window.pk)
        if not known.exists():
            deadline_set(kind=STARTS, subject=window, due_at=max(turn.now, window.starts_at))
            deadline_set(kind=ENDS, subject=window, due_at=window.ends_at)
            turn.found(Kind.NO_WINDOW, subject=str(window))


def _close(now: datetime) -> None:
    """A finding that this round did not see again is over; that nobody was on duty stands for half a day."""
    seen = AlarmFinding.objects.filter(closed_at=None)
    over = Q(last_at__lt=now - GRACE) | Q(last_at__gt=now + GRACE)
    seen.exclude(kind=Kind.NOBODY).filter(over).update(closed_at=now)
    seen.filter(kind=Kind.NOBODY, last_at__lt=now - NOBODY_KEPT).update(closed_at=now)
    AlarmFinding.objects.filter(closed_at__lt=now - FINDINGS_KEPT).delete()
