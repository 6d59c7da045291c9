"""接入凭证: what an administrator sets of them on a device's page."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from anlan.accounts.audit import Action, audit_record
from anlan.monitoring.life.credentials import (
    device_access_save,
    device_code_forget,
    device_secret_set,
    device_token_revoke,
)
from anlan.monitoring.life.forms import PollAccessForm
from anlan.monitoring.life.services import may_keep
from anlan.monitoring.models import Device, PollAccess
from anlan.monitoring.selectors import devices_of
from anlan.monitoring.views.access import page
from anlan.monitoring.views.devices import device_page
from anlan.monitoring.views.life import life_act


@require_POST
@sensitive_post_parameters("secret")
@page("device")
def device_secret(request: HttpRequest, pk: int) -> HttpResponse:
    secret = request.POST.get("secret", "")
    done = _("已设置通信口令") if secret.strip() else _("已解除通信口令")
    return life_act(request, pk, lambda row: device_secret_set(device=row, secret=secret, by=request.user), done)


def _simple(act: Callable[..., object], done: Callable[[], str]) -> Callable[[HttpRequest, int], HttpResponse]:
    @require_POST
    @page("device")
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        return life_act(request, pk, lambda row: act(device=row, by=request.user), done())

    return view


device_code = _simple(device_code_forget, lambda: _("已收回鉴权码,终端下次注册时重新签发"))
device_token_end = _simple(device_token_revoke, lambda: _("已作废令牌"))


@require_POST
@page("device")
def device_access(request: HttpRequest, pk: int) -> HttpResponse:
    mode, addresses = request.POST.get("mode", ""), request.POST.get("addresses", "")

    def act(row: Device) -> None:
        device_access_save(device=row, mode=mode, addresses=addresses, by=request.user)

    return life_act(request, pk, act, _("已保存核对方式和允许的地址"))


@require_POST
@sensitive_post_parameters("password")
@page("device")
@transaction.atomic
def poll_access(request: HttpRequest, pk: int) -> HttpResponse:
    """How its server is logged in to."""
    row = get_object_or_404(devices_of(request.user), pk=pk)
    if not may_keep(request.user):
        raise PermissionDenied(_("只有系统管理员可以更改接入凭证。"))
    form = PollAccessForm(
        request.POST, instance=PollAccess.objects.filter(device=row).first() or PollAccess(device=row)
    )
    if not form.is_valid():
        return device_page(request, row, poll_form=form)
    form.save()
    audit_record(action=Action.CHANGE, subject=row, fields={"poll_access": sorted(form.changed_data)})
    return redirect("monitoring:device", pk)
