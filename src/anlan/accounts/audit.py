"""Writes and reads the audit log.

`audit_record` puts an entry beside the change, in its transaction. The entry joins the chain when that transaction
commits, one transaction after another, so that no writer waits for another's work and the chain never forks.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from django.db import connection, models
from django.utils import timezone

from anlan.accounts.acting import Actor, actor_now
from anlan.accounts.chain import CONTENT, GENESIS, KEYS, Entry, Head, canonical, content_digest
from anlan.accounts.models import AuditEntry

Action = AuditEntry.Action
Subject: TypeAlias = models.Model | type[models.Model] | str

_TYPES = {"at": "timestamptz", "actor_id": "bigint", "fields": "jsonb"}
_INSERT = "insert into accounts_audit_waiting ({names}) select * from unnest({marks})".format(
    names=", ".join((*CONTENT, "content")),
    marks=", ".join(f"%s::{_TYPES.get(name, 'text')}[]" for name in (*CONTENT, "content")),
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
    names = {"subject_id": str(subject_id), "subject_name": subject_name, "area": area}
    _insert([_content(action, subject, fields or {}, by or actor_now(), **names)])


def audit_record_rows(*, action: AuditEntry.Action, changes: Iterable[tuple[models.Model, Mapping[str, Any]]]) -> None:
    """An entry for each row with its fields, in the order given, with one statement."""
    actor = actor_now()
    _insert([_content(action, row, fields, actor) for row, fields in changes])


def _content(
    action: AuditEntry.Action,
    subject: Subject,
    fields: Mapping[str, Any],
    actor: Actor,
    *,
    subject_id: str = "",
    subject_name: str = "",
    area: str = "",
) -> dict[str, Any]:
    content = {
        "at": _moment(timezone.now()),
        "actor_name": actor.name,
        "action": str(action),
        "subject": _label(subject),
        "subject_id": str(subject.pk) if isinstance(subject, models.Model) else subject_id,
        "subject_name": subject_name or (str(subject) if isinstance(subject, models.Model) else ""),
        "area": area or area_path_of(subject),
        "fields": fields,
        "ip": actor.ip,
    }
    return {**plain(content), "actor_id": actor.user_id}


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


def _insert(contents: list[dict[str, Any]]) -> None:
    rows = [content | {"content": content_digest(content)} for content in contents]
    columns = {name: [row[name] for row in rows] for name in (*CONTENT, "content")}
    columns["fields"] = [canonical(fields).decode() for fields in columns["fields"]]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, list(columns.values()))


def _label(subject: Subject) -> str:
    return subject if isinstance(subject, str) else subject._meta.label_lower


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
