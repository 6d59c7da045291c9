"""指标: one series, why this rule judges it, and what is usual for it by the hour."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from anlan.monitoring.forecasting.chart import bound_chart
from anlan.monitoring.forecasting.days import calendar, day_kind, knows_year
from anlan.monitoring.models import DynamicBound, Forecast, Series, SeriesForecast
from anlan.monitoring.moments import now_ms
from anlan.monitoring.reasons import matches_of
from anlan.monitoring.rehearsal.services import may_propose
from anlan.monitoring.rule_words import limits_of
from anlan.monitoring.selectors import series_views
from anlan.monitoring.views.access import page


@page("device")
def series(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Series.objects.visible_to(request.user).select_related("device__area"), pk=pk)
    view = series_views(row.device, [row], hours=24)[0]
    matches = matches_of(row)
    bound = DynamicBound.objects.filter(series=row).first()
    days, now = calendar(), now_ms()
    kind = day_kind(now, days)
    limits = [limit.value for limit in limits_of(matches[0].rule)] if matches else []
    context = {
        "series": row,
        "view": view,
        "matches": matches,
        "bound": bound,
        "bound_kind": kind,
        "knows_year": knows_year(now, days),
        "tightens": bool(bound and matches and bound.tighten(matches[0].rule.as_rule())),
        "bound_chart": bound_chart(bound, kind, limits[0] if limits else None) if bound else None,
        "forecast": Forecast.objects.filter(series=row, state=Forecast.State.STANDING).first(),
        "forecasting": SeriesForecast.objects.filter(series=row).first(),
        "may_propose": may_propose(request.user),
    }
    return render(request, "monitoring/series.html", context)
