"""MANSCDP, the XML that GB/T 28181 carries in SIP bodies, in GB 18030 whatever its declaration says.

Shapes as of https://github.com/648540858/wvp-GB28181-pro and the standard's own samples.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from anlan.protocols.xml_text import XmlError, local, root_of

CONTENT_TYPE = "Application/MANSCDP+xml"
LONGEST, MOST_ITEMS, DEEPEST = 1_048_576, 4_000, 6
CAMERA_TYPES = frozenset({"131", "132"})
BEIJING = "+08:00"

_CODE = re.compile(r"[0-9]{20}\Z")
_TWO_BYTES = re.compile("[\x80-\u07ff]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Root = Literal["Query", "Notify", "Response", "Control"]


class ManscdpError(ValueError):
    """A body that is no MANSCDP; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Manscdp:
    """`fields` are the plain elements beside CmdType, SN and DeviceID; `items` those of each `Item` of a list."""

    root: str
    command: str
    number: str
    device: str
    fields: Mapping[str, str] = field(default_factory=dict)
    items: tuple[Mapping[str, str], ...] = ()
    total: int = 0


def is_code(text: str) -> bool:
    """A code of 20 digits."""
    return bool(_CODE.match(text))


def type_of(code: str) -> str:
    """The three digits that say what a code stands for: 131 and 132 cameras, 134 an alarm input, 200 a platform."""
    return code[10:13] if is_code(code) else ""


def text_of(body: bytes) -> str:
    """GB 18030, which holds GB 2312, or UTF-8 where the bytes are that and make Chinese; what is neither becomes U+FFFD.

    Two-byte letters of UTF-8 are two bytes of a Chinese one in GB 18030, and no camera speaks Greek or Arabic.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("gb18030", "replace")
    return body.decode("gb18030", "replace") if _TWO_BYTES.search(text) else text


def parse(body: bytes) -> Manscdp:
    """Raises `ManscdpError`. Control characters, which XML forbids and devices send, are left out."""
    if len(body) > LONGEST:
        raise ManscdpError("too long")
    text = text_of(body).lstrip("\ufeff \t\r\n")
    try:
        return _message(root_of(text))
    except XmlError as error:
        clean = _FORBIDDEN.sub("", text)
        if clean == text:
            raise ManscdpError(f"not XML: {error}") from None
    try:
        return _message(root_of(clean))
    except XmlError as error:
        raise ManscdpError(f"not XML: {error}") from None


def _message(root: Element) -> Manscdp:
    fields: dict[str, str] = {}
    items: list[Mapping[str, str]] = []
    for child in root:
        name = local(child)
        if not len(child):
            fields.setdefault(name, (child.text or "").strip()[:1000])
        elif name == "Info":
            fields |= {f"Info.{k}": v for k, v in _plain(child).items()}
        elif name.endswith("List"):
            items += [_plain(item) for item in child if local(item) == "Item"]
    if len(items) > MOST_ITEMS:
        raise ManscdpError("too many items")
    return Manscdp(
        root=local(root),
        command=fields.pop("CmdType", ""),
        number=fields.pop("SN", "")[:20],
        device=fields.pop("DeviceID", ""),
        total=_whole(fields.get("SumNum", "")),
        fields=fields,
        items=tuple(items),
    )


def _plain(element: Element, prefix: str = "", depth: int = 0) -> dict[str, str]:
    """Elements of an item by name; those one level down with a dot."""
    found: dict[str, str] = {}
    for child in element:
        name = prefix + local(child)
        if len(child) and depth < DEEPEST:
            found |= _plain(child, f"{name}.", depth + 1)
        else:
            found.setdefault(name, (child.text or "").strip()[:1000])
    return found


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def build(root: Root, command: str, number: int | str, device: str, more: Mapping[str, object] | None = None) -> bytes:
    """A message in GB 18030. `more` holds further elements in order; a text that begins with "<" is taken as XML."""
    lines = [f"<CmdType>{command}</CmdType>", f"<SN>{number}</SN>", f"<DeviceID>{escape(device)}</DeviceID>"]
    for name, value in (more or {}).items():
        inner = str(value) if str(value).startswith("<") else escape(str(value))
        lines.append(f"<{name}>{inner}</{name}>")
    text = "\r\n".join(['<?xml version="1.0" encoding="GB2312"?>', f"<{root}>", *lines, f"</{root}>", ""])
    return text.encode("gb18030")


def time_of(text: str) -> datetime | None:
    """A moment with its zone, Beijing's where none is told; None where it is no time."""
    try:
        found = datetime.fromisoformat(text.strip())
        return found if found.tzinfo else datetime.fromisoformat(f"{found.isoformat()}{BEIJING}")
    except ValueError:
        return None


def place_of(fields: Mapping[str, str]) -> tuple[float, float] | None:
    """Longitude and latitude as told; None where absent, impossible, or the 0, 0 of a device without a fix."""
    try:
        lon, lat = float(fields.get("Longitude", "")), float(fields.get("Latitude", ""))
    except ValueError:
        return None
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 and (lon or lat) else None
