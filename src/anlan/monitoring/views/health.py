"""What an outside watcher asks, without a log-in: numbers only, no names."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from anlan.monitoring.health import health


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while alarms are worked on, 503 when the worker, the deadlines or the jobs stand still."""
    found = health()
    return JsonResponse(found.plain(), status=200 if found.ok else 503)
