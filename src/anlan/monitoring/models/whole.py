"""Rows that count for the whole instance, whatever the area of what they count."""

from typing import Any, Self, TypeVar

from django.db import models

from anlan.accounts.models import Area
from anlan.kit.rows import RowQuerySet

M = TypeVar("M", bound=models.Model)


def sees_whole(user: Any) -> bool:
    """Whether a person's area is the whole district."""
    if not (user.is_authenticated and user.is_active):
        return False
    return bool(user.is_superuser or (user.area is not None and user.area.level == Area.Level.DISTRICT))


class WholeQuerySet(RowQuerySet[M]):
    """Whoever answers for a part of the district sees none of them: they would tell of the other parts."""

    def visible_to(self, user: Any) -> Self:
        return super().visible_to(user) if sees_whole(user) else self.none()


WholeManager = models.Manager.from_queryset(WholeQuerySet)
