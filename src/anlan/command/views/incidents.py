"""Pages of an incident: everything about it at one place, for the commander."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts.stepping import Step, StepForm, Steps, Trouble, attempt, page
from anlan.command import forms, services
from anlan.command.flows import ANSWERED, INCIDENT, ORDER, ORDER_ARRIVAL, OrderStep
from anlan.command.kinds import Aspect, EntryKind
from anlan.command.models import Entry, Incident, Order
from anlan.command.selectors import incident_suggestions, incident_timeline
from anlan.command.services.clocks import clock_rule
from anlan.command.services.closing import closing_hindrances
from anlan.command.services.incidents import CASUALTIES
from anlan.command.views.access import READERS
from anlan.command.views.listing import listed

SIDES = (Aspect.SET_UP, Aspect.CALL, Aspect.MANAGE, Aspect.STUDY, Aspect.HANDLE, Aspect.REPORT)


STEPS = Steps(
    subject="incident",
    steps={
        "respond": Step(service=services.incident_respond),
        "appoint": Step(service=services.incident_appoint, form=forms.AppointForm, fields=("commander",)),
        "assess": Step(service=services.incident_assess, form=forms.AssessForm, fields=CASUALTIES),
        "note": Step(service=services.incident_note, form=forms.NoteForm),
        "relate": Step(service=services.incident_relate, form=forms.RelateForm),
        "control": Step(service=services.incident_control, form=forms.RemarkForm),
        "relapse": Step(service=services.incident_relapse, form=forms.RelapseForm),
        "request_close": Step(service=services.incident_request_close, form=forms.SummaryForm),
        "refuse_close": Step(service=services.incident_refuse_close, form=forms.ReasonForm),
        "approve_close": Step(service=services.incident_approve_close),
        "reopen": Step(service=services.incident_reopen, form=forms.ReasonForm),
        "order": Step(service=services.order_send, form=forms.OrderForm),
    },
)


def visible_incident(request: HttpRequest, pk: int) -> Incident:
    rows = Incident.objects.visible_to(request.user).select_related("area", "commander", "opened_by")
    return get_object_or_404(rows, pk=pk)


@page(*READERS)
def incidents(request: HttpRequest) -> HttpResponse:
    rows = Incident.objects.visible_to(request.user).select_related("area", "commander")
    context = listed(request, rows, ("state", "grade", "event_class", "event_type"))
    return render(request, "command/incidents.html", context)


@page(*READERS)
def incident(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_incident(request, pk)
    if request.headers.get("HX-Request") == "true":
        part = "_reports" if request.GET.get("part") == "reports" else "_incident_live"
        return render(request, f"command/{part}.html", _live(request, row))
    return incident_page(request, row)


def incident_page(request: HttpRequest, row: Incident, trouble: Trouble | None = None) -> HttpResponse:
    """The page; with what went wrong and the form as it was filled, where a step was refused."""
    user: Any = request.user
    possible = INCIDENT.possible(row.state, user)
    context = {
        **_live(request, row),
        "forms": STEPS.forms(row, user, possible, trouble),
        "trouble": trouble,
        "hindrances": closing_hindrances(row),
        "related": row.related.all(),
        "suggestions": incident_suggestions(row, user) if "order" in possible else None,
    }
    return render(request, "command/incident.html", context, status=trouble.status if trouble else 200)


def _live(request: HttpRequest, row: Incident) -> dict[str, Any]:
    """What changes while the page is open."""
    timeline = incident_timeline(row)
    orders = list(row.orders.select_related("team").prefetch_related("photos").order_by("-number"))
    return {
        "incident": row,
        "possible": INCIDENT.possible(row.state, request.user),
        "timeline": list(reversed(timeline)),
        "sides": [(side, sum(entry.aspect == side for entry in timeline)) for side in SIDES],
        "orders": orders,
        "order_steps": {order.pk: ORDER.possible(order.state, request.user) for order in orders},
        "orders_open": sum(order.state not in ANSWERED for order in orders),
        "signals": row.signals.order_by("arrived_at"),
        "reports": row.reports.select_related("submitted_by").order_by("number", "version"),
    }


@require_POST
@page(*READERS)
def incident_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    row = visible_incident(request, pk)
    trouble = STEPS.take(request, row, step)
    return (
        incident_page(request, visible_incident(request, pk), trouble) if trouble else redirect("command:incident", pk)
    )


@page(*READERS)
def order_new(request: HttpRequest, pk: int) -> HttpResponse:
    """The order to one team, filled in; its place in the list says why this team."""
    row, user = visible_incident(request, pk), request.user
    text = _("立即赶赴%(place)s，处置%(title)s。") % {"place": row.address or row.area, "title": row.title}
    minutes = clock_rule(ORDER_ARRIVAL, at=timezone.now())["minutes"]
    initial = {"team": request.GET.get("team"), "text": text, "minutes": minutes}
    form = forms.OrderForm(user=user, subject=row, initial=initial)
    return _dialog(request, row, form, "order", (_("下达指令"), _("确定下达")))


@page(*READERS)
def entry_strike(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    """Strikes a wrong line of the timeline, by a later one that says why."""
    row, user = visible_incident(request, pk), request.user
    wrong = get_object_or_404(Entry.objects.of_incident(row).exclude(kind=EntryKind.STRIKE), pk=entry)
    if request.method != "POST":
        form = forms.ReasonForm(user=user)
        words = (_("更正记录：%s") % wrong.text[:60], _("确定更正"))
        return _dialog(request, row, form, "strike", words, request.path)
    form = forms.ReasonForm(request.POST, user=user)
    trouble = attempt(form, "strike", lambda **v: services.incident_strike(incident=row, entry=wrong, **v))
    return incident_page(request, row, trouble) if trouble else redirect("command:incident", pk)


@page(*READERS)
def order_withdraw(request: HttpRequest, pk: int, order: int) -> HttpResponse:
    """Takes an order back, with the reason."""
    row, user = visible_incident(request, pk), request.user
    sent = get_object_or_404(Order.objects.visible_to(user), pk=order, incident=row)
    if request.method != "POST":
        form = forms.ReasonForm(user=user)
        words = (_("撤回指令：%s") % sent, _("确定撤回"))
        return _dialog(request, row, form, OrderStep.WITHDRAW, words, request.path)
    form = forms.ReasonForm(request.POST, user=user)
    trouble = attempt(form, "withdraw", lambda **values: services.order_withdraw(order=sent, **values))
    return incident_page(request, row, trouble) if trouble else redirect("command:incident", pk)


def _dialog(
    request: HttpRequest, row: Incident, form: StepForm, step: str, words: tuple[str, str], address: str = ""
) -> HttpResponse:
    """A form in a dialog, with its title and the word on its button; a page of its own where there is no script."""
    part = request.headers.get("HX-Request") == "true"
    context = {
        "incident": row,
        "form": form,
        "step": step,
        "title": words[0],
        "button": words[1],
        "address": address,
        "part": part,
    }
    return render(request, "command/_dialog.html" if part else "command/dialog.html", context)
