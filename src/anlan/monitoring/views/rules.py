"""规则: the list, one rule with its history, and the form that proposes a change."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.monitoring.models import Device, Series, ThresholdRule
from anlan.monitoring.models.rule_kernel import NAMES
from anlan.monitoring.rehearsal.flow import OPEN
from anlan.monitoring.rehearsal.forms import RuleForm
from anlan.monitoring.rehearsal.selectors import proposals_of, rules_of, scope_text
from anlan.monitoring.rehearsal.services import may_propose, proposal_make
from anlan.monitoring.rehearsal.span_fields import span_rows
from anlan.monitoring.rule_words import lines_of, raised_at
from anlan.monitoring.rulebook import rulebook
from anlan.monitoring.views.access import is_part, listed, page

WORDS = ("name", "key", "source", "device__name", "device__code")
HISTORY = 20
ENDS = ("raise", "clear", "raise_low", "clear_low")


@page("thresholdrule")
def rules(request: HttpRequest) -> HttpResponse:
    """The page; asked by htmx, only the part that changes."""
    context = {
        **listed(request, rules_of(request.user), filters=("device_kind", "verified"), words=WORDS),
        "waiting": proposals_of(request.user).filter(state__in=OPEN)[:20],
        "may_propose": may_propose(request.user),
        "part": is_part(request),
    }
    for row in context["page"]:
        row.scope, row.raises = scope_text(row), raised_at(row)
    return render(request, "monitoring/_rules.html" if context["part"] else "monitoring/rules.html", context)


def _rule(request: HttpRequest, pk: int) -> ThresholdRule:
    return get_object_or_404(rules_of(request.user), pk=pk)


@page("thresholdrule")
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    row = _rule(request, pk)
    context = {
        "rule": row,
        "scope": scope_text(row),
        "lines": lines_of(row, ""),
        "raises": raised_at(row),
        "governed": _governed(row),
        "proposals": proposals_of(request.user).filter(rule=row)[:HISTORY],
        "history": row.history.select_related("history_user")[:HISTORY],  # type: ignore[attr-defined]
        "may_propose": may_propose(request.user, row),
    }
    return render(request, "monitoring/rule.html", context)


def _governed(rule: ThresholdRule) -> int:
    """How many series this rule judges now."""
    scope = {"device_id": rule.device_id} if rule.device_id else {"device__kind": rule.device_kind}
    book, rows = rulebook(), Series.objects.filter(**scope).values_list("device_id", "device__kind", "key")
    return sum(book.ids[book.row(*one)] == rule.pk for one in rows)


@page("thresholdrule")
def rule_change(request: HttpRequest, pk: int) -> HttpResponse:
    row = _rule(request, pk)
    if not may_propose(request.user, row):
        raise PermissionDenied(_("您的角色或辖区不能提出这条规则的改动。"))
    return _form_page(request, row)


@page("thresholdrule")
def rule_new(request: HttpRequest) -> HttpResponse:
    """A blank form, or one for a series of a device, or a copy of a rule for another scope."""
    if not may_propose(request.user):
        raise PermissionDenied(_("您的角色不能提出规则。"))
    return _form_page(request, None)


def _start(request: HttpRequest) -> ThresholdRule:
    """What a new rule's form begins with: the rule to copy and the device it is for, as far as they are in reach."""
    wanted = ThresholdRule(key=request.GET.get("key", "")[:60])
    copied = rules_of(request.user).filter(pk=_number(request.GET.get("copy"))).first()
    if copied:
        wanted = copied
        wanted.pk, wanted.verified = None, "own"
    device = Device.objects.visible_to(request.user).filter(pk=_number(request.GET.get("device"))).first()
    if device:
        wanted.device, wanted.device_kind, wanted.area = device, "", None
        wanted.key = request.GET.get("key", wanted.key)[:60]
    return wanted


def _number(text: str | None) -> int:
    """0, which no row has, for what is no number."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def _form_page(request: HttpRequest, row: ThresholdRule | None) -> HttpResponse:
    instance = ThresholdRule.objects.get(pk=row.pk) if row else _start(request)
    form = RuleForm(request.POST or None, instance=instance, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = proposal_make(rule=row, wanted=form.instance, why=form.cleaned_data["why"], by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("monitoring:proposal", made.pk)
    context: dict[str, Any] = {
        "form": form,
        "rule": row,
        "device": instance.device,
        "back": reverse("monitoring:rule", args=[row.pk]) if row else reverse("monitoring:rules"),
        "windows": form.windows(),
        "spans": span_rows(form),
        "spans_shown": len(form.instance.spans or []) + 1,
        "levels": [(name, [form[f"{name}_{end}"] for end in ENDS]) for name in NAMES],
    }
    return render(request, "monitoring/rule_form.html", context, status=422 if form.errors else 200)
