"""Closing 闭环: every order answered, the final report filed, and a second person's approval."""

from typing import Any, Unpack

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, moment, say
from anlan.command.events import IncidentClosed
from anlan.command.flows import ANSWERED, INCIDENT, IncidentStep
from anlan.command.kinds import ReportKind
from anlan.command.models import Incident
from anlan.command.services.incidents import incident_step
from anlan.command.services.reports import report_record
from anlan.command.services.steps import locked
from anlan.kit.events import publish


def closing_hindrances(incident: Incident) -> list[str]:
    """What still stands against closing, a sentence each; empty when nothing does."""
    found = []
    waiting = incident.orders.exclude(state__in=ANSWERED).count()
    if waiting:
        found.append(gettext("还有%(count)s条指令未办结。") % {"count": waiting})
    since = Q(submitted_at__gte=incident.reopened_at) if incident.reopened_at else Q()
    if not incident.reports.filter(since, kind=ReportKind.FINAL).exists():
        found.append(gettext("尚未提交终报。"))
    return found


def _nothing_hinders(incident: Incident) -> None:
    if hindrances := closing_hindrances(incident):
        raise ValidationError(hindrances)


@transaction.atomic
def incident_request_close(*, incident: Incident, summary: str = "", **act: Unpack[Act]) -> Incident:
    """The first person asks for the closing."""
    row = locked(incident, act)
    INCIDENT.take(row.state, IncidentStep.REQUEST_CLOSE, act["by"])
    _nothing_hinders(row)
    text = say(_("申请结案。%(summary)s"), summary=summary.strip())
    return incident_step(row, IncidentStep.REQUEST_CLOSE, text, act, close_requested_by=act["by"])


@transaction.atomic
def incident_refuse_close(*, incident: Incident, reason: str, **act: Unpack[Act]) -> Incident:
    """Sends the incident back to work, with the reason."""
    if not reason.strip():
        raise ValidationError(gettext("退回结案必须写明理由。"))
    text = say(_("退回结案：%(reason)s"), reason=reason.strip())
    return incident_step(incident, IncidentStep.REFUSE_CLOSE, text, act, close_requested_by=None)


@transaction.atomic
def incident_approve_close(*, incident: Incident, **act: Unpack[Act]) -> Incident:
    """A second person closes the incident; the whole course is filed as a document."""
    row = locked(incident, act)
    INCIDENT.take(row.state, IncidentStep.APPROVE_CLOSE, act["by"])
    if row.close_requested_by == act["by"]:
        raise PermissionDenied(gettext("结案须由申请人以外的另一人批准。"))
    _nothing_hinders(row)
    changes: dict[str, Any] = {"close_approved_by": act["by"], "closed_at": moment(act)}
    row = incident_step(row, IncidentStep.APPROVE_CLOSE, say(_("批准结案")), act, **changes)
    report_record(row, by=act["by"], at=moment(act))
    publish(IncidentClosed(incident_id=row.pk))
    return row


@transaction.atomic
def incident_reopen(*, incident: Incident, reason: str, **act: Unpack[Act]) -> Incident:
    """Back to work after closing; the timeline keeps the closing, a new final report will be needed."""
    if not reason.strip():
        raise ValidationError(gettext("重新启动必须写明理由。"))
    text = say(_("重新启动：%(reason)s"), reason=reason.strip())
    cleared = {"closed_at": None, "close_requested_by": None, "close_approved_by": None, "controlled_at": None}
    return incident_step(incident, IncidentStep.REOPEN, text, act, reopened_at=moment(act), **cleared)
