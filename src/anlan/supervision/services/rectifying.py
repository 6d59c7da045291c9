"""Rectifying 整改: the responsible side says what was done and shows it; more time is asked for once."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Unpack

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, moment, say
from anlan.supervision.flow import HazardState, HazardStep
from anlan.supervision.kinds import Stage
from anlan.supervision.models import Hazard
from anlan.supervision.services.clocks import deadlines_rule
from anlan.supervision.services.photos import photos_add
from anlan.supervision.services.steps import day_text, hazard_locked, hazard_write, late_record
from anlan.supervision.services.telling import SUPERVISORS, area_tell, person_tell


@transaction.atomic
def hazard_rectify(
    *, hazard: Hazard, note: str, photos: Sequence[bytes], rectifier: str = "", **act: Unpack[Act]
) -> Hazard:
    """`rectifier` is who did the work, the reporting person where not said. On the spot, where nobody ordered it."""
    row, at = hazard_locked(hazard, act, HazardStep.RECTIFY), moment(act)
    if not photos:
        raise ValidationError(gettext("请上传整改后的照片。"))
    photos_add(row, photos, Stage.RECTIFIED, act)
    if row.state == HazardState.FOUND:
        row.on_site = True
    late_record(row, at)
    who = rectifier.strip() or row.contact_name or str(act["by"])
    what = say(_("现场整改") if row.on_site else _("报告整改完成"))
    text = say(_("%(what)s（整改人 %(who)s）：%(note)s"), what=what, who=who, note=note.strip())
    changes: dict[str, Any] = {"rectification": note.strip(), "rectifier": who[:40], "rectified_at": at}
    row = hazard_write(row, HazardStep.RECTIFY, text, act, rectified_by=act["by"], **changes)
    _checkers_tell(row, act)
    return row


def _checkers_tell(row: Hazard, act: Act) -> None:
    """Whoever ordered it, where another person; else all who may re-check."""
    title = say(_("隐患待复查：%(what)s"), what=row.brief)
    if row.ordered_by and row.ordered_by != act["by"]:
        person_tell(row, row.ordered_by, title, body=row.rectification)
    else:
        area_tell(row, SUPERVISORS, title, body=row.rectification)


@transaction.atomic
def hazard_ask_more(*, hazard: Hazard, until: date, reason: str, **act: Unpack[Act]) -> Hazard:
    """Once for each hazard, before its deadline, with the reason."""
    row, at = hazard_locked(hazard, act, HazardStep.ASK_MORE), moment(act)
    if row.extension_asked_by_id is not None:
        raise ValidationError(gettext("每条隐患只能申请一次延期。"))
    due = _further(row, until, at)
    if not reason.strip():
        raise ValidationError(gettext("请写明延期理由。"))
    text = say(_("申请延期至 %(until)s：%(why)s"), until=day_text(due), why=reason.strip())
    changes = {"extension_until": due, "extension_reason": reason.strip(), "extension_asked_by": act["by"]}
    row = hazard_write(row, HazardStep.ASK_MORE, text, act, **changes)
    title = say(_("隐患申请延期：%(what)s"), what=row.brief)
    if row.ordered_by and row.ordered_by != act["by"]:
        person_tell(row, row.ordered_by, title, body=text, level="warn")
    else:
        area_tell(row, SUPERVISORS, title, body=text, level="warn")
    return row


def _further(row: Hazard, until: date, at: datetime) -> datetime:
    assert row.due_at is not None
    if at > row.due_at:
        raise ValidationError(gettext("已超过整改时限，不能再申请延期。"))
    due = timezone.make_aware(datetime.combine(until, time(23, 59, 59)))
    days = deadlines_rule(row.level, at=at)["extend_days"]
    if not row.due_at < due <= row.due_at + timedelta(days=days + 1):
        raise ValidationError(gettext("延期须晚于现时限，且不超过%(days)d天。") % {"days": days})
    return due


@transaction.atomic
def hazard_grant_more(*, hazard: Hazard, **act: Unpack[Act]) -> Hazard:
    """Another person moves the deadline to the day that was asked for."""
    row = _asked(hazard, act, HazardStep.GRANT_MORE)
    until = row.extension_until
    assert until is not None
    text = say(_("同意延期至 %(until)s"), until=day_text(until))
    return _decided(row, HazardStep.GRANT_MORE, text, act, extension_granted=True, due_at=until)


@transaction.atomic
def hazard_refuse_more(*, hazard: Hazard, reason: str, **act: Unpack[Act]) -> Hazard:
    """The deadline stays; never without a reason."""
    row = _asked(hazard, act, HazardStep.REFUSE_MORE)
    if not reason.strip():
        raise ValidationError(gettext("不同意延期必须写明理由。"))
    text = say(_("不同意延期：%(why)s"), why=reason.strip())
    return _decided(row, HazardStep.REFUSE_MORE, text, act, extension_granted=False)


def _asked(hazard: Hazard, act: Act, step: HazardStep) -> Hazard:
    row = hazard_locked(hazard, act, step)
    if not row.extension_waits:
        raise ValidationError(gettext("没有待审批的延期申请。"))
    if row.extension_asked_by == act["by"]:
        raise PermissionDenied(gettext("延期须由申请人以外的另一人审批。"))
    return row


def _decided(row: Hazard, step: HazardStep, text: str, act: Act, **changes: Any) -> Hazard:
    row = hazard_write(row, step, text, act, extension_decided_by=act["by"], **changes)
    person_tell(row, row.extension_asked_by, say(_("延期审批：%(what)s"), what=row.brief), body=text)
    return row
