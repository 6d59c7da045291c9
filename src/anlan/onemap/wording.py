"""Values and their names in words, for cards and tables."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.onemap.selectors import DrawnLayer, field_of

NOTHING = "—"


def name_of(drawn: DrawnLayer, name: str) -> str:
    """The field's own words; an annotation may carry them as the `verbose_name` of its output field."""
    field = field_of(drawn.model, name) or getattr(drawn.rows.query.annotations.get(name), "output_field", None)
    described = getattr(getattr(drawn.model, name, None), "short_description", None)
    return str(getattr(field, "verbose_name", None) or described or name)


def value_of(row: Any, name: str) -> str:
    """What a person reads for `a__b`; a dash where there is nothing."""
    *path, last = name.split("__") if not hasattr(row, name) else [name]
    try:
        for part in path:
            row = getattr(row, part)
        value = getattr(row, f"get_{last}_display", lambda: getattr(row, last))()
    except (AttributeError, ObjectDoesNotExist):
        return NOTHING
    return _text(value() if callable(value) else value)


def card_of(drawn: DrawnLayer, row: Any) -> list[tuple[str, str]]:
    return [(name_of(drawn, name), value_of(row, name)) for name in drawn.properties if name != drawn.label]


def title_of(drawn: DrawnLayer, row: Any) -> str:
    return value_of(row, drawn.label) if drawn.label else str(row)


def address_of(user: Any, drawn: DrawnLayer, row: Any) -> str:
    """The object's own page: the layer's, else the back office's for those who may enter it, else nothing."""
    if drawn.layer.url:
        return str(drawn.layer.url(row))
    if not user.is_staff:
        return ""
    try:
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return ""


def table_of(user: Any, drawn: DrawnLayer, rows: Any) -> Iterator[dict[str, Any]]:
    """Rows of the table twin; each cell comes with the words of its column."""
    named = [(name, name_of(drawn, name)) for name in drawn.properties]
    for row in rows:
        cells = [(title, value_of(row, name)) for name, title in named]
        yield {"id": row.pk, "cells": cells, "url": address_of(user, drawn, row), "title": title_of(drawn, row)}


def _text(value: Any) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
