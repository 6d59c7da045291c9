"""越线预测: what is expected, and how the forecasts of the last weeks turned out."""

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from anlan.monitoring.forecasting.chart import forecast_chart
from anlan.monitoring.forecasting.score import scores
from anlan.monitoring.models import Forecast, ForecastRun
from anlan.monitoring.reasons import forecast_text
from anlan.monitoring.views.access import PAGE, is_part, page
from anlan.monitoring.wording import series_title

PERIODS = (7, 30, 90)
SETTLED = (Forecast.State.HIT, Forecast.State.FALSE, Forecast.State.MISS)
TOP = 10


def _rows(user: Any) -> Any:
    return Forecast.objects.visible_to(user).select_related("series__device__area", "rule")


def _told(rows: Any) -> list[Forecast]:
    found = list(rows)
    for row in found:
        row.words = forecast_text(row)
        row.title = series_title(row.series, row.series.device.protocol)
        row.lead_minutes = None if row.lead is None else round(row.lead / 60_000, 1)
    return found


@page("device")
def forecasts(request: HttpRequest) -> HttpResponse:
    """The page; asked by htmx, only the part that changes."""
    days = next((number for number in PERIODS if str(number) == request.GET.get("days")), 30)
    since = (timezone.now() - timedelta(days=days)).timestamp() * 1000
    rows = _rows(request.user)
    settled = rows.filter(state__in=SETTLED, made_at__gte=since)
    total, by_rule, by_series = scores(list(settled))
    page_of = Paginator(settled.order_by("-made_at", "-pk"), PAGE).get_page(request.GET.get("page"))
    page_of.object_list = _told(page_of.object_list)
    context = {
        "standing": _told(rows.filter(state=Forecast.State.STANDING).order_by("due_at")),
        "total": total,
        "rules": _named(settled, by_rule, lambda row: row.rule),
        "series": _named(settled, by_series, lambda row: row.series)[:TOP],
        "page": page_of,
        "run": ForecastRun.objects.visible_to(request.user).first(),
        "periods": PERIODS,
        "days": days,
        "query": f"days={days}",
        "part": is_part(request),
    }
    return render(request, "monitoring/_forecasts.html" if context["part"] else "monitoring/forecasts.html", context)


def _named(rows: Any, found: dict[int, Any], of: Any) -> list[tuple[Any, Any]]:
    """The thing and its score, those with the most forecasts first."""
    things = {thing.pk: thing for row in rows if (thing := of(row)) is not None}
    pairs = [(things[pk], score) for pk, score in found.items() if pk in things]
    return sorted(pairs, key=lambda pair: -(pair[1].hits + pair[1].falses + pair[1].misses))


@page("device")
def forecast(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_rows(request.user), pk=pk)
    context = {"forecast": _told([row])[0], "chart": forecast_chart(row)}
    return render(request, "monitoring/forecast.html", context)
