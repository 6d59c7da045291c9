"""报警: the list, one alarm with its timeline, and its acknowledgement."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.kit.flow import IllegalStep
from anlan.monitoring.alarm_flow import AlarmState
from anlan.monitoring.forms import AcknowledgeForm
from anlan.monitoring.models import Alarm
from anlan.monitoring.reasons import alarm_reason, rules_in_force
from anlan.monitoring.selectors import alarm_chart, alarms_of, alarms_standing
from anlan.monitoring.services import alarm_acknowledge, may_acknowledge
from anlan.monitoring.views.access import is_part, listed, page
from anlan.monitoring.wording import series_title

WORDS = ("device__name", "device__code", "device__address", "series__name", "series__key")
STATES = {
    str(AlarmState.of(cleared=cleared, acknowledged=seen)): Q(
        cleared_at__isnull=not cleared, acknowledged_at__isnull=not seen
    )
    for cleared in (False, True)
    for seen in (False, True)
}


@page("alarm")
def alarms(request: HttpRequest) -> HttpResponse:
    """The page; asked by htmx, only the part that changes."""
    chosen = request.GET.get("state", "")
    rows = _in_state(alarms_of(request.user), chosen)
    context = {
        **listed(request, rows, filters=("level", "kind"), words=WORDS),
        "standing": alarms_standing(request.user),
        "states": [(state.value, state.label) for state in AlarmState],
        "state": chosen,
        "may_acknowledge": may_acknowledge(request.user),
        "part": is_part(request),
    }
    for row in context["page"]:
        row.series_title = series_title(row.series, row.device.protocol)
    return render(request, "monitoring/_alarms.html" if context["part"] else "monitoring/alarms.html", context)


def _in_state(rows: QuerySet[Alarm], state: str) -> QuerySet[Alarm]:
    if not state:
        return rows
    return rows.filter(STATES[state]) if state in STATES else rows.none()


def _visible(request: HttpRequest, pk: int) -> Alarm:
    return get_object_or_404(alarms_of(request.user), pk=pk)


@page("alarm")
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    return alarm_page(request, _visible(request, pk))


def alarm_page(request: HttpRequest, row: Alarm, *, trouble: str = "", status: int = 200) -> HttpResponse:
    """The page, with the sentence for what was refused; asked by htmx, only the part that changes."""
    rule = rules_in_force(row.device, [row.series])[row.series_id]
    steps = list(row.steps.select_related("by"))
    context = {
        "alarm": row,
        "series_title": series_title(row.series, row.device.protocol),
        "steps": steps,
        "rule": rule,
        "reason": alarm_reason(row, steps, rule),
        "chart": alarm_chart(row, rule),
        "form": AcknowledgeForm(request.POST or None, auto_id="acknowledge-%s"),
        "may_acknowledge": may_acknowledge(request.user) and not row.state.is_acknowledged,
        "trouble": trouble,
        "part": is_part(request),
    }
    template = "monitoring/_alarm.html" if context["part"] else "monitoring/alarm.html"
    return render(request, template, context, status=status)


@require_POST
@page("alarm")
def alarm_seen(request: HttpRequest, pk: int) -> HttpResponse:
    """Acknowledges, and leads back to where the person was."""
    row, form = _visible(request, pk), AcknowledgeForm(request.POST)
    if not form.is_valid():
        return alarm_page(request, row, trouble=_("填写有误,请改正后再提交。"), status=422)
    try:
        alarm_acknowledge(alarm=row, by=request.user, note=form.cleaned_data["note"])
    except IllegalStep as error:
        return alarm_page(request, _visible(request, pk), trouble=str(error), status=409)
    except PermissionDenied as error:
        return alarm_page(request, row, trouble=str(error), status=403)
    messages.success(request, _("已确认报警:%s") % row.device)
    return redirect(_back(request) or row_url(row))


def row_url(row: Alarm) -> Any:
    return f"/alarms/{row.pk}/"


def _back(request: HttpRequest) -> str:
    """Where the form says that it stood, if that is one of our own pages."""
    address = request.POST.get("next", "")
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}) else ""
