"""Makes the Word template of the reports, `templates_docx/report.docx`: `python -m anlan.command.document_template`.

Page, margins, typefaces and sizes follow GB/T 9704-2012 (party and government documents). The marks in double braces
are filled by `documents`.
"""

from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

TEMPLATE = Path(__file__).parent / "templates_docx" / "report.docx"
SONG, FANG, HEI = "宋体", "仿宋", "黑体"


def _font(run: Any, name: str, size: float, *, bold: bool = False, red: bool = False) -> None:
    run.font.name, run.font.size, run.font.bold = "Times New Roman", Pt(size), bold
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)
    if red:
        run.font.color.rgb = RGBColor(0xC0, 0x00, 0x00)


def _line(place: Any, text: str, name: str = FANG, size: float = 16, **style: Any) -> Any:
    paragraph = place.add_paragraph()
    align = style.pop("align", None)
    indent = style.pop("indent", False)
    _font(paragraph.add_run(text), name, size, **style)
    paragraph.alignment = align
    shape = paragraph.paragraph_format
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(size * 1.75)
    shape.space_before = shape.space_after = Pt(0)
    if indent:
        shape.first_line_indent = Pt(size * 2)
    return paragraph


def _cell(cell: Any, text: str, *, head: bool = False, size: float = 12) -> None:
    paragraph = cell.paragraphs[0]
    _font(paragraph.add_run(text), HEI if head else FANG, size)
    if head:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _table(document: Any, widths: list[int]) -> Any:
    table = document.add_table(rows=0, cols=len(widths))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    return table


def _row(table: Any, widths: list[int], texts: list[str], *, heads: set[int], size: float = 12) -> Any:
    row = table.add_row()
    for index, (cell, width, text) in enumerate(zip(row.cells, widths, texts, strict=True)):
        cell.width = Mm(width)
        _cell(cell, text, head=index in heads, size=size)
    return row


def _loop(table: Any, widths: list[int], mark: str) -> None:
    _row(table, widths, [mark, *[""] * (len(widths) - 1)], heads=set())


def _repeat_head(row: Any) -> None:
    """The head row stands again at the top of each page."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _red_rule(paragraph: Any) -> None:
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in {"val": "single", "sz": "12", "space": "4", "color": "C00000"}.items():
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)


def _page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)


def _basics(document: Any) -> None:
    widths = [28, 50, 28, 50]
    table = _table(document, widths)
    _loop(table, widths, "{%tr for row in basics %}")
    _row(table, widths, ["{{ row.0 }}", "{{ row.1 }}", "{{ row.2 }}", "{{ row.3 }}"], heads={0, 2})
    _loop(table, widths, "{%tr endfor %}")


def _course(document: Any) -> None:
    widths = [11, 40, 14, 27, 64]
    table = _table(document, widths)
    head = _row(table, widths, ["序号", "时间", "环节", "人员", "内容"], heads=set(range(5)), size=11)
    _repeat_head(head)
    _loop(table, widths, "{%tr for entry in entries %}")
    texts = ["{{ loop.index }}", "{{ entry.at }}", "{{ entry.aspect }}", "{{ entry.actor }}", "{{ entry.text }}"]
    _row(table, widths, texts, heads=set(), size=10.5)
    _loop(table, widths, "{%tr endfor %}")


def _section(document: Any, title: str, mark: str) -> None:
    _line(document, title, HEI, indent=True)
    _line(document, f"{{%p for line in {mark} %}}")
    _line(document, "{{ line }}", indent=True)
    _line(document, "{%p endfor %}")


def template_make(path: Path = TEMPLATE) -> None:
    """Writes the template."""
    document = Document()
    _page(document)
    _line(document, "{{ house }}", SONG, 26, bold=True, red=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    _red_rule(_line(document, "{{ code }}", align=WD_ALIGN_PARAGRAPH.CENTER))
    _line(document, "")
    _line(document, "{{ title }}", SONG, 22, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, "")
    _basics(document)
    _section(document, "一、基本情况", "situation")
    _line(document, "二、事件经过", HEI, indent=True)
    _course(document)
    _section(document, "三、已采取措施", "measures")
    _section(document, "四、下一步工作", "next_steps")
    _line(document, "")
    _line(document, "{{ house }}", align=WD_ALIGN_PARAGRAPH.RIGHT)
    _line(document, "报告人：{{ author }}", align=WD_ALIGN_PARAGRAPH.RIGHT)
    _line(document, "{{ at }}", align=WD_ALIGN_PARAGRAPH.RIGHT)
    document.save(str(path))


if __name__ == "__main__":
    template_make()
