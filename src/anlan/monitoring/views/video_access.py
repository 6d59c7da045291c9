"""视频接入: platforms with their passwords and commands, and the sources of sightings with their tokens."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from anlan.monitoring.models import PlatformCommand, SightingSource
from anlan.monitoring.video.configuration import MediaSettings, SipSettings, sip_port
from anlan.monitoring.video.forms import PasswordForm
from anlan.monitoring.video.orders import command_give
from anlan.monitoring.video.registrations import may_administer, platform_password_set
from anlan.monitoring.video.selectors import platforms_of
from anlan.monitoring.video.sources import source_token_issue
from anlan.monitoring.views.access import is_part, page

COMMANDS = 10


@page("videoplatform")
def platforms(request: HttpRequest) -> HttpResponse:
    return _platforms_page(request)


def _platforms_page(request: HttpRequest, token: str = "", named: str = "") -> HttpResponse:
    context = {
        "platforms": platforms_of(request.user),
        "sources": SightingSource.objects.visible_to(request.user).select_related("area"),
        "sip": SipSettings.from_environment(),
        "port": sip_port(),
        "media": MediaSettings.from_environment(),
        "may_administer": may_administer(request.user),
        "token": token,
        "named": named,
    }
    return render(request, "monitoring/platforms.html", context)


@page("videoplatform")
def platform(request: HttpRequest, pk: int) -> HttpResponse:
    return _platform_page(request, pk, PasswordForm())


def _platform_page(request: HttpRequest, pk: int, form: PasswordForm, status: int = 200) -> HttpResponse:
    row = get_object_or_404(platforms_of(request.user), pk=pk)
    context = {
        "platform": row,
        "commands": row.commands.select_related("by")[:COMMANDS],
        "kinds": PlatformCommand.Kind.choices,
        "form": form,
        "sip": SipSettings.from_environment(),
        "port": sip_port(),
        "may_administer": may_administer(request.user),
    }
    part = is_part(request) and request.method == "GET"
    return render(request, "monitoring/_platform.html" if part else "monitoring/platform.html", context, status=status)


@require_POST
@page("videoplatform")
def platform_password(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(platforms_of(request.user), pk=pk)
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return _platform_page(request, pk, form, status=422)
    platform_password_set(platform=row, password=form.cleaned_data["password"], by=request.user)
    return redirect("monitoring:platform", pk)


@require_POST
@page("videoplatform")
def platform_command(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(platforms_of(request.user), pk=pk)
    command_give(platform=row, kind=request.POST.get("kind", ""), by=request.user)
    return redirect("monitoring:platform", pk)


@require_POST
@never_cache
@page("sightingsource")
def source_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Gives the source a new token and shows it on the page that answers, never again."""
    rows: Any = SightingSource.objects.visible_to(request.user)
    row = get_object_or_404(rows, pk=pk)
    if not may_administer(request.user):
        raise PermissionDenied
    return _platforms_page(request, source_token_issue(source=row, by=request.user), row.name)
