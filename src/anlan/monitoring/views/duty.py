"""值班表 and 报警督办: who is on duty, to whom alarms go, and what the auditor found."""

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from anlan.kit.law import law_rule
from anlan.monitoring.health import health
from anlan.monitoring.models import AlarmFinding, AuditRun, DutyRole, DutyShift, EscalationStep, Level
from anlan.monitoring.views.access import PAGE, page

AHEAD = timedelta(days=7)
RUNS = 30


@page("dutyshift")
def duty(request: HttpRequest) -> HttpResponse:
    """Who is on duty now, who comes in the next days, and the steps by level."""
    now = timezone.now()
    rows = DutyShift.objects.visible_to(request.user).select_related("person", "area")
    current = list(rows.filter(starts_at__lte=now, ends_at__gt=now).order_by("area__path", "starts_at"))
    context = {
        "roles": [(role, [shift for shift in current if shift.role == role.value]) for role in DutyRole],
        "ahead": rows.filter(starts_at__gt=now, starts_at__lt=now + AHEAD).order_by("starts_at", "role")[:200],
        "levels": _steps(),
        "own": EscalationStep.objects.visible_to(request.user).select_related("area"),
        "law": law_rule("alarm_escalation"),
        "may_edit": request.user.has_perm("monitoring.add_dutyshift"),
    }
    return render(request, "monitoring/duty.html", context)


def _steps() -> list[tuple[Any, list[tuple[int, str]], int]]:
    """Level, steps (minutes, duty), minutes between reminders; red first."""
    chain, repeat = law_rule("alarm_escalation").value, law_rule("alarm_repeat_minutes").value
    return [
        (
            level,
            [(int(step["after"]), str(DutyRole(step["role"]).label)) for step in chain.get(str(int(level)), [])],
            int(repeat.get(str(int(level)), 15)),
        )
        for level in reversed(Level)
        if level
    ]


@page("alarmfinding")
def audit(request: HttpRequest) -> HttpResponse:
    """What the auditor found, the open ones first, and its last rounds."""
    rows = AlarmFinding.objects.visible_to(request.user).select_related("alarm__device", "alarm__series")
    context = {
        "health": health(),
        "page": Paginator(rows.order_by("closed_at", "-last_at"), PAGE).get_page(request.GET.get("page")),
        "runs": AuditRun.objects.visible_to(request.user)[:RUNS],
        "query": "",
    }
    return render(request, "monitoring/audit.html", context)
