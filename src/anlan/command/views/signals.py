"""Pages of a signal: 盯判核报处 as steps, each a form."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from anlan.accounts.roles import Role
from anlan.accounts.stepping import Step, Steps, Trouble, attempt, page
from anlan.command import services
from anlan.command.flows import REPORTERS, SIGNAL, SignalState
from anlan.command.forms import JudgeForm, MergeForm, OpenForm, ReasonForm, SignalForm, VerifyForm
from anlan.command.models import Signal
from anlan.command.selectors import signal_timeline
from anlan.command.views.access import READERS
from anlan.command.views.listing import listed
from anlan.kit.inbox import rows_told

DONE = ("judged", "verified", "opened")


STEPS = Steps(
    subject="signal",
    steps={
        "watch": Step(service=services.signal_watch),
        "take_over": Step(service=services.signal_take_over),
        "judge": Step(service=services.signal_judge, form=JudgeForm, fields=("event_type", "event_class", "level")),
        "verify": Step(service=services.signal_verify, form=VerifyForm),
        "open": Step(service=services.incident_open, form=OpenForm, fields=("title",)),
        "dismiss": Step(service=services.signal_dismiss, form=ReasonForm),
        "merge": Step(service=services.signal_merge, form=MergeForm),
    },
)


def _visible(request: HttpRequest, pk: int) -> Signal:
    rows = Signal.objects.visible_to(request.user).select_related("area", "assigned_to", "incident", "duplicate_of")
    return get_object_or_404(rows, pk=pk)


@page(*READERS)
def signals(request: HttpRequest) -> HttpResponse:
    """Those that a notice told of as one stand the gravest first."""
    rows = Signal.objects.visible_to(request.user).select_related("area", "assigned_to")
    notice = request.GET.get("notice", "")
    rows = rows_told(rows, notice).order_by(*(("-level", "first_report_due_at") if notice else ("-arrived_at",)))
    return render(request, "command/signals.html", listed(request, rows, ("state", "source", "level", "event_type")))


@page(*READERS)
def signal(request: HttpRequest, pk: int) -> HttpResponse:
    return signal_page(request, _visible(request, pk))


def signal_page(request: HttpRequest, row: Signal, trouble: Trouble | None = None) -> HttpResponse:
    """The page; with what went wrong and the form as it was filled, where a step was refused."""
    user: Any = request.user
    possible = SIGNAL.possible(row.state, user)
    context = {
        "signal": row,
        "possible": possible,
        "forms": STEPS.forms(row, user, possible, trouble),
        "trouble": trouble,
        "stages": _stages(row),
        "timeline": signal_timeline(row),
        "series": row.alarm.device.series.all() if row.alarm else (),
        "duplicates": row.duplicates.select_related("area"),
        "mine": row.assigned_to_id == user.pk,
    }
    return render(request, "command/signal.html", context, status=trouble.status if trouble else 200)


def _stages(row: Signal) -> list[tuple[str, bool]]:
    """盯判核报处: which are done."""
    states = [SignalState.WATCHED, SignalState.JUDGED, SignalState.VERIFIED, SignalState.OPENED]
    reached = states.index(SignalState(row.state)) if row.state in states else -1
    return [
        ("watch", reached >= 0 or row.assigned_to_id is not None),
        ("judge", reached >= 1),
        ("verify", bool(row.verification)),
        ("report", row.first_report_at is not None),
        ("handle", row.incident_id is not None),
    ]


@require_POST
@page(*READERS)
def signal_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Takes one step and leads on: to the incident when there is one now, else back to the signal."""
    row = _visible(request, pk)
    trouble = STEPS.take(request, row, step)
    row = _visible(request, pk)
    if trouble:
        return signal_page(request, row, trouble)
    if step == "open" and row.incident_id:
        return redirect("command:incident", row.incident_id)
    if step in {"dismiss", "merge"}:
        return redirect("command:desk")
    return redirect("command:signal", pk)


@page(*REPORTERS, Role.ADMINISTRATOR)
def signal_new(request: HttpRequest) -> HttpResponse:
    """A person writes down what a caller said."""
    form = SignalForm(request.POST or None, user=request.user)
    trouble, made = None, []
    if request.method == "POST":
        trouble = attempt(form, "enter", lambda **values: made.append(services.signal_enter(**values)))
        if trouble is None:
            return redirect("command:signal", made[0].pk) if made else redirect("command:desk")
    context = {"form": form, "trouble": trouble}
    return render(request, "command/signal_new.html", context, status=trouble.status if trouble else 200)
