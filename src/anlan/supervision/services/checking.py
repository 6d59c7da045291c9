"""Re-checking 复查: by another person than who rectified; then closed, or sent back; a listed one by a leader's word."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Unpack

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, moment, say
from anlan.accounts.roles import Role
from anlan.kit.events import publish
from anlan.supervision.events import HazardClosed
from anlan.supervision.flow import HazardState, HazardStep
from anlan.supervision.kinds import HazardLevel, Stage
from anlan.supervision.models import Hazard
from anlan.supervision.services.clocks import day_end, deadlines_rule
from anlan.supervision.services.photos import photos_add
from anlan.supervision.services.steps import day_text, hazard_locked, hazard_write
from anlan.supervision.services.telling import area_tell, person_tell, responsible_tell


@transaction.atomic
def hazard_pass(*, hazard: Hazard, note: str = "", photos: Sequence[bytes] = (), **act: Unpack[Act]) -> Hazard:
    """The rectification is good: closed, or reported to the leaders where the hazard is listed."""
    row, at = hazard_locked(hazard, act, HazardStep.PASS), moment(act)
    _by_another(row, act)
    photos_add(row, photos, Stage.CHECKED, act)
    step = HazardStep.CHECK if row.listed_by_id else HazardStep.PASS
    text = say(_("复查合格。%(note)s"), note=note.strip())
    changes: dict[str, Any] = {"checked_at": at, "checked_by": act["by"]}
    if step == HazardStep.PASS:
        return _ended(hazard_write(row, step, text, act, closed_at=at, **changes))
    row = hazard_write(row, step, text, act, **changes)
    title = say(_("挂牌隐患待摘牌：%(what)s"), what=row.brief)
    area_tell(row, (Role.LEADER, Role.COMMANDER), title, body=text, level="warn")
    return row


@transaction.atomic
def hazard_send_back(*, hazard: Hazard, reason: str, photos: Sequence[bytes] = (), **act: Unpack[Act]) -> Hazard:
    """Not good enough: back to the responsible side, with the reason, counted, and with time to do it again."""
    row = hazard_locked(hazard, act, HazardStep.SEND_BACK)
    _by_another(row, act)
    if not reason.strip():
        raise ValidationError(gettext("退回整改必须写明理由。"))
    photos_add(row, photos, Stage.CHECKED, act)
    due = _again(row, moment(act))
    text = say(_("退回整改，时限 %(due)s：%(why)s"), due=day_text(due), why=reason.strip())
    row = hazard_write(row, HazardStep.SEND_BACK, text, act, due_at=due, **_undone(row, reason.strip(), act))
    responsible_tell(row, say(_("整改不合格，须重新整改：%(what)s"), what=row.brief), body=text)
    return row


def _undone(row: Hazard, reason: str, act: Act) -> dict[str, Any]:
    """The row as if nothing had been rectified; what was rectified on the spot is now ordered by who sends it back."""
    cleared = dict.fromkeys(("rectified_at", "rectified_by", "checked_at", "checked_by"))
    changes: dict[str, Any] = {**cleared, "rectification": "", "rectifier": "", "on_site": False}
    changes |= {"returns": row.returns + 1, "contact_name": row.contact_name or row.rectifier}
    if row.ordered_at is None:
        changes |= {"ordered_at": moment(act), "ordered_by": act["by"], "requirement": reason}
    return changes


def _again(row: Hazard, at: datetime) -> datetime:
    """The deadline that still runs, or the law row's days from now where they end later."""
    fresh = day_end(at, deadlines_rule(row.level, at=at)["again_days"])
    return max(fresh, row.due_at) if row.due_at else fresh


def _by_another(row: Hazard, act: Act) -> None:
    by = act["by"]
    if row.state == HazardState.RECTIFIED and (row.rectified_by == by or row.rectifier == str(by)):
        raise PermissionDenied(gettext("复查须由整改人、整改报告人以外的另一人进行。"))


@transaction.atomic
def hazard_list(*, hazard: Hazard, reason: str = "", **act: Unpack[Act]) -> Hazard:
    """挂牌督办: a leader takes a major hazard under supervision; from now on only a leader's word closes it."""
    row = hazard_locked(hazard, act, HazardStep.LIST)
    if row.level != HazardLevel.MAJOR:
        raise ValidationError(gettext("只有重大隐患才能挂牌督办。"))
    if row.listed_by_id:
        raise ValidationError(gettext("该隐患已挂牌督办。"))
    text = say(_("挂牌督办。%(why)s"), why=reason.strip())
    row = hazard_write(row, HazardStep.LIST, text, act, listed_at=moment(act), listed_by=act["by"])
    responsible_tell(row, say(_("隐患已挂牌督办：%(what)s"), what=row.brief), body=text, level="alert")
    return row


@transaction.atomic
def hazard_release(*, hazard: Hazard, note: str = "", **act: Unpack[Act]) -> Hazard:
    """摘牌: a leader ends the supervision, and the hazard with it."""
    row = hazard_locked(hazard, act, HazardStep.RELEASE)
    text = say(_("摘牌销号。%(note)s"), note=note.strip())
    changes: dict[str, Any] = {"released_by": act["by"], "closed_at": moment(act)}
    return _ended(hazard_write(row, HazardStep.RELEASE, text, act, **changes))


def _ended(row: Hazard) -> Hazard:
    publish(HazardClosed(hazard_id=row.pk))
    person_tell(row, row.rectified_by, say(_("隐患已销号：%(what)s"), what=row.brief))
    return row
