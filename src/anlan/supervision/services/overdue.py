"""Deadlines that passed: the lateness is written on the row and the timeline, and people are told."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import say
from anlan.accounts.roles import Role
from anlan.kit.events import publish
from anlan.kit.models import Deadline
from anlan.supervision.events import HazardOverdue
from anlan.supervision.flow import HazardState
from anlan.supervision.kinds import HazardLevel
from anlan.supervision.models import Hazard
from anlan.supervision.services.clocks import ORDER, RECHECK, RECTIFY, REMIND, WAITS_IN
from anlan.supervision.services.steps import day_text, entry_add, hazard_announce
from anlan.supervision.services.telling import SUPERVISORS, area_tell, person_tell, responsible_tell

LATE = {ORDER: _("逾期未交办"), RECTIFY: _("逾期未整改"), RECHECK: _("逾期未复查")}


def hazard_clock_ran_out(*, hazard_id: int, kind: str, due_at: datetime) -> None:
    """Does nothing for a clock that was stopped or moved since."""
    row = Hazard.objects.select_for_update(of=("self",)).select_related("area").get(pk=hazard_id)
    clock = Deadline.objects.filter(kind=kind, subject=row._meta.label_lower, subject_id=row.pk).first()
    if clock is None or clock.met_at is not None or clock.due_at != due_at:
        return
    if kind.startswith(REMIND):
        _remind(row)
    elif row.state == WAITS_IN[kind]:
        _late(row, kind, due_at)


def _remind(row: Hazard) -> None:
    """After a long stop of the worker the deadline itself may have passed: then its lateness is told, not its coming."""
    if row.state == HazardState.ORDERED and row.due_at and not row.late:
        text = say(_("整改时限 %(due)s 将至，已提醒责任方"), due=day_text(row.due_at))
        responsible_tell(row, say(_("隐患整改将到期：%(what)s"), what=row.brief), body=text, tag=say(_("整改将到期")))
        entry_add(row, text, data={"reminder": True})


def _late(row: Hazard, kind: str, due_at: datetime) -> None:
    words = say(LATE[kind])
    entry_add(
        row, say(_("%(words)s：时限 %(due)s"), words=words, due=day_text(due_at)), data={"overdue": kind == RECTIFY}
    )
    title = f"{words}：{row.brief}"
    if kind == RECTIFY:
        _rectification_late(row, title, words)
    area_tell(row, SUPERVISORS, title, level="warn", tag=words)
    if row.level == HazardLevel.MAJOR:
        area_tell(row, (Role.LEADER, Role.COMMANDER), title, level="alert", tag=words)
    hazard_announce(row)


def _rectification_late(row: Hazard, title: str, tag: str) -> None:
    if row.overdue_at is None:
        row.overdue_at = row.due_at
        row.save(update_fields=["overdue_at"])
    responsible_tell(row, title, body=row.requirement, level="alert", tag=tag)
    person_tell(row, row.ordered_by, title, level="warn", tag=tag)
    publish(HazardOverdue(hazard_id=row.pk, level=row.level))
