"""Log-in in one or two steps, log-out, and the page that each role begins with."""

from typing import Any

import django_otp
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from anlan.accounts import pending
from anlan.accounts.forms import CodeForm, LogInForm
from anlan.accounts.models import User
from anlan.accounts.roles import Role
from anlan.accounts.services import second_factor, second_factor_matches

HOME: dict[str, str] = {
    Role.DUTY_OFFICER: "command:desk",
    Role.COMMANDER: "onemap:map",
    Role.LEADER: "kit:figures",
    Role.INSPECTOR: "supervision:hazards",
    Role.ENTERPRISE: "supervision:hazards",
    Role.TEAM_LEADER: "command:orders_mine",
    Role.ADMINISTRATOR: "admin:index",
}
FALLBACKS = ("onemap:map", "accounts:me")


class LogIn(LoginView):
    """The first step. Where the person has an authenticator, nobody is logged in before the second."""

    template_name = "accounts/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if second_factor(user) is None:
            return super().form_valid(form)
        pending.remember(self.request, user, self.get_success_url())
        return redirect("accounts:code")


def code(request: HttpRequest) -> HttpResponse:
    """The second step; it is open for a few minutes after the first, from the same browser."""
    waiting = pending.recall(request)
    if waiting is None:
        return redirect("accounts:login")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if _code_is_right(request, waiting.user, form.cleaned_data["code"]):
            return HttpResponseRedirect(waiting.next)
        form.add_error("code", _("动态口令不正确或已使用,请稍候再试。"))
    return render(request, "accounts/code.html", {"form": form})


def _code_is_right(request: HttpRequest, user: User, given: str) -> bool:
    """Logs the person in. A wrong code counts as a failed log-in, as a wrong password does."""
    credentials, device = {"username": user.username}, second_factor(user)
    if AxesProxyHandler.is_locked(request, credentials) or device is None:
        request.axes_locked_out = True  # type: ignore[attr-defined]
    elif second_factor_matches(user=user, device=device, code=given):
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        django_otp.login(request, device)
        pending.forget(request)
        return True
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    return False


def backoffice_login(request: HttpRequest) -> HttpResponse:
    """The back office's own log-in is this one; who is logged in and sent here lacks the right."""
    if request.user.is_authenticated:
        return render(request, "accounts/no_right.html", status=403)
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Leads to the page that the person's role works with."""
    role = getattr(request.user, "role", "")
    for name in (HOME.get(role), *FALLBACKS):
        try:
            return redirect(reverse(name)) if name else redirect(reverse(FALLBACKS[0]))
        except NoReverseMatch:
            continue
    return redirect("accounts:me")
