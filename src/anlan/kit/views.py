"""Figures with the rows behind them, a person's notices, the REST interface described."""

import json
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import resolve, reverse
from django.utils.dateparse import parse_date
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.kit.figure_rows import table_of
from anlan.kit.figures import Period, figure_value, figures, year_period
from anlan.kit.inbox import addresses_of, bundled_of, notice_read, notices_of, notices_read_all, unread_of
from anlan.kit.models import Notice

PAGE = 50


def _day(text: str, usual: date) -> date:
    """A day from the address bar; the usual one where it is none."""
    try:
        return parse_date(text) or usual
    except ValueError:
        return usual


def _period(request: HttpRequest) -> Period:
    usual = year_period()
    period = Period(
        start=_day(request.GET.get("start", ""), usual.start), end=_day(request.GET.get("end", ""), usual.end)
    )
    return period if period.start <= period.end else usual


@login_required
def figures_page(request: HttpRequest) -> HttpResponse:
    period = _period(request)
    values = [figure_value(key, request.user, period) for key in figures()]
    return render(request, "kit/figures.html", {"values": values, "period": period})


@login_required
def figure_page(request: HttpRequest, key: str) -> HttpResponse:
    if key not in figures():
        raise Http404(_("没有这项指标。"))
    period = _period(request)
    rows = figures()[key].rows(request.user, period)
    rows = rows if rows.ordered else rows.order_by("pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"value": figure_value(key, request.user, period), "period": period, "page": page}
    return render(request, "kit/figure.html", context | table_of(list(page.object_list), rows.model, request.user))


@login_required
def notices_page(request: HttpRequest) -> HttpResponse:
    bundle = request.GET.get("bundle", "")
    rows = bundled_of(request.user, bundle) if bundle else notices_of(request.user)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    unread = set(unread_of(request.user).values_list("pk", flat=True))
    return render(request, "kit/notices.html", {"page": page, "unread": unread, "query": f"bundle={bundle}"})


@login_required
def notices_unread(request: HttpRequest) -> HttpResponse:
    """The number for the bell; empty text where there is none."""
    count = unread_of(request.user).count()
    return HttpResponse(str(count) if count else "", content_type="text/plain; charset=utf-8")


@login_required
@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    notices_read_all(user=request.user)
    return HttpResponseRedirect(reverse("kit:notices"))


@login_required
@require_POST
def notice_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Marks one as read and goes where it points."""
    notice: Notice = get_object_or_404(Notice.objects.filter(address__in=addresses_of(request.user)), pk=pk)
    notice_read(notice=notice, user=request.user)
    here = url_has_allowed_host_and_scheme(notice.url, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(notice.url if notice.url and here else reverse("kit:notices"))


@login_required
def api_docs(request: HttpRequest) -> HttpResponse:
    """Every operation of the REST interface, from its OpenAPI description; no script and no outside host."""
    address = "/api/openapi.json"
    found = resolve(address)
    described = json.loads(found.func(request, *found.args, **found.kwargs).content)
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            one = operation | {"path": path, "method": method.upper()}
            groups.setdefault((operation.get("tags") or ["…"])[0], []).append(one)
    return render(request, "kit/api_docs.html", {"groups": groups, "address": address})
