"""A log-in between its two steps. The session holds who gave the right password, and for how long that counts."""

from dataclasses import dataclass
from time import time

from django.http import HttpRequest

from anlan.accounts.models import User

KEY = "login_pending"
SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Pending:
    """`next` was checked to be an address of this host."""

    user: User
    next: str


def remember(request: HttpRequest, user: User, next_url: str) -> None:
    """Begins a fresh session, which knows no earlier visitor's identifier."""
    request.session.cycle_key()
    mark = user.get_session_auth_hash()
    request.session[KEY] = {"user": user.pk, "mark": mark, "next": next_url, "until": time() + SECONDS}


def recall(request: HttpRequest) -> Pending | None:
    """None where nobody waits, too much time has passed, or the account has changed since."""
    held = request.session.get(KEY)
    if not held or time() > held["until"]:
        return None
    user = User.objects.filter(pk=held["user"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != held["mark"]:
        return None
    return Pending(user=user, next=held["next"])


def forget(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
