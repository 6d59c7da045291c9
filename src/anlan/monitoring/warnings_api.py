"""Where an office with a token sends its warnings: one CAP 1.2 document a request."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.security import HttpBearer

from anlan.monitoring.models import WarningFeed
from anlan.monitoring.warnings import feed_of_token, warning_receive
from anlan.protocols import FrameError, cap

router = Router(tags=["monitoring"])


class FeedToken(HttpBearer):
    """`Authorization: Bearer <token>`, one token an office."""

    def authenticate(self, request: HttpRequest, token: str) -> WarningFeed | None:
        return feed_of_token(token)


class Taken(Schema):
    """The message is durable. `standing` says what it is worth: current, replaced, cancelled or notice."""

    id: int
    standing: str


class Refused(Schema):
    """Nothing was stored. `error` is a fixed name, `detail` says more."""

    error: str
    detail: str = ""


@router.post(
    "/warnings/cap",
    auth=FeedToken(),
    response={201: Taken, 200: Taken, 400: Refused, 413: Refused},
    summary="A warning as CAP 1.2; 200 where it was known",
)
def receive(request: HttpRequest) -> Status[dict[str, Any]]:
    if int(request.headers.get("Content-Length") or 0) > cap.LARGEST:
        return Status(413, {"error": "too_long", "detail": f"at most {cap.LARGEST} bytes"})
    try:
        row, new = warning_receive(feed=request.auth, raw=request.body)  # type: ignore[attr-defined]
    except FrameError as error:
        return Status(400, {"error": error.kind, "detail": error.detail})
    return Status(201 if new else 200, {"id": row.pk, "standing": row.standing})
