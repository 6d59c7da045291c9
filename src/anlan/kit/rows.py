"""The one way pages and API read rows: `Model.objects.visible_to(user)`."""

from typing import Any, Self, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class RowQuerySet(models.QuerySet[M]):
    """Rows that belong to nobody in particular (law data, vocabularies): every person who is logged in sees them."""

    def visible_to(self, user: Any) -> Self:
        return self if user.is_authenticated and user.is_active else self.none()


RowManager = models.Manager.from_queryset(RowQuerySet)


def rows_visible(model: type[M], user: Any) -> models.QuerySet[M]:
    """The rows of any model that this person may see; none of a model without a rule, but for superusers."""
    manager = model._default_manager
    if hasattr(manager, "visible_to"):
        return manager.visible_to(user)
    return manager.all() if user.is_superuser else manager.none()
