"""摄像头: the list, one camera with its history and sightings, and its live picture."""

from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts.audit import Action, audit_record
from anlan.kit.policy import policy
from anlan.monitoring.models import Camera, CameraAccess, PlaySession
from anlan.monitoring.video.configuration import MediaSettings
from anlan.monitoring.video.forms import AccessForm
from anlan.monitoring.video.media import MediaFault
from anlan.monitoring.video.playing import may_watch, play_leave, play_seen, play_start
from anlan.monitoring.video.registrations import may_administer
from anlan.monitoring.video.selectors import cameras_of, cameras_standing, platform_names, sightings_of
from anlan.monitoring.video_flow import PlayState
from anlan.monitoring.views.access import is_part, listed, page

CHANGES, SIGHTINGS = 20, 10
WORDS = ("name", "code", "address")


@page("camera")
def cameras(request: HttpRequest) -> HttpResponse:
    """The page; asked by htmx, only the part that changes."""
    rows, chosen = cameras_of(request.user), request.GET.get("platform", "")
    if chosen:
        rows = rows.filter(platform_id=int(chosen)) if chosen.isdigit() and len(chosen) < 18 else rows.none()
    context = listed(request, rows, filters=("status", "kind"), words=WORDS)
    context["filters"].append(("platform", _("所属平台"), platform_names(request.user), chosen))
    context |= {"standing": cameras_standing(request.user), "may_administer": may_administer(request.user)}
    return render(request, "monitoring/_cameras.html" if is_part(request) else "monitoring/cameras.html", context)


@page("camera")
def camera(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(cameras_of(request.user), pk=pk)
    return _camera_page(request, row, AccessForm(instance=_access(row)))


def _access(row: Camera) -> CameraAccess:
    return CameraAccess.objects.filter(camera=row).first() or CameraAccess(camera=row)


def _camera_page(request: HttpRequest, row: Camera, form: AccessForm, status: int = 200) -> HttpResponse:
    context = {
        "camera": row,
        "changes": row.changes.all()[:CHANGES],
        "sightings": sightings_of(request.user).filter(camera=row)[:SIGHTINGS],
        "may_watch": may_watch(request.user),
        "media": MediaSettings.from_environment(),
        "may_administer": may_administer(request.user),
        "form": form,
        "access": form.instance,
    }
    answer = render(request, "monitoring/camera.html", context, status=status)
    parts = urlsplit(MediaSettings.from_environment().play_url)
    origins = f"{parts.scheme}://{parts.hostname}:*" if parts.hostname else ""
    answer.headers["Content-Security-Policy"] = policy(request, media=origins)
    return answer


@require_POST
@page("camera")
@transaction.atomic
def camera_access(request: HttpRequest, pk: int) -> HttpResponse:
    """Sets how the camera is reached; only an administrator may."""
    row = get_object_or_404(cameras_of(request.user), pk=pk)
    if not may_administer(request.user):
        return redirect("monitoring:camera", pk)
    form = AccessForm(request.POST, instance=_access(row))
    if not form.is_valid():
        return _camera_page(request, row, form, status=422)
    form.save()
    audit_record(action=Action.CHANGE, subject=row, fields={"access": sorted(form.changed_data)})
    return redirect("monitoring:camera", pk)


@require_POST
@page("camera")
def play(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the live picture; the fragment asks again until it is there."""
    row = get_object_or_404(cameras_of(request.user), pk=pk)
    try:
        made = play_start(camera=row, by=request.user)
    except MediaFault as fault:
        return _player(request, None, row, trouble=str(fault))
    return _player(request, made, row)


def _mine(request: HttpRequest, pk: int) -> PlaySession:
    rows: Any = PlaySession.objects.visible_to(request.user).select_related("camera", "stream")
    return get_object_or_404(rows, pk=pk, by=request.user)


@page("camera")
def play_state(request: HttpRequest, pk: int) -> HttpResponse:
    """How the picture stands; keeps it open as long as somebody asks."""
    made = play_seen(play=_mine(request, pk), now=timezone.now())
    if request.GET.get("beat") and made.state == PlayState.PLAYING:
        return HttpResponse(status=204)
    return _player(request, made, made.camera)


@require_POST
@page("camera")
def play_stop(request: HttpRequest, pk: int) -> HttpResponse:
    made = play_leave(play=_mine(request, pk), by=request.user)
    return _player(request, None, made.camera)


def _player(request: HttpRequest, made: PlaySession | None, row: Camera, trouble: str = "") -> HttpResponse:
    context = {
        "play": made,
        "camera": row,
        "trouble": trouble or (made.stream.trouble if made else ""),
        "waiting": made is not None and made.state in {PlayState.ASKED, PlayState.INVITED},
        "playing": made is not None and made.state == PlayState.PLAYING,
        "media": MediaSettings.from_environment(),
        "may_watch": may_watch(request.user),
    }
    return render(request, "monitoring/_player.html", context)
