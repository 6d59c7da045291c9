"""A person's notices: those to them, and those to their role in their area or one above it."""

from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.utils import timezone

from anlan.kit.models import Notice, NoticeReading

R = TypeVar("R", bound=QuerySet[Any])


def addresses_of(user: Any) -> list[str]:
    """Every address under which a notice reaches this person."""
    own = [f"user:{user.pk}"]
    area = getattr(user, "area", None)
    role = getattr(user, "role", "")
    codes = [code for code in area.path.split(".") if code] if area else []
    return own + ([f"role:{role}@{code}" for code in codes] if role else [])


def notices_of(user: Any) -> QuerySet[Notice]:
    """Newest first; what was told as one stands once, and what was taken back or still waits for others does not."""
    left = Notice.objects.filter(address__in=addresses_of(user), bundle=None)
    return left.exclude(state__in=(Notice.State.HELD, Notice.State.WITHDRAWN))


def bundled_of(user: Any, bundle: str) -> QuerySet[Notice]:
    """The messages that were told to this person as one; nothing where there is no such bundle."""
    if not (bundle.isascii() and bundle.isdigit() and len(bundle) < 18):
        return Notice.objects.none()
    return Notice.objects.filter(address__in=addresses_of(user), bundle_id=int(bundle))


def rows_told(rows: R, bundle: str) -> R:
    """Those of these rows of which the messages told as one spoke; all where `bundle` is no number."""
    if not (bundle.isascii() and bundle.isdigit() and len(bundle) < 18):
        return rows
    told = Notice.objects.filter(bundle_id=int(bundle), about=rows.model._meta.label_lower)
    return rows.filter(pk__in=told.values("about_id"))


def unread_of(user: Any) -> QuerySet[Notice]:
    return (
        notices_of(user)
        .exclude(readings__reader_id=user.pk)
        .exclude(Q(address__startswith="user:"), state=Notice.State.READ)
    )


def notice_read(*, notice: Notice, user: Any) -> None:
    """Marks a notice as read by this person; one to a role stays unread for the others."""
    NoticeReading.objects.get_or_create(notice=notice, reader_id=user.pk)
    if notice.address == f"user:{user.pk}" and notice.state != Notice.State.READ:
        notice.state, notice.read_at = Notice.State.READ, timezone.now()
        notice.save(update_fields=["state", "read_at"])


def notices_read_all(*, user: Any) -> int:
    """Marks everything as read; returns how many were unread."""
    unread = list(unread_of(user))
    for notice in unread:
        notice_read(notice=notice, user=user)
    return len(unread)
