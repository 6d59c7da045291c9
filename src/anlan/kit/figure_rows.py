"""The rows behind a figure as a table: the declared columns, masked as in a list, each leading to its own page."""

from typing import Any

from django.db import models
from django.urls import NoReverseMatch, reverse

from anlan.kit.display import label_of, shown_masked
from anlan.kit.entities import entity_of


def table_of(rows: list[Any], model: type[models.Model], user: Any) -> dict[str, Any]:
    """`headers` and `lines` (address or empty text, cells with their headers) for a template."""
    entity = entity_of(model)
    if entity is None:
        name = str(model._meta.verbose_name)
        return {"headers": [name], "lines": [("", [(name, str(row))]) for row in rows]}
    masked, headers = frozenset(entity.sensitive), [label_of(model, name) for name in entity.columns]
    lines = [
        (
            address_of(row, user),
            [
                (header, shown_masked(entity, row, name, masked))
                for header, name in zip(headers, entity.columns, strict=True)
            ],
        )
        for row in rows
    ]
    return {"headers": headers, "lines": lines}


def address_of(row: models.Model, user: Any) -> str:
    """A row's page: its own where it has one, else the back office's for those who may enter it."""
    if hasattr(row, "get_absolute_url"):
        return str(row.get_absolute_url())
    if not user.is_staff:
        return ""
    try:
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_detail", args=[row.pk])
    except NoReverseMatch:
        return ""
