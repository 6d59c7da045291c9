"""Content security: pages load nothing from another host and run no inline script."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

BACK_OFFICE = "/admin/"


class ContentPolicyMiddleware:
    """Adds the policy to each answer. The back office's own scripts need `unsafe-eval`, its pages only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy(request))
        return response


def policy(request: HttpRequest, *, media: str = "") -> str:
    """The words of the policy. `media` is an origin from which this page alone plays pictures."""
    host = request.get_host().rsplit(":", 1)[0]
    script = "'self' 'unsafe-inline' 'unsafe-eval'" if request.path.startswith(BACK_OFFICE) else "'self'"
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {script}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "worker-src 'self' blob:",
            f"connect-src 'self' http://{host}:{settings.ANLAN_LIVE_PORT} https://{host}:{settings.ANLAN_LIVE_PORT} {media}",
            f"media-src 'self' blob: {media}",
            "frame-ancestors 'self'",
            "base-uri 'self'",
            "form-action 'self'",
        ]
    )
