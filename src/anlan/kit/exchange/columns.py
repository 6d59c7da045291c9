"""The columns of an entity's sheet: Chinese headers, what may stand in each, what must."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.gis.db.models import GeometryField, PointField
from django.db import models
from django.utils.translation import gettext as _

from anlan.kit.display import detail_fields
from anlan.kit.entities import Entity

ID = "id"
LON, LAT, DATUM = "lon", "lat", "datum"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. `part` is lon, lat or datum where a point takes several columns."""

    field: models.Field[Any, Any]
    header: str
    required: bool = False
    part: str = ""

    @property
    def key(self) -> str:
        return f"{self.field.name}.{self.part}" if self.part else self.field.name


def id_column(entity: Entity) -> Column:
    """Finds the row again when an exported sheet comes back; may be left out or empty."""
    return Column(field=entity.model._meta.pk, header=_("编号"))


def import_columns(entity: Entity) -> list[Column]:
    """Every column that a sheet may have, in the order of the template."""
    writable = set(entity.editable)
    return [column for field in detail_fields(entity) if field.name in writable for column in columns_of(field)]


def export_columns(entity: Entity, names: list[str] | None = None) -> list[Column]:
    """The columns of the chosen fields (all where None)."""
    fields = [field for field in detail_fields(entity) if names is None or field.name in names]
    made = isinstance(entity.model._meta.pk, models.AutoField | models.BigAutoField)
    head = [id_column(entity)] if made and (names is None or ID in names) else []
    return head + [column for field in fields for column in columns_of(field)]


def columns_of(field: models.Field[Any, Any]) -> list[Column]:
    name = str(field.verbose_name)
    if isinstance(field, PointField):
        return _point_columns(field)
    return [Column(field=field, header=name, required=is_required(field))]


def _point_columns(field: models.Field[Any, Any]) -> list[Column]:
    prefix = "" if field.name == "location" else f"{field.verbose_name}:"
    required = is_required(field)
    return [
        Column(field=field, header=prefix + _("经度"), required=required, part=LON),
        Column(field=field, header=prefix + _("纬度"), required=required, part=LAT),
        Column(field=field, header=prefix + _("坐标系"), part=DATUM),
    ]


def is_required(field: models.Field[Any, Any]) -> bool:
    return not (field.null or field.blank or field.has_default())


_KINDS: list[tuple[type[models.Field[Any, Any]], Callable[[], str]]] = [
    (models.BooleanField, lambda: _("是 或 否")),
    (models.PositiveIntegerField, lambda: _("不小于 0 的整数")),
    (models.PositiveSmallIntegerField, lambda: _("不小于 0 的整数")),
    (models.IntegerField, lambda: _("整数")),
    (models.FloatField, lambda: _("数字")),
    (models.DecimalField, lambda: _("数字")),
    (models.DateTimeField, lambda: _("日期时间,如 2024-05-01 08:30")),
    (models.DateField, lambda: _("日期,如 2024-05-01")),
    (models.JSONField, lambda: _("JSON 文本")),
    (GeometryField, lambda: _("GeoJSON 文本(Polygon 或 MultiPolygon)")),
]


def allowed(column: Column) -> str:
    """What may stand in a column, in words, for the explanation sheet."""
    field = column.field
    if column.part:
        return _("CGCS2000(不填即此)、WGS84、GCJ02 或 BD09") if column.part == DATUM else _("十进制度,如 114.3462")
    if field.flatchoices:
        return "、".join(str(label) for _code, label in field.flatchoices)
    if isinstance(field, models.ForeignKey):
        return _("%(target)s的名称或代码,须在本人管辖范围内") % {"target": field.related_model._meta.verbose_name}
    for kind, words in _KINDS:
        if isinstance(field, kind):
            return words()
    return _("文字,最多 %(n)d 字") % {"n": field.max_length} if field.max_length else _("文字")
