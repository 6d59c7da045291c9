"""Exports: chosen fields, masked by role, told to the audit log."""

from collections.abc import Iterator
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.db import models

from anlan.kit.display import shown
from anlan.kit.entities import Entity
from anlan.kit.exchange.columns import LAT, LON, Column, export_columns
from anlan.kit.exchange.sheets import csv_written, xlsx_written
from anlan.kit.masking import filled, mask, masked_fields
from anlan.kit.signals import rows_exported, tell_sensitive_read

FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
CHUNK = 2000


def rows_export(
    *, entity: Entity, rows: models.QuerySet[Any], user: Any, fields: list[str] | None = None, kind: str = "xlsx"
) -> bytes:
    """A file of the given (already visible) rows. `fields` None: all of them."""
    columns = export_columns(entity, fields)
    masked = masked_fields(entity, user)
    secret = [name for name in entity.sensitive if name not in masked and any(c.field.name == name for c in columns)]
    related = [c.field.name for c in columns if isinstance(c.field, models.ForeignKey)]
    told: dict[str, list[Any]] = {"ids": [], "fields": secret}
    lines = _lines(rows.select_related(*related), columns, masked, told)
    headers = [column.header for column in columns]
    data = csv_written(headers, lines) if kind == "csv" else xlsx_written(entity.title, headers, lines)
    tell_sensitive_read(entity.model, user=user, ids=told["ids"], fields=secret, action="export")
    names = list(dict.fromkeys(column.field.name for column in columns))
    rows_exported.send(sender=entity.model, user=user, count=rows.count(), fields=names, format=kind)
    return data


def _lines(
    rows: models.QuerySet[Any], columns: list[Column], masked: frozenset[str], told: dict[str, list[Any]]
) -> Iterator[list[Any]]:
    for row in rows.iterator(chunk_size=CHUNK):
        if filled(row, told["fields"]):
            told["ids"].append(row.pk)
        yield [_cell(row, column, masked) for column in columns]


def _cell(row: models.Model, column: Column, masked: frozenset[str]) -> Any:
    field, value = column.field, getattr(row, column.field.attname)
    if field.name in masked:
        return mask(value)
    if column.part:
        return {LON: round(value.x, 7), LAT: round(value.y, 7)}.get(column.part, "CGCS2000") if value else ""
    if isinstance(value, GEOSGeometry):
        return value.geojson
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and not field.flatchoices
        and not field.is_relation
    ):
        return value
    return shown(row, field.name)
