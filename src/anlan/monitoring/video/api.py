"""Sightings over HTTP: a source with its own token sends JSON, or a form with the picture as a file."""

import json
from collections.abc import Mapping
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, RawPostDataException
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from ninja.security import HttpBearer

from anlan.monitoring.models import SightingSource
from anlan.monitoring.video.claims import ClaimRefused, claim_of
from anlan.monitoring.video.intake import claim_count, claim_take
from anlan.monitoring.video.pictures import LARGEST
from anlan.monitoring.video.sources import source_of_token

LONGEST = LARGEST * 4 // 3 + 65_536
"""Bytes of a request: the largest picture in base64, and what stands beside it."""
router = Router(tags=["monitoring"])
Answer = Status[dict[str, Any]]


class SourceToken(HttpBearer):
    """`Authorization: Bearer <token>`, one token a source."""

    def authenticate(self, request: HttpRequest, token: str) -> SightingSource | None:
        return source_of_token(token)


class Taken(Schema):
    """The claim is durable. `outcome`: new (a person will judge it), folded (counted with one like it), duplicate."""

    sighting: int
    outcome: str = Field(examples=["new"])


class Refused(Schema):
    """Nothing was stored. `error` is a fixed name, `detail` says more."""

    error: str
    detail: str = ""


ANSWERS = {200: Taken, 400: Refused, 413: Refused, 415: Refused, 503: Refused}
FORM = """One sighting. As `application/json`: `id`, `camera` (20 digits), `kind`, `time` (ms or ISO 8601), `algorithm`,
`version`, `confidence` (0 to 1), `box` ([left, top, width, height] in parts of the picture), `description`,
`picture` (base64 of a JPEG or PNG). As `multipart/form-data`: the same fields, `box` as JSON, `picture` as a file."""


@router.post("/sightings", auth=SourceToken(), response=ANSWERS, summary="One sighting of a camera", description=FORM)
def sighting_post(request: HttpRequest) -> Answer:
    """A request that says it is too large is refused before a byte of its body is read."""
    if int(request.headers.get("Content-Length") or 0) > LONGEST:
        return Status(413, {"error": "too_long", "detail": f"at most {LONGEST} bytes"})
    source: SightingSource = request.auth  # type: ignore[attr-defined]
    try:
        values, picture = _sent(request)
        claim = claim_of(
            values,
            picture=picture,
            sender=f"ai:{source.code}",
            source_id=source.pk,
            within=source.area.path,
        )
        taken = claim_take(claim=claim, now=timezone.now())
    except ClaimRefused as error:
        claim_count(error.kind)
        status = {"too_long": 413, "type": 415}.get(error.kind, 400)
        return Status(status, {"error": error.kind, "detail": error.detail})
    except OperationalError:
        return Status(503, {"error": "away", "detail": "nothing was stored, send it again"})
    return Status(200, {"sighting": taken.sighting_id, "outcome": taken.outcome})


def _sent(request: HttpRequest) -> tuple[Mapping[str, Any], bytes | None]:
    """The object and, from a form, the picture's bytes. Raises `ClaimRefused`."""
    if request.content_type == "application/json":
        return _object(request), None
    if request.content_type != "multipart/form-data":
        raise ClaimRefused("type", "application/json or multipart/form-data")
    values: dict[str, Any] = {name: request.POST[name] for name in request.POST}
    if str(values.get("time", "")).isdigit():
        values["time"] = int(values["time"])
    if values.get("box"):
        values["box"] = _json(values["box"].encode())
    file = request.FILES.get("picture")
    if file is not None and (file.size or 0) > LARGEST:
        raise ClaimRefused("too_long", f"a picture has at most {LARGEST} bytes")
    return values, file.read() if file is not None else None


def _object(request: HttpRequest) -> Mapping[str, Any]:
    try:
        body = request.body
    except RawPostDataException:
        raise ClaimRefused("json", "the body cannot be read") from None
    if len(body) > LONGEST:
        raise ClaimRefused("too_long", f"at most {LONGEST} bytes")
    value = _json(body)
    if not isinstance(value, dict):
        raise ClaimRefused("json", "an object")
    return value


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ClaimRefused("json", str(error)[:100]) from error
