"""Readings over HTTP: a device with its own token sends JSON and is told what became of each reading."""

from typing import Any

from django.db import OperationalError
from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from ninja.security import HttpBearer
from ninja.security.base import AuthBase

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Device
from anlan.monitoring.moments import now_ms
from anlan.monitoring.tokens import certificate_admits, token_admits
from anlan.monitoring.video.api import router as video_router
from anlan.monitoring.warnings_api import router as warnings_router
from anlan.protocols import Event, FrameError
from anlan.protocols.json_readings import parse_message

SOURCE = "http"
LARGEST = 1_000_000
router = Router(tags=["monitoring"])
router.add_router("", video_router)
router.add_router("", warnings_router)

Answer = Status[dict[str, Any]]


class DeviceToken(HttpBearer):
    """`Authorization: Bearer <token>`, one token a device."""

    def authenticate(self, request: HttpRequest, token: str) -> Device | None:
        return token_admits(request, token, SOURCE)


class DeviceCertificate(AuthBase):
    """The client's certificate, told by the proxy in front in the header that `ANLAN_CLIENT_CERT_HEADER` names."""

    openapi_type = "mutualTLS"

    def __call__(self, request: HttpRequest) -> Device | None:
        return certificate_admits(request, SOURCE)


AUTH = [DeviceToken(), DeviceCertificate()]


class Stored(Schema):
    """All readings of the message are durable; `states` says in which state each ended."""

    received: int
    states: dict[str, int] = Field(examples=[{"normal": 2, "duplicate": 1}])
    alarms: list[int]


class Refused(Schema):
    """Nothing was stored. `error` is a fixed name, `detail` says more."""

    error: str
    detail: str = ""


ANSWERS = {200: Stored, 400: Refused, 403: Refused, 413: Refused, 503: Refused}


@router.post("/ingest/{device}", auth=AUTH, response=ANSWERS, summary="Readings of one device")
def ingest_device(request: HttpRequest, device: str) -> Answer:
    """The device named in the address must be the token's own."""
    if device != request.auth.code:  # type: ignore[attr-defined]
        return _answer(FrameError("device", "the token is another device's"), 403)
    return _ingest(request)


@router.post("/ingest", auth=AUTH, response=ANSWERS, summary="Readings of the token's device")
def ingest(request: HttpRequest) -> Answer:
    """As with the device in the address, for devices that cannot change it."""
    return _ingest(request)


def _ingest(request: HttpRequest) -> Answer:
    """A request that says it is too large is refused before a byte of its body is read."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return _answer(FrameError("too_long", f"at most {LARGEST} bytes"), 413)
    return _answer(parse_message(request.body, request.auth.code, now_ms()), 400)  # type: ignore[attr-defined]


def _answer(event: Event, refused: int) -> Answer:
    """What became of it; what is refused is counted, as everything that came."""
    try:
        result = readings_store(batch=[Arrival(source=SOURCE, event=event)])
    except OperationalError:
        return Status(503, {"error": "away", "detail": "nothing was stored, send it again"})
    if isinstance(event, FrameError):
        return Status(refused, {"error": event.kind, "detail": event.detail})
    states = {state.name.lower(): number for state, number in result.counts.items() if number}
    return Status(200, {"received": result.received, "states": states, "alarms": list(result.raised)})
