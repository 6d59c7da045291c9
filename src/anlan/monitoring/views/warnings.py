"""Pages of warnings that other offices have sent."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from anlan.monitoring.models import WarningFeed, WeatherWarning
from anlan.monitoring.services import may_issue_tokens
from anlan.monitoring.views.access import PAGE, is_part, page
from anlan.monitoring.warnings import feed_token_issue

FILTERS = ("standing", "severity", "status")


def _rows(user: Any) -> QuerySet[WeatherWarning]:
    """Those in force first, of these the most severe, then the newest."""
    rows = WeatherWarning.objects.visible_to(user).defer("raw", "infos").select_related("feed", "replaced_by")
    force = Case(When(pk__in=rows.in_force().values("pk"), then=Value(0)), default=Value(1))
    grades = Case(
        *(When(severity=word, then=Value(place)) for place, word in enumerate(WeatherWarning.Severity.values)),
        default=Value(9),
    )
    return rows.annotate(_force=force, _grade=grades).order_by("_force", "_grade", "-sent", "-pk")


@page("weatherwarning")
def warnings(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, *, token: str = "", issued: WarningFeed | None = None) -> HttpResponse:
    """The page; asked by htmx, only the part that changes. A token is shown this once."""
    rows = _rows(request.user)
    chosen = {name: request.GET.get(name, "") for name in FILTERS}
    for name, value in chosen.items():
        rows = rows.filter(**{name: value}) if value else rows
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "filters": [_filter(name, chosen[name]) for name in FILTERS],
        "in_force": WeatherWarning.objects.visible_to(request.user).in_force().count(),
        "feeds": WarningFeed.objects.visible_to(request.user),
        "may_issue": may_issue_tokens(request.user),
        "question": _("旧令牌将立即失效,确定重新签发吗?"),
        "token": token,
        "issued": issued,
        "query": query.urlencode(),
    }
    return render(request, "monitoring/_warnings.html" if is_part(request) else "monitoring/warnings.html", context)


def _filter(name: str, value: str) -> tuple[str, Any, Any, str]:
    field = WeatherWarning._meta.get_field(name)
    return name, field.verbose_name, field.flatchoices, value  # type: ignore[union-attr]


@page("weatherwarning")
def warning(request: HttpRequest, pk: int) -> HttpResponse:
    """One message with what came before and after it, and as it was sent."""
    row = get_object_or_404(
        WeatherWarning.objects.visible_to(request.user).select_related("feed", "replaced_by"), pk=pk
    )
    context = {
        "warning": row,
        "before": WeatherWarning.objects.visible_to(request.user).filter(replaced_by=row).order_by("-sent"),
        "raw": bytes(row.raw).decode("utf-8", "replace"),
    }
    return render(request, "monitoring/warning.html", context)


@require_POST
@never_cache
@page("warningfeed")
def feed_token(request: HttpRequest, pk: int) -> HttpResponse:
    feed = get_object_or_404(WarningFeed.objects.visible_to(request.user), pk=pk)
    return _page(request, token=feed_token_issue(feed=feed, by=request.user), issued=feed)
