"""Imports: a rehearsal that names each bad cell, then the good rows or none."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import override
from tablib import Dataset

from anlan.kit.constraints import sentence_of
from anlan.kit.entities import Entity
from anlan.kit.exchange.cells import text_of
from anlan.kit.exchange.columns import Column, id_column, import_columns
from anlan.kit.exchange.resource import resource_of
from anlan.kit.exchange.sheets import Sheet, SheetError
from anlan.kit.exchange.template import example_cells
from anlan.kit.signals import rows_imported


@dataclass(frozen=True, kw_only=True)
class BadCell:
    """What is wrong, where: `row` counts as the spreadsheet does, `column` is its header."""

    row: int
    column: str
    value: str
    why: str


@dataclass(kw_only=True)
class ImportReport:
    """What an import did, or (a rehearsal) would do. `errors` concern the file as a whole: then nothing was written."""

    total: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    bad_rows: int = 0
    bad: list[BadCell] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.bad and not self.errors


def rows_import(
    *, entity: Entity, sheet: Sheet, user: Any, rehearse: bool, partial: bool = False, name: str = ""
) -> ImportReport:
    """Takes a sheet's rows. With `partial` the good rows go in; without it one bad cell keeps all out.

    Raises `SheetError` where the columns are not the entity's.
    """
    columns = matched(entity, sheet.headers)
    rows = [(n, cells) for n, cells in sheet.rows if not _is_example(entity, columns, cells)]
    dataset = Dataset(headers=[column.key for column in columns])
    for _number, cells in rows:
        dataset.append([*cells[: len(columns)], *[None] * (len(columns) - len(cells))])
    resource = resource_of(entity)(user=user, numbers=[number for number, _cells in rows])
    result = resource.import_data(
        dataset, dry_run=rehearse, use_transactions=True, rollback_on_validation_errors=not partial
    )
    report = _report(entity, result, rows, columns)
    if not rehearse and not report.errors and (partial or not report.bad):
        _tell(entity, user, result, name)
    return report


def matched(entity: Entity, headers: Iterable[str]) -> list[Column]:
    """The sheet's columns in its order; raises `SheetError` that names what is missing, unknown or doubled."""
    wanted = import_columns(entity)
    by_name = _by_header(entity)
    given = [header for header in headers if header]
    present = [by_name[header].key for header in given if header in by_name]
    problems = {
        _("缺少列:%(names)s"): [c.header for c in wanted if c.required and c.key not in present],
        _("不认识的列:%(names)s"): [header for header in given if header not in by_name],
        _("重复的列:%(names)s"): sorted({by_name[h].header for h in given if present.count(_key(by_name, h)) > 1}),
    }
    told = [words % {"names": "、".join(names)} for words, names in problems.items() if names]
    if told:
        raise SheetError(";".join(told) + _("。请使用“下载模板”得到的表头。"))
    return [by_name[header] for header in given]


def _by_header(entity: Entity) -> dict[str, Column]:
    """Columns by field name and by their header in any of the languages."""
    found = {column.key: column for column in import_columns(entity)}
    for language, _name in settings.LANGUAGES:
        with override(language):
            found |= {column.header: column for column in [id_column(entity), *import_columns(entity)]}
    return found


def _key(by_name: dict[str, Column], header: str) -> str:
    return by_name[header].key if header in by_name else ""


def _is_example(entity: Entity, columns: list[Column], cells: tuple[Any, ...]) -> bool:
    example = example_cells(entity)
    mine = {column.key: text_of(value) for column, value in zip(columns, cells, strict=False)}
    return all(mine.get(key, "") == text_of(value) for key, value in example.items())


def _report(
    entity: Entity, result: Any, rows: list[tuple[int, tuple[Any, ...]]], columns: list[Column]
) -> ImportReport:
    totals = result.totals
    report = ImportReport(total=len(rows), created=totals["new"], updated=totals["update"], unchanged=totals["skip"])
    report.bad_rows = len(result.invalid_rows)
    report.errors = [_words(entity, error.error) for error in result.base_errors]
    for _line, errors in result.row_errors():
        report.errors += [_words(entity, error.error) for error in errors]
    for invalid in result.invalid_rows:
        number, cells = rows[invalid.number - 1]
        values = {column.key: text_of(value) for column, value in zip(columns, cells, strict=False)}
        report.bad += _bad_cells(entity, number, values, invalid.error_dict)
    return report


def _bad_cells(entity: Entity, number: int, values: dict[str, str], errors: dict[str, list[str]]) -> list[BadCell]:
    everything = [id_column(entity), *import_columns(entity)]
    found = []
    for name, sentences in errors.items():
        mine = [column for column in everything if column.field.name == name and name != NON_FIELD_ERRORS]
        value = "、".join(v for column in mine if (v := values.get(column.key, "")))
        header = "、".join(column.header for column in mine if column.part != "datum") or _("整行")
        found += [BadCell(row=number, column=header, value=value, why=sentence) for sentence in sentences]
    return found


def _words(entity: Entity, error: Exception) -> str:
    if isinstance(error, IntegrityError):
        return sentence_of(error, entity.model)
    messages = getattr(error, "messages", None)
    return str(messages[0]) if messages else _("写入失败:%(why)s") % {"why": error}


def _tell(entity: Entity, user: Any, result: Any, name: str) -> None:
    rows_imported.send(
        sender=entity.model,
        user=user,
        created=[row.instance.pk for row in result.rows if row.is_new()],
        updated=[row.instance.pk for row in result.rows if row.is_update()],
        file=name,
    )
