"""报警: the list, one alarm with its timeline, and what people do with it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from anlan.kit.flow import IllegalStep
from anlan.kit.inbox import rows_told
from anlan.monitoring import services
from anlan.monitoring.alarm_flow import FLOW, AlarmState, AlarmStepName
from anlan.monitoring.alarm_lines import AlarmLines
from anlan.monitoring.alarm_selectors import alarms_fresh, audit_late, handling_of
from anlan.monitoring.forms import (
    AcknowledgeForm,
    AssignForm,
    CommentForm,
    HandUpForm,
    ShelveForm,
    UnshelveForm,
)
from anlan.monitoring.models import Alarm
from anlan.monitoring.models.alarm import HIDDEN, AlarmRows
from anlan.monitoring.reasons import alarm_reason, rules_in_force
from anlan.monitoring.selectors import alarm_chart, alarms_of, alarms_standing
from anlan.monitoring.services import may_acknowledge
from anlan.monitoring.views.access import PAGE, is_part, listed, page
from anlan.monitoring.wording import series_title

WORDS = ("device__name", "device__code", "device__address", "series__name", "series__key")
SHOWN = ~HIDDEN
STATES = {
    AlarmState.ACTIVE: SHOWN & Q(cleared_at=None, acknowledged_at=None, shelved_until=None),
    AlarmState.ACTIVE_SEEN: SHOWN & Q(cleared_at=None, acknowledged_at__isnull=False, shelved_until=None),
    AlarmState.SHELVED: Q(shelved_until__isnull=False, acknowledged_at=None),
    AlarmState.SHELVED_SEEN: Q(shelved_until__isnull=False, acknowledged_at__isnull=False),
    AlarmState.HIDDEN: HIDDEN & Q(cleared_at=None),
    AlarmState.HIDDEN_CLEARED: HIDDEN & Q(cleared_at__isnull=False),
    AlarmState.CLEARED: SHOWN & Q(cleared_at__isnull=False, acknowledged_at=None),
    AlarmState.CLEARED_SEEN: SHOWN & Q(cleared_at__isnull=False, acknowledged_at__isnull=False),
}
SHELF = "on_shelf"
"""A choice of the list beside the states: whatever lies on the shelf."""
GROUPED = ("", AlarmState.ACTIVE, AlarmState.ACTIVE_SEEN)
MOST_PICKED = 10_000
LEVELLED = (AlarmStepName.RAISE, AlarmStepName.ESCALATE, AlarmStepName.EASE)
"""Steps whose line of the timeline names the level."""

FORMS: dict[AlarmStepName, type[Form]] = {
    AlarmStepName.ACKNOWLEDGE: AcknowledgeForm,
    AlarmStepName.ASSIGN: AssignForm,
    AlarmStepName.SHELVE: ShelveForm,
    AlarmStepName.UNSHELVE: UnshelveForm,
    AlarmStepName.HAND_UP: HandUpForm,
    AlarmStepName.COMMENT: CommentForm,
}
SERVICES: dict[str, Callable[..., Alarm]] = {
    AlarmStepName.ACKNOWLEDGE: services.alarm_acknowledge,
    AlarmStepName.ASSIGN: services.alarm_assign,
    AlarmStepName.SHELVE: services.alarm_shelve,
    AlarmStepName.UNSHELVE: services.alarm_unshelve,
    AlarmStepName.HAND_UP: services.alarm_hand_up,
    AlarmStepName.COMMENT: services.alarm_comment,
}
DONE = {
    AlarmStepName.ACKNOWLEDGE: gettext_lazy("已确认报警:%s"),
    AlarmStepName.ASSIGN: gettext_lazy("已指派报警:%s"),
    AlarmStepName.SHELVE: gettext_lazy("已搁置报警:%s"),
    AlarmStepName.UNSHELVE: gettext_lazy("已恢复报警:%s"),
    AlarmStepName.HAND_UP: gettext_lazy("已上报报警:%s"),
    AlarmStepName.COMMENT: gettext_lazy("已备注报警:%s"),
}


@page("alarm")
def alarms(request: HttpRequest) -> HttpResponse:
    """The page; asked by htmx, only the part that changes."""
    chosen = request.GET.get("state", "")
    rows = _in_state(alarms_of(request.user), chosen)
    rows = rows_told(_under(rows, request.GET.get("under", "")), request.GET.get("notice", ""))
    context = listed(request, rows, filters=("level", "kind"), words=WORDS, paged=False)
    one_by_one = request.GET.get("view") == "rows"
    lines = AlarmLines(
        context["rows"],
        grouped=chosen in GROUPED and not one_by_one,
        open_keys={int(key) for key in request.GET.getlist("open") if key.isascii() and key.isdigit()},
    )
    context |= {
        "page": Paginator(lines, PAGE).get_page(request.GET.get("page")),
        "standing": alarms_standing(request.user),
        "fresh": alarms_fresh(request.user),
        "states": [*((state.value, state.label) for state in AlarmState), (SHELF, _("搁置中"))],
        "state": chosen,
        "one_by_one": one_by_one,
        "may_acknowledge": may_acknowledge(request.user),
        "audit_late": audit_late(),
        "part": is_part(request),
    }
    return render(request, "monitoring/_alarms.html" if context["part"] else "monitoring/alarms.html", context)


def _in_state(rows: AlarmRows, state: str) -> AlarmRows:
    """Without a state everything but what is hidden or lies on the shelf: those are counted above the list."""
    if not state:
        return rows.filter(SHOWN, shelved_until=None)
    if state == SHELF:
        return rows.exclude(shelved_until=None)
    return rows.filter(STATES[AlarmState(state)]) if state in AlarmState.values else rows.none()


def _under(rows: AlarmRows, text: str) -> AlarmRows:
    return rows.below(int(text)) if text.isascii() and text.isdigit() and len(text) < 18 else rows


def _visible(request: HttpRequest, pk: int) -> Alarm:
    return get_object_or_404(alarms_of(request.user), pk=pk)


@page("alarm")
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    return alarm_page(request, _visible(request, pk), step=request.GET.get("step", ""))


def alarm_page(
    request: HttpRequest, row: Alarm, *, trouble: str = "", step: str = "", status: int = 200
) -> HttpResponse:
    """The page, with the sentence for what was refused; asked by htmx, only the part that changes."""
    rule = rules_in_force(row.device, [row.series])[row.series_id]
    steps = list(row.steps.select_related("by"))
    context = {
        "alarm": row,
        "series_title": series_title(row.series, row.device.protocol),
        "steps": steps,
        "rule": rule,
        "reason": alarm_reason(row, steps, rule),
        **dict(zip(("chart", "lost"), alarm_chart(row, rule), strict=True)),
        "handling": handling_of(row),
        "forms": _forms(request, row, step),
        "possible": FLOW.steps(row.state) if may_acknowledge(request.user) else [],
        "may_acknowledge": may_acknowledge(request.user) and AlarmStepName.ACKNOWLEDGE in FLOW.steps(row.state),
        "trouble": trouble,
        "step": step,
        "back": _back(request),
        "levelled": LEVELLED,
        "part": is_part(request),
    }
    template = "monitoring/_alarm.html" if context["part"] else "monitoring/alarm.html"
    return render(request, template, context, status=status)


def _forms(request: HttpRequest, row: Alarm, step: str) -> dict[str, Form]:
    """An empty form for each step; the one that was refused holds what was typed, the one that was asked for the focus."""
    forms = {str(name): _form(name, row, request.POST if request.POST and name == step else None) for name in FORMS}
    if step in forms:
        next(iter(forms[step].fields.values())).widget.attrs["autofocus"] = True
    return forms


def _form(step: AlarmStepName, row: Alarm, data: Any) -> Form:
    more: dict[str, Any] = {"alarm": row} if step == AlarmStepName.ASSIGN else {}
    return FORMS[step](data, auto_id=f"{step}-%s", **more)


@require_POST
@page("alarm")
def alarm_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Takes one step, and leads back to where the person was."""
    if step not in SERVICES:
        raise Http404
    row, name = _visible(request, pk), AlarmStepName(step)
    form = _form(name, row, request.POST)
    if not form.is_valid():
        return alarm_page(request, row, trouble=_("填写有误,请改正后再提交。"), step=step, status=422)
    try:
        SERVICES[step](alarm=row, by=request.user, **form.cleaned_data)
    except IllegalStep as error:
        if name == AlarmStepName.ACKNOWLEDGE and _back(request):
            messages.warning(request, f"{row.device}:{error}")
            return redirect(_back(request))
        return alarm_page(request, _visible(request, pk), trouble=str(error), step=step, status=409)
    except PermissionDenied as error:
        return alarm_page(request, row, trouble=str(error), status=403)
    messages.success(request, DONE[name] % row.device)
    return redirect(_back(request) or row_url(row))


@require_POST
@page("alarm")
def alarms_seen(request: HttpRequest) -> HttpResponse:
    """Acknowledges all that were picked in the list, whole groups or single ones."""
    if not may_acknowledge(request.user):
        raise PermissionDenied(_("您的角色不能确认报警。"))
    words = [word for value in request.POST.getlist("pick") for word in value.split(",")]
    ids = {int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 18}
    rows = alarms_of(request.user).filter(pk__in=sorted(ids)[:MOST_PICKED], acknowledged_at=None)
    done, passed = services.alarms_acknowledge(alarms=list(rows), by=request.user)
    if done or passed:
        words_done = _("已确认 %(done)d 条报警。") % {"done": done}
        messages.success(request, words_done + (_("另有 %d 条已不能确认。") % passed if passed else ""))
    else:
        messages.warning(request, _("没有选中待确认的报警。"))
    return redirect(_back(request) or "/alarms/")


def row_url(row: Alarm) -> Any:
    return f"/alarms/{row.pk}/"


def _back(request: HttpRequest) -> str:
    """Where the form says that it stood, or the address that it should lead back to, if that is one of our own pages."""
    address = request.POST.get("next") or request.GET.get("next", "")
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}) else ""
