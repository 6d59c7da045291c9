"""Incidents 突发事件: opened from a verified signal, commanded, assessed, related."""

from typing import Any, Unpack, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, clock_text, moment, say
from anlan.accounts.models import User
from anlan.accounts.roles import Role
from anlan.accounts.telling import Word, duty_tell
from anlan.command.events import IncidentOpened
from anlan.command.flows import INCIDENT, SIGNAL, IncidentStep, SignalStep
from anlan.command.grades import LAW, grade_for
from anlan.command.kinds import Aspect, EntryKind, Grade
from anlan.command.models import Entry, Incident, Report, Signal
from anlan.command.services.signals import signal_step
from anlan.command.services.steps import entry_add, incident_announce, locked
from anlan.kit.events import publish
from anlan.kit.law import law_value

CASUALTIES = ("deaths", "missing", "serious_injuries", "minor_injuries", "loss")


def _next_number(year: int) -> str:
    """The next number of the year; two openings at once wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('command.incident.number'))")
    last = Incident.objects.filter(number__startswith=f"{year}-").order_by("-number").first()
    return f"{year}-{int(last.number.split('-')[1]) + 1 if last else 1:05d}"


@transaction.atomic
def incident_open(*, signal: Signal, title: str = "", **act: Unpack[Act]) -> Incident:
    """处: a verified signal becomes an incident and takes its reports along."""
    row, at = locked(signal, act), moment(act)
    SIGNAL.take(row.state, SignalStep.OPEN, act["by"])
    incident = _incident_from(row, title, act)
    signal_step(row, SignalStep.OPEN, say(_("转为突发事件")), {"by": act["by"], "at": at}, incident=incident)
    row.reports.update(incident=incident)
    text = say(_("立项：%(title)s（%(number)s）"), title=incident.title, number=incident.number)
    entry_add(kind=EntryKind.INCIDENT, text=text, act=act, at=at, aspect=Aspect.HANDLE, incident=incident)
    publish(IncidentOpened(incident_id=incident.pk, signal_id=row.pk))
    incident_announce(incident)
    return incident


def _incident_from(signal: Signal, title: str, act: Act) -> Incident:
    at = moment(act)
    return Incident.objects.create(
        number=_next_number(timezone.localtime(at).year),
        title=title.strip() or signal.title,
        area=signal.area,
        organisation=signal.organisation,
        event_class=signal.event_class,
        event_type=signal.event_type,
        address=signal.address,
        location=signal.location,
        opened_at=at,
        opened_by=act["by"],
    )


def incident_step(
    incident: Incident, step: IncidentStep, text: str, act: Act, *, report: Report | None = None, **changes: Any
) -> Incident:
    """Locks, asks the table, writes the change and the timeline."""
    row = locked(incident, act)
    move = INCIDENT.take(row.state, step, act["by"])
    for name, value in changes.items():
        setattr(row, name, value)
    row.state = move.to
    row.validate_constraints()
    row.save()
    entry_add(kind=EntryKind.INCIDENT, step=step, text=text, act=act, incident=row, report=report)
    incident_announce(row)
    return row


@transaction.atomic
def incident_respond(*, incident: Incident, **act: Unpack[Act]) -> Incident:
    """设: the response begins before any order is given."""
    return incident_step(incident, IncidentStep.RESPOND, say(_("启动应急处置")), act)


@transaction.atomic
def incident_appoint(*, incident: Incident, commander: User, **act: Unpack[Act]) -> Incident:
    """设: names who commands; a person with that role who sees the incident's area."""
    visible = type(incident).objects.visible_to(commander).filter(pk=incident.pk).exists()
    if commander.role != Role.COMMANDER or not visible:
        raise ValidationError(gettext("指挥长须由本区域的指挥长担任。"))
    text = say(_("指定指挥长：%(name)s"), name=commander)
    return incident_step(incident, IncidentStep.APPOINT, text, act, commander=commander)


@transaction.atomic
def incident_control(*, incident: Incident, note: str = "", **act: Unpack[Act]) -> Incident:
    text = say(_("险情已受控。%(note)s"), note=note.strip())
    return incident_step(incident, IncidentStep.CONTROL, text, act, controlled_at=moment(act))


@transaction.atomic
def incident_relapse(*, incident: Incident, note: str, **act: Unpack[Act]) -> Incident:
    text = say(_("险情反复：%(note)s"), note=note.strip())
    return incident_step(incident, IncidentStep.RELAPSE, text, act, controlled_at=None)


@transaction.atomic
def incident_assess(*, incident: Incident, **values: Any) -> Incident:
    """研: new casualties and loss (`CASUALTIES`, whole numbers; loss in CNY); the grade follows by the law's table.

    Takes the same `by`, `at`, `key` as every step. A graver grade is told to the commanders and leaders.
    """
    numbers: dict[str, Any] = {name: int(values.pop(name, getattr(incident, name))) for name in CASUALTIES}
    act = cast(Act, values)
    table = law_value(LAW, at=moment(act))
    scales = {name: numbers[name] for name in ("deaths", "missing", "serious_injuries", "loss")}
    before, grade = incident.grade, grade_for(**scales, table=table)
    text = say(
        _(
            "死亡%(deaths)s人，失联%(missing)s人，重伤%(serious_injuries)s人，轻伤%(minor_injuries)s人，损失%(loss)s元；等级：%(grade)s"
        ),
        grade=Grade(grade).label,
        **numbers,
    )
    row = incident_step(incident, IncidentStep.ASSESS, text, act, grade=grade, **numbers)
    if grade < before:
        _tell_graver(row)
    return row


def _tell_graver(incident: Incident) -> None:
    grade = Grade(incident.grade).label
    word = Word(
        roles=(Role.COMMANDER, Role.LEADER),
        area=incident.area,
        title=say(_("事件升级为%(grade)s：%(title)s"), grade=grade, title=incident.title),
        body=say(_("更新于 %(at)s"), at=clock_text(timezone.now())),
        level="alert",
        url=f"/incidents/{incident.pk}/",
        about=incident,
    )
    duty_tell(word)


@transaction.atomic
def incident_note(*, incident: Incident, text: str, aspect: str = Aspect.MANAGE, **act: Unpack[Act]) -> Entry:
    """A line of the log, under one of the eleven sides."""
    row = locked(incident, act)
    INCIDENT.take(row.state, IncidentStep.NOTE, act["by"])
    if not text.strip():
        raise ValidationError(gettext("记事不能为空。"))
    entry = entry_add(kind=EntryKind.NOTE, text=text.strip(), act=act, aspect=aspect, incident=row)
    incident_announce(row)
    return entry


@transaction.atomic
def incident_strike(*, incident: Incident, entry: Entry, reason: str, **act: Unpack[Act]) -> Entry:
    """Strikes a wrong line by a later one; both stay."""
    row = locked(incident, act)
    INCIDENT.take(row.state, IncidentStep.NOTE, act["by"])
    if not Entry.objects.of_incident(row).filter(pk=entry.pk, struck_by=None).exclude(kind=EntryKind.STRIKE).exists():
        raise ValidationError(gettext("只能更正本事件中尚未更正的记录。"))
    if not reason.strip():
        raise ValidationError(gettext("更正必须写明原因。"))
    text = say(_("更正 %(at)s 的记录：%(reason)s"), at=clock_text(entry.at), reason=reason.strip())
    struck = entry_add(kind=EntryKind.STRIKE, text=text, act=act, incident=row, strikes=entry)
    incident_announce(row)
    return struck


@transaction.atomic
def incident_relate(*, incident: Incident, other: Incident, **act: Unpack[Act]) -> Incident:
    """Links two incidents, seen from both."""
    if incident.pk == other.pk or incident.related.filter(pk=other.pk).exists():
        raise ValidationError(gettext("请选择另一个尚未关联的事件。"))
    if not type(other).objects.visible_to(act["by"]).filter(pk=other.pk).exists():
        raise PermissionDenied(gettext("您不能查看该事件。"))
    text = say(_("关联事件：%(title)s（%(number)s）"), title=other.title, number=other.number)
    row = incident_step(incident, IncidentStep.RELATE, text, act)
    row.related.add(other)
    back = say(_("被关联到事件：%(title)s（%(number)s）"), title=row.title, number=row.number)
    entry_add(kind=EntryKind.INCIDENT, text=back, at=moment(act), incident=other)
    return row
