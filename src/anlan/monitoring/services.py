"""What people do in the monitoring centre: act on alarms, give a device its token."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.accounts.roles import Role
from anlan.kit.events import publish
from anlan.kit.flow import IllegalStep
from anlan.kit.law import law_value
from anlan.monitoring.alarm_flow import FLOW, AlarmState, AlarmStepName
from anlan.monitoring.clocks import chain_resume, clocks_stop, paths_above, unshelve_set
from anlan.monitoring.escalation import chain_hand_up, tell_assignee
from anlan.monitoring.events import AlarmRaised
from anlan.monitoring.life.flow import FLOW as FLOW_OF_LIFE
from anlan.monitoring.life.flow import LifeStep, Stage
from anlan.monitoring.life.tokens_kept import token_kept
from anlan.monitoring.models import Alarm, AlarmStep, Device, DutyRole
from anlan.monitoring.models.alarm import AlarmRows
from anlan.monitoring.resolve import devices_by_id
from anlan.monitoring.showing import alarm_show, alarms_show

TOKEN_BYTES = 32
SEEN_TOGETHER = 200
ACKNOWLEDGERS = (Role.DUTY_OFFICER, Role.COMMANDER)
"""Those who act on alarms at the desk. It is a step, not a right to edit alarm rows, so the grants do not give it."""
ASSIGNED = (*ACKNOWLEDGERS, Role.LEADER, Role.INSPECTOR, Role.DEPARTMENT, Role.STREET)
"""Those to whom an alarm may be given."""


def may_acknowledge(user: Any) -> bool:
    return bool(user.is_superuser or user.role in ACKNOWLEDGERS)


def may_issue_tokens(user: Any) -> bool:
    return bool(user.is_superuser or user.role == Role.ADMINISTRATOR)


def assignees(alarm: Alarm) -> QuerySet[User]:
    """People to whom this alarm may be given: those who see its area."""
    within = User.objects.filter(is_active=True, role__in=ASSIGNED, area__path__in=paths_above(alarm.area.path))
    return within.order_by("display_name", "pk")


@transaction.atomic
def alarm_acknowledge(*, alarm: Alarm, by: Any, note: str = "") -> Alarm:
    """A person has seen it: all reminders stop. Raises `IllegalStep` with a sentence where somebody did before."""
    locked, at = _locked(alarm, by), timezone.now()
    if locked.state.is_acknowledged:
        raise IllegalStep(_already(locked))
    _allowed(locked, AlarmStepName.ACKNOWLEDGE)
    locked.acknowledged_at, locked.acknowledged_by = at, by
    return _done(locked, AlarmStepName.ACKNOWLEDGE, by, note, at, "acknowledged_at", "acknowledged_by")


def alarms_acknowledge(*, alarms: Iterable[Alarm], by: Any, note: str = "") -> tuple[int, int]:
    """Acknowledges many, some in each transaction; how many were, and how many others had been or cannot be."""
    if not may_acknowledge(by):
        raise PermissionDenied(_("您的角色不能处理报警。"))
    ids = sorted(alarm.pk for alarm in alarms)
    done = sum(
        _seen_together(ids[start : start + SEEN_TOGETHER], by, note) for start in range(0, len(ids), SEEN_TOGETHER)
    )
    return done, len(ids) - done


@transaction.atomic
def _seen_together(ids: list[int], by: Any, note: str) -> int:
    """Alarms of the list with a few statements, locked in order of id as all lock them."""
    at, step = timezone.now(), AlarmStepName.ACKNOWLEDGE
    rows = [alarm for alarm in _rows().filter(pk__in=ids).order_by("pk") if step in FLOW.steps(alarm.state)]
    for alarm in rows:
        alarm.acknowledged_at, alarm.acknowledged_by = at, by
    Alarm.objects.filter(pk__in=[alarm.pk for alarm in rows]).update(acknowledged_at=at, acknowledged_by=by)
    AlarmStep.objects.bulk_create(
        AlarmStep(alarm=alarm, step=step, at=at, level=alarm.level, by=by, note=note.strip()[:500]) for alarm in rows
    )
    clocks_stop(rows, at)
    devices = devices_by_id({alarm.device_id for alarm in rows}) if rows else {}
    alarms_show((alarm, devices[alarm.device_id]) for alarm in rows)
    return len(rows)


@transaction.atomic
def alarm_assign(*, alarm: Alarm, by: Any, to: User, note: str = "") -> Alarm:
    """Gives it to a person, or to another one; they are told."""
    locked = _locked(alarm, by)
    _allowed(locked, AlarmStepName.ASSIGN)
    if not assignees(locked).filter(pk=to.pk).exists():
        raise IllegalStep(_("%s不能经办该区域的报警。") % to)
    locked.assigned_to = to
    told = f"{to}。{note.strip()}" if note.strip() else str(to)
    _done(locked, AlarmStepName.ASSIGN, by, told, timezone.now(), "assigned_to")
    tell_assignee(locked, note.strip())
    return locked


@transaction.atomic
def alarm_comment(*, alarm: Alarm, by: Any, note: str) -> Alarm:
    locked = _locked(alarm, by)
    _allowed(locked, AlarmStepName.COMMENT)
    if not note.strip():
        raise IllegalStep(_("备注不能为空。"))
    return _done(locked, AlarmStepName.COMMENT, by, note, timezone.now())


@transaction.atomic
def alarm_shelve(*, alarm: Alarm, by: Any, minutes: int, reason: str, whole: bool = False) -> Alarm:
    """Takes it out of the main list until an end, at which it comes back by itself; a higher level ends it before.

    With `whole` all else that stands of its series goes with it, and so does what comes up until then and is no worse.
    """
    _series_locked(alarm, by)
    locked, at = _locked(alarm, by), timezone.now()
    _allowed(locked, AlarmStepName.SHELVE)
    if minutes not in shelve_choices():
        raise IllegalStep(_("搁置时长不在允许的选项内。"))
    if not reason.strip():
        raise IllegalStep(_("搁置须写明原因。"))
    others = _rows().standing().filter(series_id=locked.series_id).exclude(pk=locked.pk).order_by("pk") if whole else ()
    for one in [locked, *others]:
        _to_the_shelf(one, by, at, at + timedelta(minutes=minutes), reason.strip(), whole)
    return locked


def _to_the_shelf(alarm: Alarm, by: Any, at: datetime, until: datetime, reason: str, whole: bool) -> None:
    alarm.shelved_until, alarm.shelved_by, alarm.shelf_whole = until, by, whole
    words = _("至 %(end)s,连同该指标的其他报警。%(reason)s") if whole else _("至 %(end)s。%(reason)s")
    note = words % {"end": f"{timezone.localtime(until):%m-%d %H:%M}", "reason": reason}
    _done(alarm, AlarmStepName.SHELVE, by, note, at, "shelved_until", "shelved_by", "shelf_whole")
    unshelve_set(alarm)


def shelve_choices() -> list[int]:
    """Minutes for which an alarm may be shelved."""
    return [int(minutes) for minutes in law_value("alarm_shelve_minutes")]


@transaction.atomic
def alarm_unshelve(*, alarm: Alarm, by: Any, note: str = "") -> Alarm:
    """Brings it back before its end, and all that was shelved with it."""
    _series_locked(alarm, by)
    locked = _locked(alarm, by)
    _allowed(locked, AlarmStepName.UNSHELVE)
    others = _rows().open().filter(series_id=locked.series_id, shelf_whole=True, shelved_until=locked.shelved_until)
    for one in others.exclude(pk=locked.pk).order_by("pk") if locked.shelf_whole else ():
        _off_the_shelf(one, by, note)
    return _off_the_shelf(locked, by, note)


@transaction.atomic
def alarm_return(*, alarm_id: int, now: datetime | None = None) -> None:
    """The end of its time on the shelf has come."""
    alarm = _rows().get(pk=alarm_id)
    if alarm.state.is_shelved and alarm.shelved_until is not None and alarm.shelved_until <= (now or timezone.now()):
        _off_the_shelf(alarm, None, _("搁置到期"))


@transaction.atomic
def alarm_hand_up(*, alarm: Alarm, by: Any, note: str) -> Alarm:
    """Tells the next step of the escalation chain now, without waiting for its time."""
    locked, at = _locked(alarm, by), timezone.now()
    _allowed(locked, AlarmStepName.HAND_UP)
    if not note.strip():
        raise IllegalStep(_("上报须写明原因。"))
    step = chain_hand_up(locked, at)
    if step is None:
        raise IllegalStep(_("已上报到最高一级。"))
    return _done(locked, AlarmStepName.HAND_UP, by, f"{DutyRole(step.role).label}。{note.strip()}", at)


def _rows() -> AlarmRows:
    rows: AlarmRows = Alarm.objects.select_for_update(of=("self",))
    return rows.select_related("area", "device", "series", "acknowledged_by")


def _locked(alarm: Alarm, by: Any) -> Alarm:
    if not may_acknowledge(by):
        raise PermissionDenied(_("您的角色不能处理报警。"))
    return _rows().get(pk=alarm.pk)


def _series_locked(alarm: Alarm, by: Any) -> None:
    """What stands of its series, in order of id as all lock them: a step of one may take the others along."""
    if may_acknowledge(by):
        list(_rows().open().filter(series_id=alarm.series_id).order_by("pk"))


def _allowed(alarm: Alarm, step: AlarmStepName) -> AlarmState:
    try:
        return FLOW.after(alarm.state, step)
    except IllegalStep:
        words = {"state": alarm.state.label, "step": step.label}
        raise IllegalStep(_("该报警当前为“%(state)s”,不能%(step)s。") % words) from None


def _done(alarm: Alarm, step: AlarmStepName, by: Any, note: str, at: datetime, *fields: str) -> Alarm:
    """Saves what a step changed, writes it on the timeline, and sets the clocks to the new state."""
    if fields:
        alarm.save(update_fields=fields)
    AlarmStep.objects.create(alarm=alarm, step=step, at=at, level=alarm.level, by=by, note=note.strip()[:500])
    clocks_stop([alarm], at)
    alarm_show(alarm, devices_by_id([alarm.device_id])[alarm.device_id])
    return alarm


def _off_the_shelf(alarm: Alarm, by: Any, note: str) -> Alarm:
    """One that came up on the shelf is news only now."""
    at, unheard = timezone.now(), alarm.announced_at is None
    alarm.shelved_until, alarm.shelved_by, alarm.shelf_whole = None, None, False
    alarm.announced_at = alarm.announced_at or at
    _done(
        alarm, AlarmStepName.UNSHELVE, by, note, at, "shelved_until", "shelved_by", "shelf_whole", "announced_at"
    )  # fmt: skip
    if unheard:
        publish(AlarmRaised(alarm_id=alarm.pk, level=alarm.level))
    chain_resume(alarm=alarm, now=at)
    return alarm


def _already(alarm: Alarm) -> str:
    assert alarm.acknowledged_at is not None
    at = timezone.localtime(alarm.acknowledged_at)
    return _("该报警已由%(who)s于 %(at)s 确认,无需重复确认。") % {
        "who": alarm.acknowledged_by or "—",
        "at": f"{at:%m-%d %H:%M:%S}",
    }


def token_hash(token: str) -> str:
    """What is kept of a token: it has 256 random bits, so a plain SHA-256 gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def device_token_issue(*, device: Device, by: Any) -> str:
    """A new token, which is nowhere kept; the one before it ends at once."""
    if not may_issue_tokens(by):
        raise PermissionDenied(_("只有系统管理员可以签发接入令牌。"))
    locked = Device.objects.select_for_update(of=("self",)).get(pk=device.pk)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    locked.token_hash = token_hash(token)
    locked.life = FLOW_OF_LIFE.after(Stage(locked.life), LifeStep.ISSUE)
    locked._history_user = by  # type: ignore[attr-defined]
    locked.save(update_fields=["token_hash", "life"])
    token_kept(locked, token)
    return token
