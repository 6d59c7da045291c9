"""Reports 首报/续报/终报: made from the timeline, kept under their hash. The first one stops the clock."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, moment, say
from anlan.accounts.models import User
from anlan.command.documents import paper_docx, report_paper
from anlan.command.flows import IncidentStep, SignalStep
from anlan.command.kinds import Aspect, EntryKind, ReportKind
from anlan.command.models import Incident, Report, Signal
from anlan.command.services.incidents import incident_step
from anlan.command.services.signals import signal_step
from anlan.command.services.steps import entry_add, locked
from anlan.kit.flow import IllegalStep
from anlan.kit.vault import vault_store

FOLDER = "reports"
SUFFIX = ".docx"


@transaction.atomic
def report_submit(
    *,
    kind: str,
    signal: Signal | None = None,
    incident: Incident | None = None,
    situation: str,
    measures: str = "",
    next_steps: str = "",
    **act: Unpack[Act],
) -> Report:
    """A first report is about the signal, and through it about its incident; the others are about an incident."""
    if not situation.strip():
        raise ValidationError(gettext("报告的基本情况不能为空。"))
    texts = {"situation": situation.strip(), "measures": measures.strip(), "next_steps": next_steps.strip()}
    if kind == ReportKind.FIRST:
        behind = signal or (incident.signals.first() if incident else None)
        if behind is None:
            raise ValidationError(gettext("首报必须对应警情。"))
        return _first(behind, texts, act)
    if incident is None or kind not in {ReportKind.FOLLOW_UP, ReportKind.FINAL}:
        raise ValidationError(gettext("续报和终报必须对应事件。"))
    return _later(kind, incident, texts, act)


def _first(signal: Signal, texts: dict[str, str], act: Act) -> Report:
    row, at = locked(signal, act), moment(act)
    if row.first_report_at is not None:
        raise IllegalStep(gettext("首报已提交，请提交续报。"))
    report = Report(kind=ReportKind.FIRST, number=1, signal=row, incident=row.incident, **texts)
    text = say(_("提交首报"))
    return _filed(
        report, act, lambda: signal_step(row, SignalStep.REPORT, text, act, report=report, first_report_at=at)
    )


def _later(kind: str, incident: Incident, texts: dict[str, str], act: Act) -> Report:
    row = locked(incident, act)
    if not row.reports.filter(kind=ReportKind.FIRST).exists():
        raise ValidationError(gettext("请先提交首报。"))
    report = Report(kind=kind, number=next_number(row), incident=row, **texts)
    text = say(_("提交%(kind)s（第%(number)s号）"), kind=ReportKind(kind).label, number=report.number)
    return _filed(report, act, lambda: incident_step(row, IncidentStep.REPORT, text, act, report=report))


def next_number(incident: Incident) -> int:
    return (incident.reports.aggregate(last=Max("number"))["last"] or 0) + 1


def _filed(report: Report, act: Act, step: Callable[[], object]) -> Report:
    """The row first, then the step that names it on the timeline, then the paper that holds that step too."""
    report.submitted_by, report.submitted_at, report.size = act["by"], moment(act), 0
    report.title = report_title(report)
    report.validate_constraints()
    report.save()
    step()
    content = paper_docx(report_paper(report))
    report.sha256, report.size = vault_store(FOLDER, content, SUFFIX), len(content)
    report.save(update_fields=["sha256", "size"])
    return report


def report_title(report: Report) -> str:
    subject = report.incident or report.signal
    label = ReportKind(report.kind).label
    return say(_("关于%(subject)s的%(kind)s"), subject=subject, kind=label)[:200]


@transaction.atomic
def report_correct(
    *, report: Report, situation: str, measures: str = "", next_steps: str = "", **act: Unpack[Act]
) -> Report:
    """A next version of a report that was wrong; both files stay."""
    if report.kind == ReportKind.RECORD or not situation.strip():
        raise ValidationError(gettext("归档记录不能更正；报告的基本情况不能为空。"))
    subject = locked(report.incident, act) if report.incident else locked(signal_of(report), act)
    same = Report.objects.filter(signal=report.signal, incident=report.incident, number=report.number)
    fixed = Report(
        kind=report.kind,
        number=report.number,
        version=(same.aggregate(last=Max("version"))["last"] or 0) + 1,
        signal=report.signal,
        incident=report.incident,
        situation=situation.strip(),
        measures=measures.strip(),
        next_steps=next_steps.strip(),
    )
    return _filed(fixed, act, lambda: _correction(subject, fixed, act))


def signal_of(report: Report) -> Signal:
    """The signal of a report that has no incident yet."""
    if report.signal is None:
        raise ValueError("a report is about a signal or an incident")
    return report.signal


def _correction(subject: Incident | Signal, report: Report, act: Act) -> None:
    label = ReportKind(report.kind).label
    text = say(_("更正%(kind)s（第%(number)s号）"), kind=label, number=report.number)
    if isinstance(subject, Incident):
        incident_step(subject, IncidentStep.REPORT, text, act, report=report)
    else:
        signal_step(subject, SignalStep.REPORT, text, act, report=report)


def report_record(incident: Incident, *, by: User, at: datetime) -> Report:
    """The whole course of a closed incident as a document, filed with the closing itself."""
    final = incident.reports.filter(kind=ReportKind.FINAL).order_by("-number", "-version").first()
    if final is None:
        raise ValidationError(gettext("尚未提交终报。"))
    texts = {"situation": final.situation, "measures": final.measures, "next_steps": final.next_steps}
    record = Report(kind=ReportKind.RECORD, number=next_number(incident), incident=incident, **texts)
    about: dict[str, Any] = {"at": at, "aspect": Aspect.REPORT, "incident": incident, "report": record}
    text = say(_("全过程归档（第%(number)s号）"), number=record.number)
    return _filed(record, {"by": by, "at": at}, lambda: entry_add(kind=EntryKind.REPORT, text=text, **about))
