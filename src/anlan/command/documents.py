"""Reports as Word, made from the timeline; what the page previews is what the file says."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from docxtpl import DocxTemplate

from anlan.accounts.acts import say
from anlan.accounts.models import Organisation, User
from anlan.command.document_template import TEMPLATE
from anlan.command.kinds import EntryKind
from anlan.command.models import Entry, Incident, Report, Signal

Basics = list[tuple[str, str, str, str]]


@dataclass(frozen=True, kw_only=True)
class Line:
    at: str
    aspect: str
    actor: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What stands on the paper, in the language of the record. Texts are lists of paragraphs."""

    house: str
    code: str
    title: str
    basics: Basics
    situation: list[str]
    entries: list[Line]
    measures: list[str]
    next_steps: list[str]
    author: str
    at: str


def report_paper(report: Report) -> Paper:
    """The paper of a report, from the timeline as it is now; the report need not be saved yet."""
    with override(settings.LANGUAGE_CODE):
        return _paper(report)


def _paper(report: Report) -> Paper:
    subject, at = _subject(report), report.submitted_at
    return Paper(
        house=_house(report.submitted_by),
        code=_code(report),
        title=report.title,
        basics=_incident_basics(subject, at) if isinstance(subject, Incident) else _signal_basics(subject, at),
        situation=_paragraphs(report.situation),
        entries=[_entry_line(entry) for entry in _entries(subject)],
        measures=_paragraphs(report.measures),
        next_steps=_paragraphs(report.next_steps),
        author=str(report.submitted_by),
        at=_day(at),
    )


def paper_docx(paper: Paper) -> bytes:
    """The Word file; whatever people typed is text in it, never markup."""
    template = DocxTemplate(str(TEMPLATE))
    template.render(asdict(paper), autoescape=True)
    out = BytesIO()
    template.save(out)
    return out.getvalue()


def _subject(report: Report) -> Incident | Signal:
    if (subject := report.incident or report.signal) is None:
        raise ValueError("a report is about a signal or an incident")
    return subject


def _entries(subject: Incident | Signal) -> Iterable[Entry]:
    rows = Entry.objects.select_related("actor", "struck_by")
    return rows.of_incident(subject) if isinstance(subject, Incident) else rows.of_signal(subject)


def _entry_line(entry: Entry) -> Line:
    struck = getattr(entry, "struck_by", None) is not None
    return Line(
        at=timezone.localtime(entry.at).strftime("%Y-%m-%d %H:%M:%S"),
        aspect=say(entry.get_aspect_display()) if entry.aspect else say(EntryKind(entry.kind).label),
        actor=str(entry.actor or say(_("系统"))),
        text=say(_("【已更正】")) + entry.text if struck else entry.text,
    )


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()] or [say(_("无。"))]


def _house(author: User) -> str:
    bureau = Organisation.objects.filter(kind=Organisation.Kind.BUREAU).order_by("pk").first()
    return str(bureau or author.organisation or say(_("应急管理局")))


def _code(report: Report) -> str:
    number = report.incident.number if report.incident else say(_("警情%(id)s"), id=report.signal_id)
    again = say(_("(第%(version)s版)"), version=report.version) if report.version > 1 else ""
    return say(_("%(number)s 第%(count)s号%(again)s"), number=number, count=report.number, again=again)


def _day(at: datetime) -> str:
    local = timezone.localtime(at)
    return say(
        _("%(y)s年%(m)s月%(d)s日 %(time)s"), y=local.year, m=local.month, d=local.day, time=local.strftime("%H:%M")
    )


def _pairs(items: list[tuple[Any, Any]]) -> Basics:
    """Two label–value pairs a row; an odd last one is padded."""
    texts = [(say(label), say(value)) for label, value in items]
    texts += [("", "")] * (len(texts) % 2)
    return [(*texts[i], *texts[i + 1]) for i in range(0, len(texts), 2)]


def _signal_basics(signal: Signal, at: datetime) -> Basics:
    return _pairs(
        [
            (_("警情"), signal.title),
            (_("来源"), signal.get_source_display()),
            (_("事件类别"), signal.get_event_class_display()),
            (_("事件类型"), signal.get_event_type_display()),
            (_("到达时间"), _day(signal.arrived_at)),
            (_("级别"), signal.get_level_display()),
            (_("所属区域"), signal.area.name),
            (_("地点"), signal.address),
            (_("报告时间"), _day(at)),
            (_("核实情况"), signal.verification or _("核实中")),
        ]
    )


def _incident_basics(incident: Incident, at: datetime) -> Basics:
    first = incident.signals.order_by("arrived_at").first()
    return _pairs(
        [
            (_("事件名称"), incident.title),
            (_("事件等级"), incident.get_grade_display()),
            (_("事件类别"), incident.get_event_class_display()),
            (_("事件类型"), incident.get_event_type_display()),
            (_("发生时间"), _day(first.arrived_at if first else incident.opened_at)),
            (_("信息来源"), first.get_source_display() if first else ""),
            (_("所属区域"), incident.area.name),
            (_("地点"), incident.address),
            (_("死亡/失联"), _people(incident.deaths, incident.missing)),
            (_("重伤/轻伤"), _people(incident.serious_injuries, incident.minor_injuries)),
            (_("直接经济损失"), say(_("%(loss)s元"), loss=f"{incident.loss:,}")),
            (_("指挥长"), str(incident.commander or _("未指定"))),
            (_("当前状态"), incident.get_state_display()),
            (_("报告时间"), _day(at)),
        ]
    )


def _people(first: int, second: int) -> str:
    return say(_("%(first)s人/%(second)s人"), first=first, second=second)
