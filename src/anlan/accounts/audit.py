"""Writes and reads the audit log.

`audit_record` puts an entry beside the change, in its transaction. The entry joins the chain when that transaction
commits, one transaction after another, so that no writer waits for another's work and the chain never forks.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from django.db import connection, models
from django.utils import timezone

from anlan.accounts.acting import Actor, actor_now
from anlan.accounts.chain import CONTENT, GENESIS, KEYS, Entry, Head, canonical, content_digest
from anlan.accounts.models import AuditEntry

Action = AuditEntry.Action
Subject: TypeAlias = models.Model | type[models.Model] | str

_INSERT = "insert into accounts_audit_waiting ({names}, content) values ({marks})".format(
    names=", ".join(CONTENT), marks=", ".join(["%s"] * (len(CONTENT) + 1))
)


def audit_record(
    *,
    action: AuditEntry.Action,
    subject: Subject,
    subject_id: object = "",
    subject_name: str = "",
    fields: Mapping[str, Any] | None = None,
    area: str = "",
    by: Actor | None = None,
) -> None:
    """Records that something was done to a row, to a whole model (a bulk load: say how many in `fields`) or to a name.

    `fields` is written as JSON with text for every scalar.
    """
    actor = by or actor_now()
    content: dict[str, Any] = {
        "at": _moment(timezone.now()),
        "actor_name": actor.name,
        "action": str(action),
        "subject": _label(subject),
        "subject_id": str(subject.pk) if isinstance(subject, models.Model) else str(subject_id),
        "subject_name": subject_name or (str(subject) if isinstance(subject, models.Model) else ""),
        "area": area or area_path_of(subject),
        "fields": fields or {},
        "ip": actor.ip,
    }
    _insert(plain(content) | {"actor_id": actor.user_id})


def audit_entries() -> Iterator[Entry]:
    """The whole chain, oldest first, as it is exported."""
    for row in AuditEntry.objects.order_by("seq").values(*KEYS).iterator(chunk_size=2000):
        yield row | {"at": _moment(row["at"])}


def audit_head() -> Head:
    row = AuditEntry.objects.order_by("-seq").values("seq", "hash").first()
    return Head(**row) if row else Head(seq=0, hash=GENESIS)


def area_path_of(subject: object) -> str:
    """Path of the area that a row belongs to; empty where it belongs to none."""
    if isinstance(subject, models.Model):
        area = getattr(subject, "area", subject)
        return str(getattr(area, "path", ""))
    return ""


def plain(value: Any) -> Any:
    """JSON that a database gives back unchanged: scalars as text, without NUL and lone surrogates."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {_clean(str(key)): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return _clean(str(value))


def _clean(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _insert(content: dict[str, Any]) -> None:
    values: list[Any] = [canonical(content[key]).decode() if key == "fields" else content[key] for key in CONTENT]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [*values, content_digest(content)])


def _label(subject: Subject) -> str:
    return subject if isinstance(subject, str) else subject._meta.label_lower


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
