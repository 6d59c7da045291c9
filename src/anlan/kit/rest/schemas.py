"""OpenAPI schemas of an entity, and rows as JSON."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.db import models
from django.utils.translation import gettext_lazy as _
from ninja import Field, Schema
from ninja.orm import create_schema
from pydantic import PrivateAttr, create_model, model_validator

from anlan.kit.display import shown
from anlan.kit.entities import Entity
from anlan.kit.masking import mask
from anlan.kit.querying import filterset_of

MAX_SIZE = 1000
PLACE = Field(None, description="GeoJSON, EPSG:4490 (CGCS2000), longitude first")


class Problem(Schema):
    """What went wrong: a sentence, and one a field where the content is at fault."""

    detail: str
    errors: dict[str, str] = {}


class Written(Schema):
    """A body as it was sent; its content is checked by the entity's form, which answers in Chinese."""

    _sent: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _run_root_validator(cls, values: Any, handler: Any, info: Any) -> Any:
        if not isinstance(values, dict):
            raise ValueError(_("请求体应为 JSON 对象。"))
        made = cls.model_construct()
        made._sent = values
        return made

    def sent(self) -> dict[str, Any]:
        """Just what was sent, no defaults."""
        return dict(self._sent)


def out_schema(entity: Entity) -> type[Schema]:
    """A row. Sensitive fields are text, since they may be masked; places are GeoJSON; `…_label` reads in words."""
    plain = [f.name for f in _public(entity) if not isinstance(f, GeometryField) and f.name not in entity.sensitive]
    extra: list[tuple[str, Any, Any]] = [(name, str, "") for name in entity.sensitive]
    extra += [(f.name, dict[str, Any] | None, PLACE) for f in _public(entity) if isinstance(f, GeometryField)]
    extra += [(f"{name}_label", str, "") for name in labelled(entity)] + [("label", str, "")]
    extra.append(
        ("row_stamp", str | None, Field(None, description="send it back with a PATCH to be told of other writers"))
    )
    return create_schema(
        entity.model,
        name=entity.model.__name__,
        fields=plain,
        optional_fields=plain,
        custom_fields=extra,
    )


def in_schema(entity: Entity, *, partial: bool) -> type[Schema]:
    """What may be written: all that a form has; for a PATCH nothing is required."""
    fields = [entity.model._meta.get_field(name) for name in entity.editable]
    plain = [f.name for f in fields if not isinstance(f, GeometryField)]
    places: list[tuple[str, Any, Any]] = [
        (f.name, dict[str, Any] | None, PLACE) for f in fields if isinstance(f, GeometryField)
    ]
    name = f"{entity.model.__name__}{'Change' if partial else 'New'}"
    return create_schema(
        entity.model,
        name=name,
        fields=plain,
        optional_fields=plain if partial else None,
        custom_fields=places,
        base_class=Written,
    )


def query_schema(entity: Entity) -> type[Schema]:
    """The query parameters of a list: the declared filters, a search text, order and page."""
    names = [name for key, one in filterset_of(entity).base_filters.items() for name in _parameters(key, one)]
    fields: dict[str, Any] = {name: (str | None, Field(None, description=label)) for name, label in names}
    fields |= {
        "q": (str | None, Field(None, description=str(_("关键词,多个词用空格隔开")))),
        "order": (str | None, Field(None, description=str(_("排序字段,前加 - 为倒序")))),
        "page": (str, Field("1", json_schema_extra={"type": "integer", "minimum": 1})),
        "size": (str, Field("20", json_schema_extra={"type": "integer", "minimum": 1, "maximum": MAX_SIZE})),
    }
    return create_model(f"{entity.model.__name__}Query", __base__=Schema, **fields)


def _parameters(key: str, one: Any) -> list[tuple[str, str]]:
    suffixes = getattr(one.field_class.widget, "suffixes", None)
    return [(f"{key}_{suffix}", str(one.label)) for suffix in suffixes] if suffixes else [(key, str(one.label))]


def page_schema(entity: Entity, out: type[Schema]) -> type[Schema]:
    """A page of rows with the total."""
    fields: dict[str, Any] = dict.fromkeys(("total", "page", "size"), (int, ...))
    fields["items"] = (list.__class_getitem__(out), ...)
    return create_model(f"{entity.model.__name__}Page", __base__=Schema, **fields)


def labelled(entity: Entity) -> list[str]:
    return [f.name for f in _public(entity) if f.flatchoices or isinstance(f, models.ForeignKey)]


def _public(entity: Entity) -> list[models.Field[Any, Any]]:
    """Fields that leave the house: no bytes, and nothing that no form may show."""
    fields = entity.model._meta.concrete_fields
    return [f for f in fields if (f.editable or f.primary_key) and not isinstance(f, models.BinaryField)]


def as_json(entity: Entity, row: models.Model, masked: frozenset[str]) -> dict[str, Any]:
    """A row for `out_schema`."""
    found: dict[str, Any] = {"label": str(row)}
    for field in _public(entity):
        value = getattr(row, field.attname)
        if isinstance(field, GeometryField):
            value = json.loads(value.geojson) if value else None
        if field.name in entity.sensitive:
            value = mask(value) if field.name in masked else str(value or "")
        found[field.attname] = value
    return found | {f"{name}_label": shown(row, name) for name in labelled(entity)}
