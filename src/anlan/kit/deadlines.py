"""Deadlines are rows that a worker sweeps, so a restart loses none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models, transaction
from django.utils import timezone

from anlan.kit.events import publish_all
from anlan.kit.models import Deadline


@dataclass(frozen=True, kw_only=True)
class DeadlinePassed:
    """A deadline came due and had not been met. `subject` is `app_label.model`, times are ISO 8601."""

    kind: str
    subject: str
    subject_id: int
    due_at: datetime


_UPSERT = """
insert into kit_deadline (kind, subject, subject_id, due_at)
select %s, %s, * from unnest(%s::bigint[], %s::timestamptz[])
on conflict (kind, subject, subject_id) do update set due_at = excluded.due_at, met_at = null, passed_at = null
"""


def deadline_set(*, kind: str, subject: models.Model, due_at: datetime) -> Deadline:
    """Sets or moves the deadline of this kind on a row."""
    rows = Deadline.objects.raw(f"{_UPSERT} returning *", [kind, subject._meta.label_lower, [subject.pk], [due_at]])
    return next(iter(rows))


def deadlines_set(*, kind: str, subject: type[models.Model], due: Mapping[int, datetime]) -> None:
    """The same for many rows of a model, by id, with one statement."""
    if not due:
        return
    ids = sorted(due)
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [kind, subject._meta.label_lower, ids, [due[pk] for pk in ids]])


def deadline_meet(*, kind: str, subject: models.Model, at: datetime | None = None) -> bool:
    """Marks a deadline as met; False where there is none open. One that has passed stays recorded as passed."""
    open_rows = Deadline.objects.filter(
        kind=kind, subject=subject._meta.label_lower, subject_id=subject.pk, met_at__isnull=True
    )
    return bool(open_rows.update(met_at=at or timezone.now()))


def deadlines_of(subject: models.Model) -> models.QuerySet[Deadline]:
    return Deadline.objects.filter(subject=subject._meta.label_lower, subject_id=subject.pk).order_by("due_at")


def deadlines_sweep(*, now: datetime | None = None, limit: int = 500) -> int:
    """Publishes `DeadlinePassed` for every open deadline that is due; returns how many. Safe with many sweepers."""
    moment = now or timezone.now()
    with transaction.atomic():
        due = list(
            Deadline.objects.select_for_update(skip_locked=True)
            .filter(due_at__lte=moment, met_at__isnull=True, passed_at__isnull=True)
            .order_by("due_at", "pk")[:limit]
        )
        Deadline.objects.filter(pk__in=[row.pk for row in due]).update(passed_at=moment)
        publish_all(
            DeadlinePassed(kind=row.kind, subject=row.subject, subject_id=row.subject_id, due_at=row.due_at)
            for row in due
        )
    return len(due)
