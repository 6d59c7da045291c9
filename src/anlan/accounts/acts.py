"""What every step of a loop shares: who acts, the lock, the form that was sent twice, the language of the record."""

from datetime import datetime
from typing import Any, Required, TypedDict, TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import override

from anlan.accounts.models import User

R = TypeVar("R", bound=models.Model)


class AlreadyDone(Exception):
    """The form with this key has done its work before; nothing was done now."""


class Act(TypedDict, total=False):
    """Who takes a step, when (now, if not said), with which form, and where the phone was."""

    by: Required[User]
    at: datetime | None
    key: UUID | None
    position: Point | None


def moment(act: Act) -> datetime:
    return act.get("at") or timezone.now()


def locked(row: R, act: Act, entries: models.QuerySet[Any]) -> R:
    """The row as it is now, locked to the end of the transaction. Raises `AlreadyDone`."""
    fresh = type(row)._default_manager.select_for_update(of=("self",)).get(pk=row.pk)
    form_begin(act, entries)
    return fresh


def form_begin(act: Act, entries: models.QuerySet[Any]) -> None:
    """Makes two sendings of one form wait for each other; raises `AlreadyDone` for the second.

    `entries` is the timeline that keeps the `key` of every form that has done its work.
    """
    if key := act.get("key"):
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(key)])
        if entries.filter(key=key).exists():
            raise AlreadyDone(key)


def say(template: Any, **values: Any) -> str:
    """A sentence of the record: always in the instance's own language, whatever language the page is in."""
    with override(settings.LANGUAGE_CODE):
        return str(template) % values if values else str(template)


def clock_text(at: datetime) -> str:
    """Local time of day, to the second."""
    return timezone.localtime(at).strftime("%H:%M:%S")
