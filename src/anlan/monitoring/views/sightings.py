"""视频事件: the queue that a person works, the list, one sighting with its picture, and the rates of true ones."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from anlan.kit.flow import IllegalStep
from anlan.monitoring.models import Becomes, Sighting, SightingKind
from anlan.monitoring.video.deciding import may_decide, sighting_confirm, sighting_reject, sighting_reopen
from anlan.monitoring.video.pictures import TYPES, picture_path
from anlan.monitoring.video.rates import rates
from anlan.monitoring.video.selectors import sightings_of, sightings_standing, sightings_waiting
from anlan.monitoring.views.access import PAGE, is_part, listed, page

WORDS = ("camera__name", "camera__code", "algorithm", "description")
PERIODS = {7: gettext_lazy("7 天"), 30: gettext_lazy("30 天"), 90: gettext_lazy("90 天"), 0: gettext_lazy("全部")}
USUAL = 30
REASONS = (
    gettext_lazy("反光、灯光或夕照"),
    gettext_lazy("水雾、蒸汽或扬尘"),
    gettext_lazy("目标认错"),
    gettext_lazy("正常作业或已报备"),
    gettext_lazy("画面模糊或遮挡"),
    gettext_lazy("演练或测试"),
)


@page("sighting")
def queue(request: HttpRequest) -> HttpResponse:
    """What waits, one at a time; `after` leaves those out that were skipped."""
    return _queue(request)


def _queue(request: HttpRequest, trouble: str = "", status: int = 200) -> HttpResponse:
    waiting = sightings_waiting(request.user)
    skipped = [int(word) for word in request.GET.get("skip", "").split(",") if word.isdigit() and len(word) < 18][-200:]
    row = waiting.exclude(pk__in=skipped).first() or waiting.first()
    context = _context(request, row) | {
        "standing": sightings_standing(request.user),
        "upcoming": waiting.exclude(pk__in=[*skipped, row.pk])[:8] if row else [],
        "skip": ",".join(map(str, [*skipped, row.pk])) if row else "",
        "here": ",".join(map(str, skipped)),
        "trouble": trouble,
        "queue": True,
    }
    return render(
        request, "monitoring/_queue.html" if is_part(request) else "monitoring/queue.html", context, status=status
    )


def _context(request: HttpRequest, row: Sighting | None) -> dict[str, Any]:
    return {
        "row": row,
        "box": _percent(row.box) if row and row.box else None,
        "may_decide": may_decide(request.user),
        "reasons": REASONS,
        "becomes": Becomes.choices,
    }


def _percent(box: list[float]) -> dict[str, str]:
    """For an SVG that lies over the picture, in parts of a hundred."""
    return {name: f"{100 * part:.2f}" for name, part in zip(("x", "y", "width", "height"), box, strict=True)}


@page("sighting")
def sightings(request: HttpRequest) -> HttpResponse:
    rows, chosen = sightings_of(request.user), request.GET.get("kind", "")
    if chosen:
        rows = rows.filter(kind__code=chosen[:40].replace("\0", ""))
    context = listed(request, rows, filters=("state", "origin"), words=WORDS)
    context["filters"].append(("kind", _("类型"), _kinds(), chosen))
    context["standing"] = sightings_standing(request.user)
    return render(request, "monitoring/sightings.html", context)


def _kinds() -> list[tuple[str, str]]:
    return list(SightingKind.objects.order_by("-level", "code").values_list("code", "name"))


@page("sighting")
def sighting(request: HttpRequest, pk: int) -> HttpResponse:
    return _sighting_page(request, pk)


def _sighting_page(request: HttpRequest, pk: int, trouble: str = "", status: int = 200) -> HttpResponse:
    row = get_object_or_404(sightings_of(request.user), pk=pk)
    context = _context(request, row) | {"trouble": trouble, "queue": False}
    return render(request, "monitoring/sighting.html", context, status=status)


@require_POST
@page("sighting")
def decide(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Y, N or taken back; then the next of the queue, or the sighting's own page."""
    row = get_object_or_404(sightings_of(request.user), pk=pk)
    trouble, status = "", 200
    try:
        _decide(request, row, step)
    except (IllegalStep, PermissionDenied) as error:
        trouble, status = str(error), 422
    except ValidationError as error:
        trouble, status = " ".join(error.messages), 422
    if request.POST.get("queue"):
        return _queue(request, trouble, status) if trouble or is_part(request) else redirect("monitoring:sightings")
    return _sighting_page(request, pk, trouble, status) if trouble else redirect("monitoring:sighting", pk)


def _decide(request: HttpRequest, row: Sighting, step: str) -> None:
    if step == "confirm":
        sighting_confirm(sighting=row, becomes=request.POST.get("becomes") or row.kind.becomes, by=request.user)
    elif step == "reject":
        reason = request.POST.get("words", "").strip() or request.POST.get("reason", "")
        sighting_reject(sighting=row, reason=reason, by=request.user)
    elif step == "reopen":
        sighting_reopen(sighting=row, by=request.user)
    else:
        raise Http404


@page("sighting")
@cache_control(private=True, max_age=3600)
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    """The picture, for whoever may see the sighting; 404 once it was deleted."""
    row = get_object_or_404(sightings_of(request.user), pk=pk)
    path = picture_path(row.picture, row.picture_type, row.arrived_at)
    if not row.picture or row.picture_deleted_at or not path.exists():
        raise Http404
    return HttpResponse(path.read_bytes(), content_type=TYPES[row.picture_type])


@page("sighting")
def rates_page(request: HttpRequest) -> HttpResponse:
    days = next((number for number in PERIODS if str(number) == request.GET.get("days")), USUAL)
    kind = request.GET.get("kind", "")[:40].replace("\0", "")
    since = timezone.now() - timedelta(days=days) if days else None
    found = rates(request.user, since=since, kind=kind)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "periods": list(PERIODS.items()),
        "days": days,
        "kinds": _kinds(),
        "kind": kind,
        "confirmed": sum(rate.confirmed for rate in found),
        "rejected": sum(rate.rejected for rate in found),
        "query": query.urlencode(),
    }
    return render(request, "monitoring/rates.html", context)
