"""设备一生: the steps of a device's life on its page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.kit.flow import IllegalStep
from anlan.monitoring.life.checks import BAD, commissioning_checks
from anlan.monitoring.life.flow import FLOW, LifeStep, Stage
from anlan.monitoring.life.services import (
    device_certificate_bind,
    device_commission,
    device_reinstate,
    device_retire,
    may_commission,
    may_keep,
)
from anlan.monitoring.life.showing import credentials_context
from anlan.monitoring.models import Commissioning, Device
from anlan.monitoring.moments import now_ms
from anlan.monitoring.selectors import devices_of
from anlan.monitoring.views.access import page


def life_context(user: Any, device: Device) -> dict[str, Any]:
    """What the device's page shows of its life."""
    steps = FLOW.steps(Stage(device.life))
    stages = [stage for stage in Stage if stage != Stage.RETIRED or device.life == Stage.RETIRED]
    checks = commissioning_checks(device, now=now_ms()) if LifeStep.COMMISSION in steps else []
    return {
        "stages": [(stage, stages.index(stage) <= stages.index(Stage(device.life))) for stage in stages],
        "checks": checks,
        "bad_checks": sum(check.state == BAD for check in checks),
        "commissioning": Commissioning.objects.filter(device=device).select_related("by").first(),
        "may_commission": LifeStep.COMMISSION in steps and may_commission(user),
        "may_keep": may_keep(user),
        **credentials_context(device),
        "may_retire": LifeStep.RETIRE in steps and may_keep(user),
        "may_reinstate": LifeStep.REINSTATE in steps and may_keep(user),
    }


def life_act(request: HttpRequest, pk: int, act: Callable[[Device], object], done: str) -> HttpResponse:
    """Takes a step and leads back to the page, with what was done or why not."""
    device = get_object_or_404(devices_of(request.user), pk=pk)
    try:
        act(device)
    except (IllegalStep, ValidationError) as error:
        words = "".join(error.messages) if isinstance(error, ValidationError) else _("设备现在的状态不能这样做。")
        messages.error(request, words)
    else:
        messages.success(request, done)
    return redirect("monitoring:device", pk)


@require_POST
@page("device")
def device_certificate(request: HttpRequest, pk: int) -> HttpResponse:
    text = request.POST.get("certificate", "")
    done = _("已绑定证书") if text.strip() else _("已解除证书绑定")
    return life_act(request, pk, lambda row: device_certificate_bind(device=row, text=text, by=request.user), done)


@require_POST
@page("device")
def device_commissioned(request: HttpRequest, pk: int) -> HttpResponse:
    note = request.POST.get("note", "")
    return life_act(request, pk, lambda row: device_commission(device=row, by=request.user, note=note), _("已签字验收"))


@require_POST
@page("device")
def device_retired(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return life_act(request, pk, lambda row: device_retire(device=row, by=request.user, reason=reason), _("设备已退役"))


@require_POST
@page("device")
def device_reinstated(request: HttpRequest, pk: int) -> HttpResponse:
    return life_act(request, pk, lambda row: device_reinstate(device=row, by=request.user), _("设备已恢复登记"))
