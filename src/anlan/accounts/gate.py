"""A person whose password was set by somebody else goes nowhere before changing it."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

OPEN = ("accounts:password", "accounts:logout", "set_language")
API = "/api/"


class PasswordGateMiddleware:
    """Leads every page to the password page, and answers the API with 403, until the password is the person's own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._closed(request) if _must_change(request) else self.get_response(request)

    def _closed(self, request: HttpRequest) -> HttpResponse:
        if request.path in {reverse(name) for name in OPEN}:
            return self.get_response(request)
        if request.path.startswith(API):
            return JsonResponse({"detail": _("请先修改初始密码。")}, status=HTTPStatus.FORBIDDEN)
        return redirect("accounts:password")


def _must_change(request: HttpRequest) -> bool:
    """Asks for the person only where a session may name one, so that other answers stay cacheable."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    return bool(getattr(request.user, "must_change_password", False))
