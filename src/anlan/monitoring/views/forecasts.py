"""越线预测: what is expected, and how the forecasts of the last weeks turned out."""

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.forecasting.chart import forecast_chart
from anlan.monitoring.forecasting.score import covers, scores
from anlan.monitoring.models import Device, Forecast, ForecastRun, Outcome, Series, SeriesForecast, ThresholdRule
from anlan.monitoring.models.forecast import FORECAST
from anlan.monitoring.reasons import forecast_text
from anlan.monitoring.views.access import PAGE, is_part, page
from anlan.monitoring.wording import series_title

PERIODS = (7, 30, 90)
SETTLED = (Forecast.State.HIT, Forecast.State.FALSE, Forecast.State.MISS)
TOP = 10
REFUSED = {
    Outcome.SHORT: _("有效读数不到 24 个,或历史比要预测的时长还短。"),
    Outcome.STALE: _("最近的有效读数太旧,预测没有依据。"),
    Outcome.GAPS: _("最近一段连续的读数太少,之前有较长的中断。"),
    Outcome.IRREGULAR: _("读数间隔忽长忽短,四分之一以上要靠补齐。"),
    Outcome.FLAT: _("读数几乎没有变化,看不出走势。"),
    Outcome.JUMP: _("走势只来自一两次突跳;去掉突跳后不会越线,故不发预测报警。"),
    Outcome.CROWDED: _("读数的时间重叠在一起。"),
    Outcome.WILD: _("算不出有限的结果。"),
    Outcome.BEYOND: _("已越过规则的最高一级,或规则没有单一方向。"),
    Outcome.QUIET: _("在预测时长内不会越线,或可能性不够。"),
}


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
    since = timezone.now() - timedelta(days=days)
    rows = _rows(request.user)
    settled = rows.filter(state__in=SETTLED, made_at__gte=since.timestamp() * 1000)
    found = scores(list(settled), covers(request.user, timezone.localtime(since).date()))
    page_of = Paginator(settled.order_by("-made_at", "-pk"), PAGE).get_page(request.GET.get("page"))
    page_of.object_list = _told(page_of.object_list)
    kinds = dict(Device.Kind.choices)
    context = {
        "standing": _told(rows.filter(state=Forecast.State.STANDING).order_by("due_at")),
        "total": found.total,
        "rules": _named(found.rules, ThresholdRule.objects.in_bulk(found.rules)),
        "kinds": _named(found.kinds, {kind: kinds.get(kind, kind) for kind in found.kinds}),
        "series": _named(found.series, _series(found.series))[:TOP],
        "page": page_of,
        "run": ForecastRun.objects.visible_to(request.user).first(),
        "outcomes": _outcomes(request.user),
        "periods": PERIODS,
        "days": days,
        "query": f"days={days}",
        "part": is_part(request),
    }
    return render(request, "monitoring/_forecasts.html" if context["part"] else "monitoring/forecasts.html", context)


def _series(ids: Any) -> dict[int, Series]:
    return Series.objects.select_related("device").in_bulk(list(ids))


def _named(found: dict[Any, Any], things: dict[Any, Any]) -> list[tuple[Any, Any]]:
    """The thing and its score, those with the most forecasts first."""
    pairs = [(things[key], score) for key, score in found.items() if key in things]
    return sorted(pairs, key=lambda pair: pair[1].weight)


def _outcomes(user: Any) -> list[tuple[str, str, int, bool]]:
    """Of the person's own series: outcome, its words, how many, whether it is a refusal; refusals last."""
    counted = SeriesForecast.objects.visible_to(user).order_by().values_list("outcome").annotate(Count("pk"))
    number = dict(counted)
    named = [(name.value, str(name.label), number[name], name not in FORECAST) for name in Outcome if name in number]
    return sorted(named, key=lambda one: one[3])


@page("device")
def outcome(request: HttpRequest, name: str) -> HttpResponse:
    """The series of which the last run said so."""
    if name not in Outcome.values:
        raise Http404
    rows = SeriesForecast.objects.visible_to(request.user).filter(outcome=name)
    rows = rows.select_related("series__device__area", "rule").order_by("since", "pk")
    page_of = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    said = Outcome(name)
    words = {"words": said.label, "why": REFUSED.get(said, "")}
    return render(request, "monitoring/forecast_outcome.html", {"page": page_of, **words})


@page("device")
def forecast(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_rows(request.user), pk=pk)
    context = {"forecast": _told([row])[0], "chart": forecast_chart(row)}
    return render(request, "monitoring/forecast.html", context)
