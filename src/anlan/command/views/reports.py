"""Writing, previewing and fetching reports."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import get_valid_filename

from anlan.accounts.stepping import attempt, page
from anlan.command import services
from anlan.command.documents import Paper, report_paper
from anlan.command.forms import IncidentReportForm, ReportForm
from anlan.command.kinds import ReportKind
from anlan.command.models import Report, Signal
from anlan.command.services.reports import FOLDER, SUFFIX, next_number, report_title
from anlan.command.views.access import READERS
from anlan.command.views.incidents import visible_incident
from anlan.kit.vault import vault_path

TEXTS = ("situation", "measures", "next_steps")
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@page(*READERS)
def signal_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The first report on a signal."""
    signal = get_object_or_404(Signal.objects.visible_to(request.user).select_related("area", "incident"), pk=pk)
    if signal.incident_id:
        return redirect("command:incident_report", signal.incident_id)
    draft = Report(kind=ReportKind.FIRST, number=1, signal=signal)
    form = ReportForm(request.POST or None, user=request.user, subject=signal, initial=_first_words(signal))
    submit = partial(services.report_submit, kind=ReportKind.FIRST, signal=signal)
    return _written(request, draft, form, submit)


@page(*READERS)
def incident_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The report that the incident needs next: the first, a follow-up, or the final one."""
    incident = visible_incident(request, pk)
    signal = incident.signals.first()
    due = ReportKind.FIRST if signal and signal.first_report_at is None else ReportKind.FOLLOW_UP
    kind = request.POST.get("kind") or request.GET.get("kind") or due
    draft = Report(kind=kind, number=next_number(incident), signal=None, incident=incident)
    initial = {"kind": kind, **_last_words(draft)}
    if kind == ReportKind.FIRST and signal:
        initial |= _first_words(signal)
    form = IncidentReportForm(request.POST or None, user=request.user, subject=incident, initial=initial)
    return _written(request, draft, form, partial(services.report_submit, incident=incident))


def _first_words(signal: Signal) -> dict[str, str]:
    parts = [signal.title, signal.description, signal.verification]
    return {"situation": "\n".join(part for part in parts if part)}


def _last_words(draft: Report) -> dict[str, str]:
    """A follow-up starts from what the last report said."""
    last = Report.objects.filter(incident=draft.incident).order_by("-number", "-version").first()
    return {name: getattr(last, name) for name in TEXTS} if last else {}


def _written(request: HttpRequest, draft: Report, form: ReportForm, service: Callable[..., Report]) -> HttpResponse:
    trouble = None
    if request.method == "POST" and "preview" not in request.POST:
        trouble = attempt(form, "report", service)
        if trouble is None:
            return redirect(_home(draft))
    paper = _paper(request, draft, form)
    context = {"form": form, "trouble": trouble, "draft": draft, "paper": paper, "back": _home(draft)}
    part = request.headers.get("HX-Request") == "true"
    template = "command/_paper.html" if part else "command/report.html"
    return render(request, template, context, status=trouble.status if trouble else 200)


def _home(draft: Report) -> str:
    return f"/incidents/{draft.incident_id}/" if draft.incident_id else f"/signals/{draft.signal_id}/"


def _paper(request: HttpRequest, draft: Report, form: ReportForm) -> Paper:
    """What the file would say now."""
    user: Any = request.user
    draft.submitted_by, draft.submitted_at = user, timezone.now()
    for name in TEXTS:
        setattr(draft, name, form[name].value() or "")
    draft.title = report_title(draft) if draft.kind in ReportKind.values else ""
    return report_paper(draft)


@page(*READERS)
def report_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """A next version of a report that says something wrong."""
    wrong = get_object_or_404(Report.objects.visible_to(request.user).exclude(kind=ReportKind.RECORD), pk=pk)
    draft = Report(kind=wrong.kind, number=wrong.number, version=wrong.version + 1)
    draft.signal, draft.incident = wrong.signal, wrong.incident
    words = {name: getattr(wrong, name) for name in TEXTS}
    form = ReportForm(request.POST or None, user=request.user, subject=wrong, initial=words)
    return _written(request, draft, form, lambda **values: services.report_correct(report=wrong, **values))


@page(*READERS)
def report_file(request: HttpRequest, pk: int) -> FileResponse:
    """The Word file as it was filed."""
    report = get_object_or_404(Report.objects.visible_to(request.user), pk=pk)
    path = vault_path(FOLDER, report.sha256, SUFFIX)
    if not path.exists():
        raise Http404
    name = get_valid_filename(f"{report.title}-{report.number}-{report.version}{SUFFIX}")
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=WORD)
