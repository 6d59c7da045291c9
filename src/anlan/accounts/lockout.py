"""The page that a person sees after too many failures. It is the same whether the account exists or not."""

from datetime import timedelta
from math import ceil
from typing import Any

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

TOO_MANY = 429


def locked_page(request: HttpRequest, _response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Answers every log-in of a locked pair of name and address, with the time that remains."""
    seconds = ceil(remaining(request, (credentials or {}).get("username")).total_seconds())
    context = {"minutes": max(1, ceil(seconds / 60)), "until": timezone.now() + timedelta(seconds=seconds)}
    answer = render(request, "accounts/locked.html", context, status=TOO_MANY)
    answer.headers["Retry-After"] = str(max(1, seconds))
    return answer


def remaining(request: HttpRequest, username: object) -> timedelta:
    """Time until the lock of this name from this address ends; zero where there is none."""
    attempts = AccessAttempt.objects.filter(username=username, ip_address=request.META.get("REMOTE_ADDR"))
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    wait = get_cool_off(request)
    return max(last + wait - timezone.now(), timedelta()) if last and wait else timedelta()
