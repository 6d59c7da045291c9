"""设备: the list, and one device with its series, rules and last frames."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from anlan.monitoring.commanding.selectors import commands_shown
from anlan.monitoring.deviations import device_deviations
from anlan.monitoring.evidence import fields_text, raw_hex, raw_text
from anlan.monitoring.life.forms import PollAccessForm
from anlan.monitoring.models import Device, DeviceFrame, PollAccess, PollPlan
from anlan.monitoring.pictures import device_pictures
from anlan.monitoring.selectors import (
    alarms_of,
    device_frames,
    device_series,
    devices_of,
    devices_standing,
    series_views,
)
from anlan.monitoring.services import device_token_issue
from anlan.monitoring.tracks import track_of
from anlan.monitoring.views.access import is_part, listed, page
from anlan.monitoring.views.life import life_context
from anlan.monitoring.wording import series_title

SERIES = 12
ALARMS = 8
PERIODS = {
    1: gettext_lazy("1 小时"),
    6: gettext_lazy("6 小时"),
    24: gettext_lazy("24 小时"),
    168: gettext_lazy("7 天"),
    720: gettext_lazy("30 天"),
}
USUAL = 24


@page("device")
def devices(request: HttpRequest) -> HttpResponse:
    """The page; asked by htmx, only the part that changes."""
    context = {
        **listed(
            request, devices_of(request.user), filters=("status", "level", "kind"), words=("name", "code", "address")
        ),
        "standing": devices_standing(request.user),
        "part": is_part(request),
    }
    return render(request, "monitoring/_devices.html" if context["part"] else "monitoring/devices.html", context)


@page("device")
def device(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(devices_of(request.user), pk=pk)
    return device_page(request, row)


def device_page(
    request: HttpRequest, row: Device, *, token: str = "", poll_form: PollAccessForm | None = None
) -> HttpResponse:
    """The page; asked by htmx, only the part that changes. A token is shown this once, a form that is wrong as typed."""
    context = _context(request, row) | {"token": token, "poll_form": poll_form or poll_form_of(row)}
    name = "monitoring/_device.html" if context["part"] else "monitoring/device.html"
    return render(request, name, context, status=422 if poll_form else 200)


def _context(request: HttpRequest, row: Device) -> dict[str, Any]:
    hours = next((number for number in PERIODS if str(number) == request.GET.get("hours")), USUAL)
    series = Paginator(device_series(request.user, row), SERIES).get_page(request.GET.get("page"))
    return {
        "device": row,
        "series": series,
        "views": series_views(row, list(series.object_list), hours=hours),
        "periods": list(PERIODS.items()),
        "hours": hours,
        "alarms": _alarms(request.user, row),
        "frames": [_shown(frame, row.protocol) for frame in device_frames(request.user, row)],
        **commands_shown(request.user, row),
        "pictures": device_pictures(request.user, row),
        "deviations": device_deviations(request.user, row),
        "track": track_of(row, request.GET.get("day", "")),
        "polling": PollPlan.objects.filter(device=row).annotate(points=Count("device__polled_points")).first(),
        "question": _("旧令牌将立即失效,确定重新签发吗?") if row.token_hash else "",
        "part": is_part(request),
        **({} if is_part(request) else life_context(request.user, row)),
        "query": urlencode({"hours": hours, "day": request.GET.get("day", "")[:10]}),
    }


def poll_form_of(row: Device) -> PollAccessForm | None:
    """How its server is logged in to; None for what is no OPC UA server."""
    if row.protocol != "opcua":
        return None
    return PollAccessForm(instance=PollAccess.objects.filter(device=row).first() or PollAccess(device=row))


def _alarms(user: Any, row: Device) -> list[Any]:
    found = list(alarms_of(user).filter(device=row)[:ALARMS])
    for alarm in found:
        alarm.series_title = series_title(alarm.series, row.protocol)  # type: ignore[attr-defined]
    return found


def _shown(frame: DeviceFrame, protocol: str) -> dict[str, Any]:
    """A frame with its passwords starred."""
    raw, decoded = bytes(frame.raw), frame.decoded if isinstance(frame.decoded, dict) else {}
    return {
        "frame": frame,
        "hex": raw_hex(raw, protocol),
        "text": raw_text(raw, protocol),
        "readings": decoded.get("readings", []),
        "deviations": decoded.get("deviations", []),
        "fields": fields_text(decoded.get("fields", {})),
        "size": len(raw),
    }


@require_POST
@never_cache
@page("device")
def device_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Gives the device a new token and shows it on the page that answers, never again."""
    row = get_object_or_404(devices_of(request.user), pk=pk)
    token = device_token_issue(device=row, by=request.user)
    return device_page(request, get_object_or_404(devices_of(request.user), pk=pk), token=token)
