"""Law is data: reads the row of a rule that is in force at a moment."""

from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from anlan.kit.models import LawRule


class NoSuchRule(LookupError):
    """No row of this code is in force at that day."""


def law_rule(code: str, *, at: datetime | date | None = None) -> LawRule:
    """The row in force on the day of `at` (today where None); raises `NoSuchRule`."""
    moment = at or timezone.now()
    day = timezone.localtime(moment).date() if isinstance(moment, datetime) else moment
    row = (
        LawRule.objects.filter(Q(valid_to=None) | Q(valid_to__gte=day), code=code, valid_from__lte=day)
        .order_by("-valid_from")
        .first()
    )
    if row is None:
        raise NoSuchRule(f"no rule {code} in force on {day}")
    return row


def law_value(code: str, *, at: datetime | date | None = None) -> Any:
    """The value of the row in force."""
    return law_rule(code, at=at).value
