"""Reports: Word made from the timeline, kept under their hash, numbered, corrected by a next version."""

import hashlib
import io

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from docx import Document

from anlan.command.documents import paper_docx, report_paper
from anlan.command.models import Entry, Incident, Report, Signal
from anlan.command.services import (
    incident_approve_close,
    incident_note,
    incident_request_close,
    incident_strike,
    report_correct,
    report_submit,
    signal_watch,
)
from anlan.command.services.reports import FOLDER, SUFFIX
from anlan.kit.vault import vault_path

from .conftest import District, ready_to_close

pytestmark = pytest.mark.django_db


def content(report: Report) -> bytes:
    return vault_path(FOLDER, report.sha256, SUFFIX).read_bytes()


def words(file: bytes) -> str:
    document = Document(io.BytesIO(file))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def rows(file: bytes) -> list[tuple[str, str]]:
    """Time and text of each line of 事件经过."""
    course = Document(io.BytesIO(file)).tables[1]
    return [(row.cells[1].text, row.cells[4].text) for row in course.rows[1:]]


def lines(entries: list[Entry]) -> list[tuple[str, str]]:
    return [(timezone.localtime(e.at).strftime("%Y-%m-%d %H:%M:%S"), e.text) for e in entries]


def test_the_record_of_a_closed_incident_holds_every_step_with_its_time(town: District, incident: Incident) -> None:
    asked = incident_request_close(incident=ready_to_close(incident, town), by=town.officer)
    closed = incident_approve_close(incident=asked, by=town.commander)
    record = Report.objects.get(incident=closed, kind="record")
    known = list(Entry.objects.of_incident(closed))
    assert rows(content(record)) == lines(known)
    assert {"receive", "arrive", "finish", "approve_close"} <= {entry.step for entry in known}


def test_the_first_report_holds_the_steps_so_far_with_itself(town: District, signal: Signal) -> None:
    watched = signal_watch(signal=signal, by=town.officer)
    report = report_submit(kind="first", signal=watched, situation="二楼起火。", by=town.officer)
    assert rows(content(report)) == lines(list(Entry.objects.of_signal(signal)))
    assert rows(content(report))[-1][1] == "提交首报"
    assert Entry.objects.get(report=report).text == "提交首报"


def test_a_report_says_where_what_and_who(town: District, signal: Signal) -> None:
    watched = signal_watch(signal=signal, by=town.officer)
    report = report_submit(
        kind="first", signal=watched, situation="二楼起火。\n无人被困。", measures="已派队伍。", by=town.officer
    )
    text = words(content(report))
    for expected in (
        "关于东街18号厂房冒烟的首报",
        "二楼起火。",
        "无人被困。",
        "已派队伍。",
        "周值班",
        "东街18号",
        "119来电",
    ):
        assert expected in text
    assert "{{" not in text
    assert "{%" not in text


def test_what_people_type_is_text_in_the_file_and_no_markup(town: District, signal: Signal) -> None:
    watched = signal_watch(signal=signal, by=town.officer)
    report = report_submit(kind="first", signal=watched, situation="<w:p>& {{ house }} 压力<0.2MPa", by=town.officer)
    assert "<w:p>& {{ house }} 压力<0.2MPa" in words(content(report))


def test_the_file_is_kept_under_the_hash_of_its_bytes(town: District, signal: Signal) -> None:
    watched = signal_watch(signal=signal, by=town.officer)
    report = report_submit(kind="first", signal=watched, situation="起火", by=town.officer)
    assert hashlib.sha256(content(report)).hexdigest() == report.sha256
    assert len(content(report)) == report.size


def test_later_reports_are_numbered_after_the_first(town: District, incident: Incident) -> None:
    with pytest.raises(ValidationError, match="请先提交首报"):
        report_submit(kind="follow_up", incident=incident, situation="继续", by=town.officer)
    kinds = ["first", "follow_up", "follow_up", "final"]
    made = [report_submit(kind=kind, incident=incident, situation="情况", by=town.officer) for kind in kinds]
    assert [(r.number, r.version) for r in made] == [(1, 1), (2, 1), (3, 1), (4, 1)]


def test_a_corrected_report_is_a_next_version_and_the_wrong_one_stays(town: District, incident: Incident) -> None:
    first = report_submit(kind="first", incident=incident, situation="伤2人", by=town.officer)
    fixed = report_correct(report=first, situation="伤1人", by=town.officer)
    assert [(r.number, r.version) for r in Report.objects.order_by("version")] == [(1, 1), (1, 2)]
    assert "伤2人" in words(content(first))
    assert "伤1人" in words(content(fixed))


def test_a_struck_line_is_marked_in_the_file(town: District, incident: Incident) -> None:
    wrong = incident_note(incident=incident, text="疏散95人", by=town.officer)
    incident_strike(incident=incident, entry=wrong, reason="应为85人", by=town.officer)
    report = report_submit(kind="first", incident=incident, situation="起火", by=town.officer)
    assert "【已更正】疏散95人" in [text for _at, text in rows(content(report))]


def test_a_report_without_its_situation_is_refused(town: District, signal: Signal) -> None:
    with pytest.raises(ValidationError, match="不能为空"):
        report_submit(kind="first", signal=signal, situation="  ", by=town.officer)


def test_the_paper_is_chinese_whatever_language_the_page_is_in(town: District, incident: Incident) -> None:
    from django.utils.translation import override

    with override("en"):
        report = report_submit(kind="first", incident=incident, situation="起火", by=town.officer)
    assert report.title == "关于东街18号厂房火灾的首报"
    assert words(paper_docx(report_paper(report))) == words(content(report))
