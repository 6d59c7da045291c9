"""CAP 1.2, the Common Alerting Protocol of OASIS, as weather and other offices send it. Read and written, purely.

Coordinates are WGS-84. Documents with a DTD or entities are refused; sizes are bounded.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from anlan.protocols.frames import FrameError
from anlan.protocols.xml_text import XmlError, local, root_of_bytes
from anlan.vocab import clock

SPACES = ("urn:oasis:names:tc:emergency:cap:1.2", "urn:oasis:names:tc:emergency:cap:1.1", "")
LARGEST, MOST_INFOS, MOST_POINTS = 1_000_000, 20, 20_000
STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
_WORD = re.compile(r"[^\s,<&]{1,200}")
Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class CapArea:
    """`polygons` are closed rings of (longitude, latitude), `circles` (longitude, latitude, km)."""

    text: str = ""
    polygons: tuple[Ring, ...] = ()
    circles: tuple[tuple[float, float, float], ...] = ()
    geocodes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class CapInfo:
    """What a message says in one language. Times in epoch ms, None where it tells none."""

    language: str = "en-US"
    categories: tuple[str, ...] = ()
    event: str = ""
    urgency: str = ""
    severity: str = "Unknown"
    certainty: str = ""
    effective: int | None = None
    onset: int | None = None
    expires: int | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    areas: tuple[CapArea, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CapAlert:
    """`references` are (sender, identifier, sent ms) of the messages that this one updates, cancels or answers."""

    identifier: str
    sender: str
    sent: int
    status: str
    msg_type: str
    scope: str
    references: tuple[tuple[str, str, int], ...] = ()
    infos: tuple[CapInfo, ...] = ()
    deviations: tuple[str, ...] = ()


def xml_root(data: bytes) -> Element:
    """The root of a document, GB encodings among others. FrameError for what is none, or is not safe to read."""
    if len(data) > LARGEST:
        raise FrameError("too_long", f"{len(data)} bytes")
    try:
        return root_of_bytes(data)
    except XmlError as error:
        raise FrameError("format", str(error)) from None


def read(data: bytes) -> CapAlert:
    """FrameError names what is missing or wrong."""
    return read_element(xml_root(data))


def read_element(root: Element) -> CapAlert:
    space = str(root.tag).rpartition("}")[0].lstrip("{")
    if local(root) != "alert" or space not in SPACES:
        raise FrameError("schema", f"no CAP alert but {root.tag[:80]}")
    deviations = [] if space == SPACES[0] else ["not_cap_1_2"]
    sent = _time(_needed(root, "sent"), deviations)
    infos = _children(root, "info")
    if len(infos) > MOST_INFOS:
        raise FrameError("too_long", f"{len(infos)} infos")
    return CapAlert(
        identifier=_word(root, "identifier"),
        sender=_word(root, "sender"),
        sent=sent,
        status=_one_of(root, "status", STATUSES),
        msg_type=_one_of(root, "msgType", TYPES),
        scope=_one_of(root, "scope", SCOPES),
        references=tuple(_references(_text(root, "references"), deviations)),
        infos=tuple(_info(info, deviations) for info in infos),
        deviations=tuple(dict.fromkeys(deviations)),
    )


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if local(child) == name]


def _text(element: Element, name: str) -> str:
    found = _children(element, name)
    return (found[0].text or "").strip().replace("\0", "") if found else ""


def _needed(element: Element, name: str) -> str:
    if not (text := _text(element, name)):
        raise FrameError("schema", f"no {name}")
    return text


def _word(element: Element, name: str) -> str:
    word = _needed(element, name)
    if not _WORD.fullmatch(word):
        raise FrameError("schema", f"{name} has a space, a comma or too many characters")
    return word


def _one_of(element: Element, name: str, known: tuple[str, ...]) -> str:
    word = _needed(element, name)
    if word not in known:
        raise FrameError("schema", f"{name} is {word[:40]!r}")
    return word


def _time(text: str, deviations: list[str]) -> int:
    try:
        moment, zoned = clock.parse_iso(text)
    except clock.ClockError as error:
        raise FrameError("time", str(error)) from error
    if not zoned:
        deviations.append("naive_time")
    return moment


def _time_or_none(element: Element, name: str, deviations: list[str]) -> int | None:
    text = _text(element, name)
    return _time(text, deviations) if text else None


def _references(text: str, deviations: list[str]) -> Iterator[tuple[str, str, int]]:
    for triple in text.split()[:100]:
        words = triple.split(",")
        if len(words) != 3:
            deviations.append("bad_reference")
            continue
        try:
            yield words[0], words[1], _time(words[2], deviations)
        except FrameError:
            deviations.append("bad_reference")


def _info(info: Element, deviations: list[str]) -> CapInfo:
    severity = _needed(info, "severity")
    if severity not in SEVERITIES:
        deviations.append("bad_severity")
        severity = "Unknown"
    return CapInfo(
        language=_text(info, "language") or "en-US",
        categories=tuple((one.text or "").strip() for one in _children(info, "category")),
        event=_needed(info, "event"),
        urgency=_needed(info, "urgency"),
        severity=severity,
        certainty=_needed(info, "certainty"),
        effective=_time_or_none(info, "effective", deviations),
        onset=_time_or_none(info, "onset", deviations),
        expires=_time_or_none(info, "expires", deviations),
        sender_name=_text(info, "senderName"),
        headline=_text(info, "headline"),
        description=_text(info, "description"),
        instruction=_text(info, "instruction"),
        areas=tuple(_area(area, deviations) for area in _children(info, "area")[:1000]),
    )


def _area(area: Element, deviations: list[str]) -> CapArea:
    polygons, circles = [], []
    for one in _children(area, "polygon"):
        ring = _ring((one.text or "").split())
        if ring is None:
            deviations.append("bad_polygon")
        else:
            polygons.append(ring)
    for one in _children(area, "circle"):
        circle = _circle((one.text or "").split())
        if circle is None:
            deviations.append("bad_circle")
        else:
            circles.append(circle)
    return CapArea(
        text=_text(area, "areaDesc"),
        polygons=tuple(polygons),
        circles=tuple(circles),
        geocodes=tuple((_text(one, "valueName"), _text(one, "value")) for one in _children(area, "geocode")[:1000]),
    )


def _ring(pairs: list[str]) -> Ring | None:
    """None for fewer than four points, or what is no point. A ring that is not closed is closed."""
    if not 3 <= len(pairs) <= MOST_POINTS:
        return None
    points = [_point(pair) for pair in pairs]
    found = [point for point in points if point is not None]
    if len(found) < len(points):
        return None
    closed = found if found[0] == found[-1] else [*found, found[0]]
    return tuple(closed) if len(closed) >= 4 else None


def _point(pair: str) -> tuple[float, float] | None:
    try:
        lat, lon = (float(word) for word in pair.split(","))
    except ValueError:
        return None
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def _circle(words: list[str]) -> tuple[float, float, float] | None:
    try:
        point, radius = _point(words[0]), float(words[1])
    except (ValueError, IndexError):
        return None
    return (*point, radius) if point and 0 <= radius < 20_000 else None


def circle_ring(lon: float, lat: float, km: float, corners: int = 64) -> Ring:
    """A circle on the ground as a closed ring; a radius of 0 is one of ten metres, so that it can be seen."""
    north = max(km, 0.01) / 111.195
    east = north / max(math.cos(math.radians(lat)), 0.01)
    turns = [2 * math.pi * place / corners for place in range(corners)]
    ring = [(lon + east * math.cos(turn), max(-90.0, min(90.0, lat + north * math.sin(turn)))) for turn in turns]
    return (*ring, ring[0])


def rings(areas: Iterable[CapArea]) -> list[Ring]:
    """All polygons and circles of some areas."""
    return [ring for area in areas for ring in (*area.polygons, *(circle_ring(*circle) for circle in area.circles))]
