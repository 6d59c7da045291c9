"""报文合规: which devices depart from their protocol, how, and how often."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from anlan.monitoring.deviations import DAYS, deviations_of
from anlan.monitoring.views.access import LONGEST, is_part, page
from anlan.monitoring.wording import SOURCES, source_title
from anlan.protocols import protocols

PERIODS = {1: gettext_lazy("今日"), 7: gettext_lazy("7 天"), 30: gettext_lazy("30 天"), 90: gettext_lazy("90 天")}


@page("device")
def deviations(request: HttpRequest) -> HttpResponse:
    """The page; asked by htmx, only the part that changes."""
    known = [name for name in [*SOURCES, *protocols()] if name in protocols()]
    chosen = request.GET.get("protocol", "")
    words = request.GET.get("q", "").strip()[:LONGEST].replace("\0", "")
    days = next((number for number in PERIODS if str(number) == request.GET.get("days")), DAYS)
    context = {
        "rows": deviations_of(request.user, days=days, protocol=chosen, words=words),
        "protocols": [(name, source_title(name)) for name in dict.fromkeys(known)],
        "chosen": chosen,
        "words": words,
        "days": days,
        "periods": list(PERIODS.items()),
        "part": is_part(request),
    }
    template = "monitoring/_deviations.html" if context["part"] else "monitoring/deviations.html"
    return render(request, template, context)
