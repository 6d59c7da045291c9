"""What a sender claims that a camera saw: one form for algorithms, GB/T 28181 and ONVIF, and how JSON becomes it."""

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from anlan.monitoring.models import Sighting
from anlan.protocols.manscdp import time_of

Box = tuple[float, float, float, float]


class ClaimRefused(ValueError):
    """`kind` is a fixed name, `detail` says more; nothing was stored."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


@dataclass(frozen=True, kw_only=True)
class Claim:
    """`sender` and `event_id` together name it for ever. `within` is the path of the area that the sender speaks for."""

    sender: str
    event_id: str
    camera: str
    kind: str
    at: datetime
    origin: str = Sighting.Origin.ALGORITHM
    source_id: int | None = None
    within: str = ""
    algorithm: str = ""
    version: str = ""
    confidence: float | None = None
    box: Box | None = None
    description: str = ""
    picture: bytes | None = None


def claim_of(values: Mapping[str, Any], *, camera: str = "", picture: bytes | None = None, **more: Any) -> Claim:
    """From an object as it was sent. Raises `ClaimRefused`."""
    told = _text(values, "camera", 20)
    if camera and told and told != camera:
        raise ClaimRefused("camera", "the topic names another camera")
    return Claim(
        event_id=_text(values, "id", 80, needed=True),
        camera=told or camera,
        kind=_text(values, "kind", 40, needed=True),
        at=_moment(values.get("time")),
        algorithm=_text(values, "algorithm", 60, needed=True),
        version=_text(values, "version", 30),
        confidence=_confidence(values.get("confidence")),
        box=box_of(values.get("box")),
        description=_text(values, "description", 300),
        picture=picture if picture is not None else _picture(values.get("picture")),
        **more,
    )


def box_of(value: Any) -> Box | None:
    """[left, top, width, height] in parts of the picture, inside it and not empty."""
    if value is None or value == "":
        return None
    if not (isinstance(value, list | tuple) and len(value) == 4):
        raise ClaimRefused("box", "four numbers: left, top, width, height")
    left, top, width, height = (_number(one, "box") for one in value)
    if not (0 <= left < 1 and 0 <= top < 1 and 0 < width <= 1 and 0 < height <= 1):
        raise ClaimRefused("box", "parts of the picture, from 0 to 1")
    if left + width > 1.001 or top + height > 1.001:
        raise ClaimRefused("box", "it reaches beyond the picture")
    if left + width == left or top + height == top:
        raise ClaimRefused("box", "too small to be seen")
    return left, top, min(width, 1 - left), min(height, 1 - top)


def _text(values: Mapping[str, Any], name: str, most: int, *, needed: bool = False) -> str:
    value = values.get(name, "")
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if "\0" in text or len(text) > most:
        raise ClaimRefused("schema", f"{name}: at most {most} letters")
    if needed and not text:
        raise ClaimRefused("schema", f"{name} is missing")
    return text.encode("utf-8", "replace").decode()


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ClaimRefused(name, "not a number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise ClaimRefused(name, "not a number") from None
    if not math.isfinite(number):
        raise ClaimRefused(name, "not a finite number")
    return number


def _confidence(value: Any) -> float | None:
    if value is None or value == "":
        return None
    number = _number(value, "confidence")
    if not 0 <= number <= 1:
        raise ClaimRefused("confidence", "from 0 to 1")
    return number


def _moment(value: Any) -> datetime:
    """Milliseconds since 1970, or ISO 8601, Beijing's time where it names no zone."""
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            raise ClaimRefused("time", "out of all calendars") from None
    found = time_of(value) if isinstance(value, str) else None
    if found is None:
        raise ClaimRefused("time", "milliseconds or ISO 8601")
    return found


def _picture(value: Any) -> bytes | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ClaimRefused("picture", "base64")
    try:
        return base64.b64decode(value.partition("base64,")[2] or value, validate=True)
    except (binascii.Error, ValueError):
        raise ClaimRefused("picture", "base64") from None
