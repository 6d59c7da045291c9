"""Who acts: the person of the request, a person named by a job, or the system itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from simple_history.models import HistoricalRecords

SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """`user_id` is None for the system; `ip` is empty outside a request."""

    user_id: int | None = None
    name: str = SYSTEM
    ip: str = ""


_named: ContextVar[Actor | None] = ContextVar("anlan_actor", default=None)


@contextmanager
def acting_as(user: Any = None, *, name: str = SYSTEM) -> Iterator[None]:
    """Names who acts where there is no request, or in whose name the system acts within one."""
    token = _named.set(actor_of(user) if user is not None else Actor(name=name))
    try:
        yield
    finally:
        _named.reset(token)


def actor_of(user: Any, *, ip: str = "") -> Actor:
    """The actor that a person who is logged in is; anybody else is the system."""
    if user is None or not user.is_authenticated:
        return Actor(ip=ip)
    return Actor(user_id=user.pk, name=_name(user), ip=ip)


def actor_now() -> Actor:
    if named := _named.get():
        return named
    request = getattr(HistoricalRecords.context, "request", None)
    return actor_of(getattr(request, "user", None), ip=address_of(request)) if request else Actor()


def address_of(request: Any) -> str:
    """The address that the request came from, as the server saw it."""
    return str(request.META.get("REMOTE_ADDR") or "") if request is not None else ""


def _name(user: Any) -> str:
    shown, username = str(user), user.get_username()
    return shown if shown == username else f"{shown}({username})"
