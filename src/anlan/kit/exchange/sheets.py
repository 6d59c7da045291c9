"""Files of rows: reads .xlsx and .csv that may be hostile, writes both so that no cell is run as a formula."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from anlan.kit.exchange.cells import FORMULA

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 300 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 200


class SheetError(ValueError):
    """The file as a whole cannot be read; the message is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """`rows` are (number in the file, cells); empty rows are left out."""

    headers: tuple[str, ...]
    rows: list[tuple[int, tuple[Any, ...]]]


def sheet_read(data: bytes, name: str) -> Sheet:
    """Reads the first sheet; raises `SheetError`."""
    if len(data) > MAX_BYTES:
        raise SheetError(_("文件超过 %(n)d MB,请拆分后再导入。") % {"n": MAX_BYTES // 1024 // 1024})
    lines = _csv_lines(data) if name.lower().endswith(".csv") else _xlsx_lines(data)
    found = [(number, cells) for number, cells in lines if any(cell not in (None, "") for cell in cells)]
    if not found:
        raise SheetError(_("文件里没有内容。"))
    headers = tuple(str(cell or "").strip().rstrip("*").strip() for cell in found[0][1])
    return Sheet(headers=headers, rows=found[1:])


def _xlsx_lines(data: bytes) -> list[tuple[int, tuple[Any, ...]]]:
    _inspect(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            page: Any = book.worksheets[0]
            page.reset_dimensions()
            return _bounded(page.iter_rows(values_only=True, max_col=MAX_COLUMNS))
    except SheetError:
        raise
    except Exception as error:
        raise SheetError(_("文件已损坏,无法读取。请用 Excel 另存为 .xlsx 后重试。")) from error


def _inspect(data: bytes) -> None:
    """Refuses what is not a workbook, and one that would unpack to far more than it weighs."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise SheetError(_("这不是 .xlsx 文件。旧版 .xls 请先另存为 .xlsx。"))
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        members = pack.infolist()
        if not any(member.filename == "xl/workbook.xml" for member in members):
            raise SheetError(_("这不是 Excel 工作簿。"))
        if sum(member.file_size for member in members) > MAX_UNPACKED:
            raise SheetError(_("文件解压后过大,已拒绝读取。"))


def _csv_lines(data: bytes) -> list[tuple[int, tuple[Any, ...]]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return _bounded(csv.reader(io.StringIO(data.decode(encoding))))
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise SheetError(_("CSV 文件格式有误,无法读取。")) from error
    raise SheetError(_("CSV 文件的编码无法识别,请存为 UTF-8。"))


def _bounded(lines: Iterable[Sequence[Any]]) -> list[tuple[int, tuple[Any, ...]]]:
    kept = []
    for number, cells in enumerate(lines, 1):
        if number > MAX_ROWS + 1:
            raise SheetError(_("超过 %(n)d 行,请拆分后再导入。") % {"n": MAX_ROWS})
        kept.append((number, tuple(cells)))
    return kept


def safe(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front; numbers and dates pass."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def csv_written(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a byte order mark, so that Excel shows Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headers)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def xlsx_written(title: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """One sheet with a bold, frozen header."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(title[:31])
    page.freeze_panes = "A2"
    for place, header in enumerate(headers):
        page.column_dimensions[get_column_letter(place + 1)].width = max(12, len(header) * 2 + 4)
    page.append([_heading(page, header) for header in headers])
    for row in rows:
        page.append([safe(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _heading(page: Any, text: str) -> Any:
    cell = WriteOnlyCell(page, value=text)
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DCE8F7")
    return cell
