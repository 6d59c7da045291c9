"""One's own account: password, second factor, recent log-ins."""

from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice

from anlan.accounts import services
from anlan.accounts.forms import CodeForm, OwnPasswordForm, PasswordAgainForm
from anlan.accounts.models import User
from anlan.accounts.selectors import recent_logins


class OwnRequest(HttpRequest):
    """A request of somebody who is logged in."""

    user: User


@login_required
def me(request: OwnRequest, password_again: PasswordAgainForm | None = None) -> HttpResponse:
    context = {
        "logins": recent_logins(request.user),
        "authenticator": services.second_factor(request.user),
        "form": password_again or PasswordAgainForm(request.user),
    }
    return render(request, "accounts/me.html", context, status=422 if password_again else 200)


class Password(PasswordChangeView):
    """Also the page that a one-time password leads to."""

    template_name = "accounts/password.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("accounts:me")

    def form_valid(self, form: Any) -> HttpResponse:
        form.user.must_change_password = False
        messages.success(self.request, _("密码已修改。"))
        return super().form_valid(form)


@login_required
def second_factor(request: OwnRequest) -> HttpResponse:
    """Shows the authenticator's code to scan, and turns it on with the first code that it gives."""
    if services.second_factor(request.user):
        return redirect("accounts:me")
    device = services.second_factor_begin(user=request.user)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if services.second_factor_confirm(user=request.user, code=form.cleaned_data["code"]):
            messages.success(request, _("动态口令已启用,下次登录起生效。"))
            return redirect("accounts:me")
        form.add_error("code", _("动态口令不正确,请核对手机时间后稍候再试。"))
    answer = render(request, "accounts/second_factor.html", {"form": form, **_to_scan(device)})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def second_factor_off(request: OwnRequest) -> HttpResponse:
    form = PasswordAgainForm(request.user, request.POST)
    if not form.is_valid():
        return me(request, form)
    services.second_factor_remove(user=request.user)
    messages.success(request, _("动态口令已停用。"))
    return redirect("accounts:me")


def _to_scan(device: TOTPDevice) -> dict[str, str]:
    letters = services.second_factor_secret(device)
    fours = " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))
    return {"picture": segno.make(device.config_url, error="m").svg_data_uri(border=2, dark="#17212f"), "secret": fours}
