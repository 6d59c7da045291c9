"""What happens around a log-in: the audit log hears of it, and the session gets its fixed end."""

from datetime import timedelta
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.utils import timezone

from anlan.accounts.acting import Actor, actor_of, address_of
from anlan.accounts.audit import Action, audit_record
from anlan.accounts.models import User

NOBODY = "anonymous"


def connect() -> None:
    """Called once when the apps are ready."""
    user_logged_in.connect(_after_login, dispatch_uid="audit_login")
    user_logged_out.connect(_after_logout, dispatch_uid="audit_logout")
    user_login_failed.connect(_after_failure, dispatch_uid="audit_login_failed")
    user_locked_out.connect(_after_lock, dispatch_uid="audit_locked")


def _after_login(sender: Any, request: Any, user: User, **_rest: Any) -> None:
    """The session ends a fixed time from now, however busy it is: one duty shift."""
    request.session.set_expiry(timezone.now() + timedelta(hours=settings.ANLAN_SESSION_HOURS))
    audit_record(action=Action.LOGIN, subject=user, by=actor_of(user, ip=address_of(request)))


def _after_logout(sender: Any, request: Any, user: User | None, **_rest: Any) -> None:
    if user is not None:
        audit_record(action=Action.LOGOUT, subject=user, by=actor_of(user, ip=address_of(request)))


def _after_failure(sender: Any, credentials: dict[str, Any], request: Any = None, **_rest: Any) -> None:
    _record_stranger(Action.LOGIN_FAILED, credentials.get("username"), request)


def _after_lock(sender: Any, request: Any, username: str | None, **_rest: Any) -> None:
    _record_stranger(Action.LOCKED, username, request)


def _record_stranger(action: Action, username: object, request: Any) -> None:
    tried = str(username or "").replace("\x00", "")[:150]
    known = User.objects.filter(username=tried).values_list("pk", flat=True).first()
    audit_record(
        action=action,
        subject=User,
        subject_id=known or "",
        subject_name=tried,
        by=Actor(name=NOBODY, ip=address_of(request)),
    )
