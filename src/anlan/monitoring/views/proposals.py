"""规则改动: what shall change, its rehearsal, and the signature of a second person."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.kit.flow import IllegalStep
from anlan.monitoring.models import Rehearsal, RuleProposal
from anlan.monitoring.moments import moment
from anlan.monitoring.rehearsal.changes import change_lines, rule_changed
from anlan.monitoring.rehearsal.flow import OPEN
from anlan.monitoring.rehearsal.forms import DecisionForm, RehearseForm
from anlan.monitoring.rehearsal.selectors import bars_of, may_open, proposals_of, scope_text
from anlan.monitoring.rehearsal.services import (
    aged,
    last_rehearsal,
    may_propose,
    may_sign,
    proposal_reject,
    proposal_sign,
    proposal_withdraw,
    rehearsal_ask,
    rehearsal_see,
    unseen,
)
from anlan.monitoring.views.access import is_part, page


def _visible(request: HttpRequest, pk: int) -> RuleProposal:
    row = get_object_or_404(proposals_of(request.user), pk=pk)
    if not may_open(request.user, row):
        raise Http404
    return row


@page("thresholdrule")
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _visible(request, pk))


def _page(request: HttpRequest, row: RuleProposal, *, trouble: str = "", status: int = 200) -> HttpResponse:
    """The page; asked by htmx, only the part that changes. To open it with its result is to have seen that."""
    running = row.rehearsals.filter(state__in=["waiting", "running"]).first()
    shown = last_rehearsal(row) if row.signed_on is None else row.signed_on
    if shown:
        rehearsal_see(rehearsal=shown, by=request.user)
    context = {
        "proposal": row,
        "lines": change_lines(row),
        "scope": scope_text(rule_changed(row)),
        "running": running,
        "failed": row.rehearsals.filter(state="failed").first() if not shown and not running else None,
        "rehearsal": shown,
        "bars": bars_of(shown, lambda ms: f"{timezone.localtime(moment(ms)):%m-%d %H:%M}") if shown else [],
        **_steps(request.user, row, shown),
        "trouble": trouble,
        "part": is_part(request),
    }
    template = "monitoring/_proposal.html" if context["part"] else "monitoring/proposal.html"
    return render(request, template, context, status=status)


def _steps(user: Any, row: RuleProposal, shown: Rehearsal | None) -> dict[str, Any]:
    """What this person can do next, and what is missing for it."""
    is_open = row.state in OPEN
    signs = is_open and may_sign(user, row)
    return {
        "is_open": is_open,
        "may_rehearse": is_open and (may_propose(user) or signs),
        "may_sign": signs,
        "may_withdraw": is_open and row.proposed_by_id == user.pk,
        "missing": (aged(row, shown) or (unseen(row, shown, user) if shown and signs else "")) if is_open else "",
        "seen": shown.sights.select_related("person").order_by("at") if shown else [],
        "rehearse_form": RehearseForm(),
        "sign_form": DecisionForm(auto_id="sign-%s"),
        "reject_form": DecisionForm(auto_id="reject-%s"),
    }


def _step(request: HttpRequest, pk: int, act: Callable[[RuleProposal], object], done: str) -> HttpResponse:
    """Takes a step and leads back to the page; a refusal is a sentence on it."""
    row = _visible(request, pk)
    try:
        act(row)
    except (IllegalStep, ValidationError) as error:
        words = "".join(error.messages) if isinstance(error, ValidationError) else str(error)
        return _page(request, _visible(request, pk), trouble=words, status=409)
    except PermissionDenied as error:
        return _page(request, row, trouble=str(error), status=403)
    messages.success(request, done)
    return redirect("monitoring:proposal", pk)


@require_POST
@page("thresholdrule")
def proposal_rehearse(request: HttpRequest, pk: int) -> HttpResponse:
    form = RehearseForm(request.POST)
    days = form.cleaned_data["days"] if form.is_valid() else 0
    return _step(request, pk, lambda row: rehearsal_ask(proposal=row, days=days, by=request.user), _("预演已开始"))


@require_POST
@page("thresholdrule")
def proposal_signed(request: HttpRequest, pk: int) -> HttpResponse:
    note = request.POST.get("note", "")
    return _step(
        request, pk, lambda row: proposal_sign(proposal=row, by=request.user, note=note), _("已签署,新规则即刻生效")
    )


@require_POST
@page("thresholdrule")
def proposal_rejected(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("note", "")
    return _step(request, pk, lambda row: proposal_reject(proposal=row, by=request.user, reason=reason), _("已驳回"))


@require_POST
@page("thresholdrule")
def proposal_withdrawn(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, lambda row: proposal_withdraw(proposal=row, by=request.user), _("已撤回"))
