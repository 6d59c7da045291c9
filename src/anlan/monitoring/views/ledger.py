"""读数台账: every reading accounted for, as a page and as JSON."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from anlan.monitoring import store
from anlan.monitoring.ledger import LedgerRow, by_source, ledger_day
from anlan.monitoring.models import UnknownDevice
from anlan.monitoring.models.count import LEDGER_TITLES
from anlan.monitoring.models.whole import sees_whole
from anlan.monitoring.moments import moment
from anlan.monitoring.views.access import is_part, page
from anlan.monitoring.wording import error_title

UNKNOWN = 100


def _day(request: HttpRequest) -> date:
    try:
        return parse_date(request.GET.get("day", "")) or timezone.localdate()
    except ValueError:
        return timezone.localdate()


@page("ledgercount")
def ledger(request: HttpRequest) -> HttpResponse:
    """The page; asked by htmx, only the part that changes."""
    _whole(request)
    day = _day(request)
    rows = ledger_day(request.user, day)
    unknown = UnknownDevice.objects.visible_to(request.user)
    context = {
        "day": day,
        "today": day == timezone.localdate(),
        "sources": [{"total": total, "hours": hours, "failed": _failed(total)} for total, hours in by_source(rows)],
        "wrong": [row for row in rows if row.difference],
        "titles": LEDGER_TITLES,
        "unknown": [{"row": row, "url": _add_url(row)} for row in unknown[:UNKNOWN]],
        "unknown_count": unknown.count(),
        "may_add": request.user.has_perm("monitoring.add_device"),
        "damages": [(one, moment(one.first), moment(one.last)) for one in store.damages()],
        "part": is_part(request),
    }
    return render(request, "monitoring/_ledger.html" if context["part"] else "monitoring/ledger.html", context)


def _whole(request: HttpRequest) -> None:
    if not sees_whole(request.user):
        raise PermissionDenied(_("您的角色不能查看此页。"))


def _failed(row: LedgerRow) -> list[tuple[str, int]]:
    return [(error_title(kind), number) for kind, number in row.failed.most_common()]


def _add_url(row: UnknownDevice) -> str:
    """The back office's form for a new device, filled in as far as the device told."""
    known = {"protocol": row.protocol, "code": row.code, "name": row.code}
    return f"{reverse('admin:monitoring_device_add')}?{urlencode(known)}"


@page("ledgercount")
def ledger_json(request: HttpRequest) -> HttpResponse:
    """The same numbers for machines."""
    _whole(request)
    day = _day(request)
    unknown = UnknownDevice.objects.visible_to(request.user)[:UNKNOWN]
    return JsonResponse(
        {
            "day": day.isoformat(),
            "rows": [_plain(row) for row in ledger_day(request.user, day)],
            "unknown": [_plain_unknown(row) for row in unknown],
            "damaged_files": [one._asdict() for one in store.damages()],
        }
    )


def _plain(row: LedgerRow) -> dict[str, Any]:
    return {
        "hour": row.hour.isoformat() if row.hour else None,
        "source": row.source,
        "frames": row.frames,
        "failed": dict(row.failed),
        "received": row.received,
        "states": {state.name.lower(): number for state, number in row.states.items()},
        "sum": row.total,
        "difference": row.difference,
    }


def _plain_unknown(row: UnknownDevice) -> dict[str, Any]:
    return {
        "protocol": row.protocol,
        "code": row.code,
        "first_seen_at": row.first_seen_at.isoformat(),
        "last_seen_at": row.last_seen_at.isoformat(),
        "frames": row.frames,
        "readings": row.readings,
    }
