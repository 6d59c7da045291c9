"""Commands to a device: the panel on its page, the form made from the protocol's declaration, and taking one back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from anlan.kit.flow import IllegalStep
from anlan.monitoring.commanding.selectors import commands_open_to, commands_shown
from anlan.monitoring.commanding.services import TooMany, command_cancel, command_queue
from anlan.monitoring.models import Device, DeviceCommand
from anlan.monitoring.selectors import devices_of
from anlan.monitoring.views.access import is_part, page
from anlan.protocols.commands import Command, Parameter, ParameterError

PATIENCE = {
    5: gettext_lazy("5 分钟"),
    30: gettext_lazy("30 分钟"),
    120: gettext_lazy("2 小时"),
    1440: gettext_lazy("24 小时"),
}
USUAL = 30


@page("device")
def commands(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the device's page that changes while a command is under way."""
    row = get_object_or_404(devices_of(request.user), pk=pk)
    return render(request, "monitoring/_commands.html", {"device": row, **commands_shown(request.user, row)})


@page("device")
def command_new(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of one command, and its sending."""
    row = get_object_or_404(devices_of(request.user), pk=pk)
    known = commands_open_to(request.user, row)
    if not known:
        raise PermissionDenied(_("您的角色不能向该设备下发命令。"))
    asked = request.POST if request.method == "POST" else request.GET
    command = next((one for one in known if one.key == asked.get("key", known[0].key)), None)
    if command is None:
        raise Http404
    if request.method == "POST":
        return _send(request, row, known, command)
    return _form(request, row, known, command, {})


def _send(request: HttpRequest, row: Device, known: list[Command], command: Command) -> HttpResponse:
    values = {one.key: request.POST.get(one.key, "") for one in command.parameters}
    try:
        command_queue(device=row, key=command.key, values=values, minutes=_minutes(request), by=request.user)
    except ParameterError as error:
        return _form(request, row, known, command, values, wrong=error, status=422)
    except TooMany as error:
        return _form(request, row, known, command, values, trouble=str(error), status=409)
    messages.success(request, _("命令已下发:%s") % _(command.title))
    return redirect("monitoring:device", pk=row.pk)


def _minutes(request: HttpRequest) -> int:
    return next((number for number in PATIENCE if str(number) == request.POST.get("patience")), USUAL)


def _form(
    request: HttpRequest, row: Device, known: list[Command], command: Command, values: Mapping[str, str],
    *, wrong: ParameterError | None = None, trouble: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        "device": row,
        "title": _("向 %(name)s 下发命令") % {"name": row.name},
        "part": is_part(request),
        "known": known,
        "command": command,
        "fields": [_field(one, values, wrong) for one in command.parameters],
        "patience": list(PATIENCE.items()),
        "usual": USUAL,
        "trouble": trouble,
        "question": _("该命令会改变设备的设置或动作,确定下发吗?") if command.grave else "",
    }
    template = "monitoring/_command_form.html" if context["part"] else "monitoring/command_new.html"
    return render(request, template, context, status=status)


def _field(one: Parameter, values: Mapping[str, str], wrong: ParameterError | None) -> dict[str, Any]:
    return {
        "one": one,
        "value": values.get(one.key) or _usual(one),
        "error": _(str(wrong)) if wrong and wrong.key == one.key else "",
    }


def _usual(one: Parameter) -> str:
    """What a person most likely wants; for a period the last day up to now."""
    if one.kind != "time":
        return one.default
    moment = timezone.localtime() - timedelta(days=0 if one.key == "to" else 1)
    return f"{moment:%Y-%m-%dT%H:%M}"


@require_POST
@page("device")
def command_stop(request: HttpRequest, pk: int, command_pk: int) -> HttpResponse:
    row = get_object_or_404(DeviceCommand.objects.visible_to(request.user), pk=command_pk, device=pk)
    try:
        command_cancel(command=row, by=request.user)
        messages.success(request, _("命令已撤销"))
    except IllegalStep:
        messages.error(request, _("命令已发送或已结束,不能撤销"))
    return redirect("monitoring:device", pk=pk)
