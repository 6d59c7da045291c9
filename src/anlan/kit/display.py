"""How a value reads to a person: in words, in local time, with the label of a choice."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.geos import GEOSGeometry
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from anlan.kit.entities import Entity
from anlan.kit.masking import mask


def field_of(model: type[models.Model], name: str) -> models.Field[Any, Any] | None:
    """The concrete field of this name; None for a property or method."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, models.Field) else None


def label_of(model: type[models.Model], name: str) -> str:
    """The field's own name in words; a property may carry `short_description`."""
    if field := field_of(model, name):
        return str(capfirst(field.verbose_name))
    attribute = getattr(model, name, None)
    return str(getattr(getattr(attribute, "fget", attribute), "short_description", name))


lazy_label_of = lazy(label_of, str)
"""`label_of` in the language of whoever reads it later."""


def shown(row: models.Model, name: str) -> str:
    """The value of a field as a person reads it; empty text where there is none."""
    field = field_of(type(row), name)
    if field is not None and field.flatchoices:
        return str(getattr(row, f"get_{name}_display")())
    value = getattr(row, name)
    return as_text(value() if callable(value) else value)


def shown_masked(entity: Entity, row: models.Model, name: str, masked: frozenset[str]) -> str:
    """As `shown`, masked where the field is among those."""
    text = shown(row, name)
    return mask(text) if name in masked else text


def as_text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, GEOSGeometry):
        return _geometry(value)
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value) if timezone.is_aware(value) else value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _geometry(value: GEOSGeometry) -> str:
    if value.geom_type == "Point":
        return f"{value.x:.6f}, {value.y:.6f}"  # type: ignore[attr-defined]
    return _("%(points)d 个顶点的边界") % {"points": value.num_coords}


def detail_fields(entity: Entity) -> list[models.Field[Any, Any]]:
    """The fields that a detail page shows: the list's columns first, then the rest; no made keys, secrets or bytes."""
    wanted = [
        field
        for field in entity.model._meta.concrete_fields
        if field.editable and not isinstance(field, models.AutoField | models.BigAutoField | models.BinaryField)
    ]
    order = {name: place for place, name in enumerate(entity.columns)}
    return sorted(wanted, key=lambda f: (isinstance(f, GeometryField), order.get(f.name, len(order))))
