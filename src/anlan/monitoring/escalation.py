"""Who is told of an alarm: by the roster of the moment, again and again, and step by step further up."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import User
from anlan.kit.notices import notice_send
from anlan.monitoring.alarm_flow import AlarmStepName
from anlan.monitoring.clocks import ChainStep, chain_of, chain_set, paths_above, repeat_set
from anlan.monitoring.findings import finding_note
from anlan.monitoring.models import Alarm, AlarmFinding, AlarmStep, DutyRole, DutyShift, Level
from anlan.monitoring.wording import alarm_title, say

ALERT_FROM = 3
COMES_UP = (AlarmStepName.RAISE, AlarmStepName.ESCALATE, AlarmStepName.RELEASE, AlarmStepName.NOTIFY)


def on_duty(*, role: str, path: str, at: datetime) -> list[User]:
    """Who holds this duty at a moment for the area of this path: those of the nearest area that has any."""
    shifts = DutyShift.objects.filter(
        role=role, starts_at__lte=at, ends_at__gt=at, area__path__in=paths_above(path), person__is_active=True
    ).select_related("person", "area")
    nearest = max((shift.area.path for shift in shifts), key=len, default="")
    found = {shift.person_id: shift.person for shift in shifts if shift.area.path == nearest}
    return [found[pk] for pk in sorted(found)]


@transaction.atomic
def chain_start(*, alarm_id: int, now: datetime | None = None) -> None:
    """Begins at the first step: for a new alarm, and again for one that reached a higher level."""
    alarm, at = _locked(alarm_id), now or timezone.now()
    if alarm.is_waiting and not _told(alarm):
        alarm.chain_place = 0
        _advance(alarm, at)
        repeat_set(alarm, at)


@transaction.atomic
def chain_continue(*, alarm_id: int, now: datetime | None = None) -> None:
    """The next step is due, nobody has acknowledged: those told before are told that it went further up."""
    alarm, at = _locked(alarm_id), now or timezone.now()
    if alarm.is_waiting:
        before = _reached(alarm, at)
        reached = _advance(alarm, at, due=True)
        if before:
            words = (
                _("已 %(minutes)d 分钟未确认,已上报上一级。")
                if reached
                else _("已 %(minutes)d 分钟未确认,上级无人在岗。")
            )
            _tell(alarm, before, say(words, minutes=_age(alarm, at)))
        repeat_set(alarm, at)


@transaction.atomic
def alarm_repeat(*, alarm_id: int, now: datetime | None = None) -> None:
    """Tells everybody whom the chain has reached once more."""
    alarm, at = _locked(alarm_id), now or timezone.now()
    if alarm.is_waiting:
        words = say(_("再次提醒:已 %(minutes)d 分钟未确认。"), minutes=_age(alarm, at))
        _tell(alarm, _reached(alarm, at), words)
        repeat_set(alarm, at)


def _reached(alarm: Alarm, at: datetime) -> list[User]:
    """Who holds now the duties to which the chain has come."""
    reached = chain_of(alarm)[: alarm.chain_place]
    return list({p.pk: p for step in reached for p in on_duty(role=step.role, path=alarm.area.path, at=at)}.values())


def _age(alarm: Alarm, at: datetime) -> int:
    """Minutes since people were told of it first."""
    return int((at - (alarm.announced_at or alarm.arrived_at)).total_seconds() // 60)


def chain_hand_up(alarm: Alarm, at: datetime) -> ChainStep | None:
    """Takes the next step of a locked alarm at once, at a person's wish; None where there is no further one."""
    steps = chain_of(alarm)
    if alarm.chain_place >= len(steps):
        return None
    step = steps[alarm.chain_place]
    _take(alarm, step, at)
    if alarm.is_waiting:
        chain_set(alarm, at)
    return step


def _locked(alarm_id: int) -> Alarm:
    rows = Alarm.objects.select_for_update(of=("self",)).select_related("area", "device", "series")
    return rows.get(pk=alarm_id)


def _told(alarm: Alarm) -> bool:
    """Whether somebody was told since it last came up or grew worse: both may be news of one batch."""
    last = AlarmStep.objects.filter(alarm=alarm, step__in=COMES_UP).order_by("-id").first()
    return last is not None and last.step == AlarmStepName.NOTIFY


def _advance(alarm: Alarm, at: datetime, *, due: bool = False) -> bool:
    """Takes what is due; where nobody holds a duty, the next step follows at once. True where somebody was told."""
    steps, reached, told = chain_of(alarm), False, alarm.chain_place > 0
    ready = due or not steps or steps[0].after == 0
    while ready and alarm.chain_place < len(steps):
        reached = _take(alarm, steps[alarm.chain_place], at)
        if reached:
            break
    if alarm.chain_place >= len(steps) and not reached and not told:
        _tell(alarm, (), say(_("无人在岗可上报,请在岗人员处理。")))
    alarm.save(update_fields=["chain_place"])
    chain_set(alarm, at)
    return reached


def _take(alarm: Alarm, step: ChainStep, at: datetime) -> bool:
    """One step: tells who is on duty, or reports that nobody is. True where somebody was told."""
    people = on_duty(role=step.role, path=alarm.area.path, at=at)
    role = DutyRole(step.role).label
    names = "、".join(str(person) for person in people)
    note = say(_("%(role)s:%(names)s"), role=role, names=names or _("无人在岗,转下一级"))
    AlarmStep.objects.create(alarm=alarm, step=AlarmStepName.NOTIFY, at=at, level=alarm.level, note=note[:500])
    alarm.chain_place += 1
    alarm.save(update_fields=["chain_place"])
    if not people:
        finding_note(kind=AlarmFinding.Kind.NOBODY, subject=say(f"{alarm.area} · {role}"), now=at)
        return False
    _tell(alarm, people, say(_("由%(role)s处理;确认后停止提醒。"), role=role))
    return True


def _tell(alarm: Alarm, people: Iterable[Any], why: str) -> None:
    """Notices to these people; to the duty officers' role where there is nobody."""
    addresses = [f"user:{person.pk}" for person in people]
    district = paths_above(alarm.area.path)[0].rstrip(".")
    title = say(_("【%(level)s】%(alarm)s"), level=Level(alarm.level).label, alarm=alarm_title(alarm))[:200]
    at = f"{timezone.localtime(alarm.raised_at):%m-%d %H:%M:%S}"
    body = say(_("%(area)s %(at)s 触发。%(why)s"), area=alarm.area, at=at, why=why)
    for address in addresses or [f"role:duty_officer@{district}"]:
        notice_send(
            address=address, title=title, body=body, level="alert" if alarm.level >= ALERT_FROM else "warn",
            url=f"/alarms/{alarm.pk}/", about=alarm,
        )  # fmt: skip


def tell_assignee(alarm: Alarm, note: str) -> None:
    """The person to whom an alarm was given."""
    _tell(alarm, [alarm.assigned_to], note or say(_("该报警已指派给您。")))
