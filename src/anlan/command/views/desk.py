"""The duty desk 值班台: signals waiting, clocks running, calls to make, notices."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.accounts.roles import Role
from anlan.accounts.stepping import page
from anlan.command.calls import calls_to_make, phone_reveal
from anlan.command.selectors import desk as desk_now
from anlan.command.views.access import DESK_PAGES
from anlan.kit.inbox import notices_of

NOTICES = 12


@page(*DESK_PAGES)
def desk(request: HttpRequest) -> HttpResponse:
    """The page; asked by htmx, only the part that changes."""
    user: Any = request.user
    now = desk_now(user)
    context = {
        "desk": now,
        "part": request.headers.get("HX-Request") == "true",
        "mine": [signal for signal in now.waiting if signal.assigned_to_id == user.pk],
        "calls": calls_to_make(user),
        "notices": notices_of(user)[:NOTICES],
        "may_step": user.role in (Role.DUTY_OFFICER, Role.COMMANDER),
        "titles": {"report": _("首报"), "receipt": _("签收"), "arrival": _("到达")},
    }
    return render(request, "command/_desk.html" if context["part"] else "command/desk.html", context)


@page(*DESK_PAGES)
def phone(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """A telephone number in full, on asking."""
    user = request.user
    assert isinstance(user, User)
    return render(request, "command/_phone.html", {"number": phone_reveal(kind=kind, pk=pk, user=user)})
