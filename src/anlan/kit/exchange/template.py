"""The import template: headers, an example row, and a sheet that explains every column."""

from __future__ import annotations

import io
from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.geos import Point
from django.db import models
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from anlan.kit.entities import Entity
from anlan.kit.exchange.columns import DATUM, LAT, LON, Column, allowed, import_columns

MUST, MAY, EXAMPLE = (PatternFill("solid", fgColor=colour) for colour in ("F7D9D5", "DCE8F7", "F4F4F4"))
LIST_LIMIT = 250
"""A drop-down list inside a cell holds at most 255 characters."""


def example_cells(entity: Entity) -> dict[str, Any]:
    """The example row, column key → cell; left out when it comes back in an import."""
    given = dict(entity.example)
    return {column.key: _example(column, given) for column in import_columns(entity)}


def _example(column: Column, given: dict[str, Any]) -> Any:
    value = given.get(column.field.name)
    if column.part:
        x, y = (value.x, value.y) if isinstance(value, Point) else value or (114.346200, 22.690800)
        return {LON: x, LAT: y, DATUM: "CGCS2000"}[column.part]
    if value is not None:
        return _label(column.field, value)
    return _made_up(column.field)


def _label(field: models.Field[Any, Any], value: Any) -> Any:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return str(dict(field.flatchoices).get(value, value)) if field.flatchoices else value


def _made_up(field: models.Field[Any, Any]) -> Any:
    if field.flatchoices:
        return str(field.flatchoices[0][1])
    if isinstance(field, models.ForeignKey):
        return "" if field.null else _("%(title)s名称") % {"title": field.related_model._meta.verbose_name}
    if isinstance(field, models.BooleanField):
        return _("否")
    if isinstance(field, models.DateTimeField):
        return "2024-05-01 08:30"
    if isinstance(field, models.DateField):
        return "2024-05-01"
    if isinstance(field, models.IntegerField | models.FloatField | models.DecimalField):
        return 10
    if isinstance(field, GeometryField | models.JSONField):
        return ""
    return _("示例%(name)s") % {"name": field.verbose_name}


def template_xlsx(entity: Entity) -> bytes:
    """An .xlsx with the entity's columns; required ones are red and starred."""
    book, columns = Workbook(), import_columns(entity)
    page: Any = book.active
    page.title, page.freeze_panes = entity.title[:31], "A2"
    example = example_cells(entity)
    for place, column in enumerate(columns, 1):
        head = page.cell(1, place, column.header + ("*" if column.required else ""))
        head.font, head.fill = Font(bold=True), MUST if column.required else MAY
        page.cell(2, place, example[column.key]).fill = EXAMPLE
        page.column_dimensions[get_column_letter(place)].width = max(14, len(column.header) * 2 + 4)
        _offer_choices(page, column, place)
    _explain(book, columns)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _offer_choices(page: Any, column: Column, place: int) -> None:
    choices = [str(label) for _code, label in column.field.flatchoices or ()]
    if isinstance(column.field, models.BooleanField):
        choices = [_("是"), _("否")]
    listed = ",".join(choices)
    if choices and len(listed) <= LIST_LIMIT:
        rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
        page.add_data_validation(rule)
        rule.add(f"{get_column_letter(place)}2:{get_column_letter(place)}20001")


def _explain(book: Workbook, columns: list[Column]) -> None:
    page = book.create_sheet(_("填写说明"))
    page.append([_("列名"), _("是否必填"), _("可以填什么"), _("说明")])
    for cell in page[1]:
        cell.font, cell.fill = Font(bold=True), MAY
    for column in columns:
        must = _("必填") if column.required else _("可不填")
        page.append([column.header, must, allowed(column), str(column.field.help_text)])
    page.append([])
    page.append([_("第 2 行是示例,导入时会自动跳过。列的先后不限;可不填的列可以整列删去。")])
    page.append([_("已有相同关键字的记录会被更新;更新时空单元格会清空原值,不想改动的列请整列删去。")])
    for letter, width in (("A", 22), ("B", 12), ("C", 60), ("D", 40)):
        page.column_dimensions[letter].width = width
