"""Signals 警情: entered or raised by an alarm, watched, judged, verified, and ended only with a reason or an incident."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any, Required, Unpack, cast

from django.contrib.gis.geos import Point
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, moment, say
from anlan.accounts.models import Area, Organisation
from anlan.accounts.trail import rows_create
from anlan.command.events import SignalArrived
from anlan.command.flows import FIRST_REPORT, OPEN_SIGNALS, REPORTERS, SIGNAL, SignalState, SignalStep
from anlan.command.kinds import CLASS_OF, EntryKind, EventClass, EventType, Source, Verification
from anlan.command.models import Entry, Report, Signal
from anlan.command.services.clocks import clock_due, clock_rule, clocks_start, first_report_stop
from anlan.command.services.steps import entry_add, entry_new, form_begin, locked, signal_announce
from anlan.kit.events import publish_all
from anlan.kit.flow import IllegalStep
from anlan.monitoring.models import Level

REFERENCES = frozenset(field.name for field in Signal._meta.fields if field.is_relation)
"""What the database itself checks."""


def signal_create(act: Act | None, text: str, **fields: Any) -> Signal:
    return signals_create([(text, fields)], act)[0]


def signals_create(drafts: Sequence[tuple[str, dict[str, Any]]], act: Act | None = None) -> list[Signal]:
    """Writes rows, each from its first line in the timeline and its fields, starts their clocks of the first report and
    tells the world: many with as few statements as one.
    """
    made = []
    for day, of_day in groupby(drafts, lambda draft: timezone.localtime(draft[1]["arrived_at"]).date()):
        made += _create_on(day, list(of_day), act)
    return made


def _create_on(day: date, drafts: Sequence[tuple[str, dict[str, Any]]], act: Act | None) -> list[Signal]:
    """Those that arrived on a day, by the law row of that day."""
    rule = clock_rule(FIRST_REPORT, at=day)
    rows = [_row(fields, rule) for _text, fields in drafts]
    rows_create(rows)
    clocks_start(kind=FIRST_REPORT, subject=Signal, starts={row.pk: row.arrived_at for row in rows}, rule=rule)
    Entry.objects.bulk_create(
        entry_new(kind=EntryKind.SIGNAL, text=text, act=act, at=row.arrived_at, aspect="watch", signal=row)
        for row, (text, _fields) in zip(rows, drafts, strict=True)
    )
    publish_all(SignalArrived(signal_id=row.pk, level=row.level) for row in rows)
    signal_announce(*rows)
    return rows


def _row(fields: dict[str, Any], rule: dict[str, Any]) -> Signal:
    usual = {"event_class": CLASS_OF.get(fields["event_type"], EventClass.ACCIDENT)}
    row = Signal(first_report_due_at=clock_due(rule, fields["arrived_at"]), **{**usual, **fields})
    row.clean_fields(exclude=REFERENCES)
    return row


class Told(Act, total=False):
    """What a caller or a sub-district said, besides title and source."""

    area: Required[Area]
    event_type: Required[str]
    level: int
    description: str
    address: str
    location: Point | None
    organisation: Organisation | None
    reporter_name: str
    reporter_phone: str


@transaction.atomic
def signal_enter(*, title: str, source: str, **told: Unpack[Told]) -> Signal:
    """A person enters what was told; the clock runs from this moment."""
    act, facts = _parted(told)
    form_begin(act)
    if act["by"].role not in REPORTERS or source in {Source.ALARM, Source.VIDEO}:
        raise PermissionDenied(gettext("您的角色不能录入警情。"))
    text = say(_("接%(source)s：%(title)s"), source=Source(source).label, title=title)
    usual = {"level": Level.YELLOW, "arrived_at": moment(act)}
    return signal_create(act, text, title=title.strip(), source=source, **{**usual, **facts})


def _parted(told: Told) -> tuple[Act, dict[str, Any]]:
    """Who acts and when, apart from the facts; texts lose the blanks around them."""
    act = {name: value for name, value in told.items() if name in Act.__annotations__}
    facts = {name: value for name, value in told.items() if name not in act}
    return cast(Act, act), {name: v.strip() if isinstance(v, str) else v for name, v in facts.items()}


def signal_step(
    signal: Signal, step: SignalStep, text: str, act: Act, *, report: Report | None = None, **changes: Any
) -> Signal:
    """Locks, asks the table, writes the change, stops the clocks that the step stops."""
    row = locked(signal, act)
    move = SIGNAL.take(row.state, step, act["by"])
    for name, value in changes.items():
        setattr(row, name, value)
    row.state = move.to
    row.validate_constraints()
    row.save()
    if FIRST_REPORT in move.stops:
        first_report_stop(row, moment(act))
    entry_add(kind=EntryKind.SIGNAL, step=step, text=text, act=act, signal=row, report=report)
    signal_announce(row)
    return row


@transaction.atomic
def signal_watch(*, signal: Signal, **act: Unpack[Act]) -> Signal:
    """盯: the officer takes the signal on."""
    return signal_step(signal, SignalStep.WATCH, say(_("接警，开始盯办")), act, assigned_to=act["by"])


@transaction.atomic
def signal_take_over(*, signal: Signal, **act: Unpack[Act]) -> Signal:
    """Another officer takes the signal over, at a change of shift or in need."""
    before = locked(signal, act).assigned_to
    if before == act["by"]:
        raise IllegalStep(gettext("该警情已由您盯办。"))
    text = say(_("从%(before)s接手盯办"), before=before)
    return signal_step(signal, SignalStep.TAKE_OVER, text, act, assigned_to=act["by"])


@transaction.atomic
def signal_judge(
    *, signal: Signal, level: int, event_type: str, event_class: str = "", note: str = "", **act: Unpack[Act]
) -> Signal:
    """判: real, of this level and type. What is not real is dismissed with a reason instead."""
    event_class = event_class or CLASS_OF.get(event_type, EventClass.ACCIDENT)
    text = say(
        _("研判：%(type)s（%(class)s），%(level)s。%(note)s"),
        **{"type": EventType(event_type).label, "class": EventClass(event_class).label},
        level=Level(level).label,
        note=note.strip(),
    )
    changes: dict[str, Any] = {"level": level, "event_type": event_type, "event_class": event_class}
    return signal_step(signal, SignalStep.JUDGE, text, act, **changes)


@transaction.atomic
def signal_verify(*, signal: Signal, way: str, note: str, **act: Unpack[Act]) -> Signal:
    """核: checked by phone, video or on site; the note says with whom and what was found."""
    text = say(_("%(way)s：%(note)s"), way=Verification(way).label, note=note.strip())
    return signal_step(signal, SignalStep.VERIFY, text, act, verified_by_way=way, verification=note.strip())


@transaction.atomic
def signal_dismiss(*, signal: Signal, reason: str, **act: Unpack[Act]) -> Signal:
    """Ends a signal that is no event; never without a reason."""
    text = say(_("排除：%(reason)s"), reason=reason.strip())
    return signal_step(signal, SignalStep.DISMISS, text, act, dismiss_reason=reason.strip())


@transaction.atomic
def signal_merge(*, signal: Signal, into: Signal, **act: Unpack[Act]) -> Signal:
    """Keeps a second word of the same thing, linked to the one that goes on; the earlier clock counts."""
    both = Signal.objects.select_for_update(of=("self",)).filter(pk__in=[signal.pk, into.pk]).order_by("pk")
    kept = {row.pk: row for row in both}[into.pk]
    if kept.state not in OPEN_SIGNALS | {SignalState.OPENED}:
        raise ValidationError(gettext("只能并入仍在办理的警情。"))
    text = say(_("与警情“%(title)s”为同一事，并入"), title=kept.title)
    row = signal_step(signal, SignalStep.MERGE, text, act, duplicate_of=kept)
    Signal.objects.filter(duplicate_of=row).update(duplicate_of=kept)
    _earlier_clock(kept, row)
    entry_add(
        kind=EntryKind.SIGNAL,
        text=say(_("并入另一来源的警情：%(title)s"), title=row.title),
        at=moment(act),
        signal=kept,
        data={"merged": row.pk},
    )
    signal_announce(kept)
    return row


def _earlier_clock(kept: Signal, merged: Signal) -> None:
    if kept.first_report_at is None and merged.first_report_due_at < kept.first_report_due_at:
        kept.first_report_due_at = merged.first_report_due_at
        kept.save(update_fields=["first_report_due_at"])
        rule = clock_rule(FIRST_REPORT, at=merged.arrived_at)
        clocks_start(kind=FIRST_REPORT, subject=Signal, starts={kept.pk: merged.arrived_at}, rule=rule)
