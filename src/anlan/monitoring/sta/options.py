"""What a request asks for: the path of an entity or a collection, and OData's options, as far as they are served."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.sta.filters import Where, where

USUAL, MOST, DEEPEST = 100, 1000, 3
FARTHEST = 100_000
"""How many rows may be skipped."""
_SEGMENT = re.compile(r"(\w+)(?:\((?:(\d{1,18})|'([^']{1,60})')\))?")
_EXPANSION = re.compile(r"\s*(\w+)\s*(?:\((.*)\)|/(.+))?\s*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """`Datastreams(7)` or `Thing`; `key` is the text of an id, None where there is none."""

    name: str
    key: str | None


@dataclass(frozen=True, kw_only=True)
class Options:
    top: int = USUAL
    skip: int = 0
    count: bool = False
    token: int | None = None
    order: tuple[tuple[str, bool], ...] = ()
    where: Where | None = None
    arrays: bool = False
    select: tuple[str, ...] = ()
    expand: Mapping[str, "Options"] = field(default_factory=dict)


def segments(path: str) -> list[Segment]:
    """StaError 404 for what is no path of entities."""
    found = []
    for part in path.strip("/").split("/"):
        match = _SEGMENT.fullmatch(part)
        if match is None:
            raise StaError(404, f"no such resource: {part[:80]}")
        found.append(Segment(name=match[1], key=match[2] or match[3]))
    return found


def options(said: Mapping[str, str], depth: int = 0) -> Options:
    """StaError 400 for what cannot be read, 501 for what is not served."""
    known = {"$top", "$skip", "$count", "$orderby", "$filter", "$select", "$expand", "$skiptoken", "$resultFormat"}
    if unknown := {name for name in said if name.startswith("$")} - known:
        raise StaError(501, f"not served: {sorted(unknown)[0]}")
    if said.get("$resultFormat", "json") not in ("json", "", "dataArray"):
        raise StaError(501, "not served: $resultFormat")
    return Options(
        top=min(_whole(said, "$top", USUAL), MOST),
        skip=_whole(said, "$skip", 0, FARTHEST),
        count=said.get("$count", "false").lower() == "true",
        token=_whole(said, "$skiptoken", 0) if "$skiptoken" in said else None,
        order=tuple(_order(said.get("$orderby", ""))),
        where=where(said.get("$filter", "")),
        arrays=said.get("$resultFormat") == "dataArray",
        select=tuple(word.strip() for word in said.get("$select", "").split(",") if word.strip()),
        expand=_expand(said.get("$expand", ""), depth),
    )


def _whole(said: Mapping[str, str], name: str, usual: int, most: int | None = None) -> int:
    text = said.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise StaError(400, f"{name} is a whole number")
    if most is not None and int(text) > most:
        raise StaError(400, f"{name} is at most {most}")
    return int(text)


def _order(text: str) -> Iterable[tuple[str, bool]]:
    """(property, whether descending)."""
    for part in filter(None, (part.strip() for part in text.split(","))):
        words = part.split()
        if len(words) > 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise StaError(400, f"$orderby: {part[:80]}")
        yield words[0], len(words) == 2 and words[1].lower() == "desc"


def _expand(text: str, depth: int) -> dict[str, Options]:
    """`Datastreams($top=1;$expand=Sensor),Locations` or `Datastreams/Sensor`."""
    found: dict[str, Options] = {}
    if text and depth >= DEEPEST:
        raise StaError(400, f"$expand goes {DEEPEST} levels deep")
    for part in _split(text, ","):
        match = _EXPANSION.fullmatch(part)
        if match is None:
            raise StaError(400, f"$expand: {part[:80]}")
        inner = {"$expand": match[3]} if match[3] else dict(_pair(one) for one in _split(match[2] or "", ";"))
        found[match[1]] = options(inner, depth + 1)
    return found


def _pair(text: str) -> tuple[str, str]:
    name, _equals, value = text.strip().partition("=")
    return name, value


def _split(text: str, sign: str) -> list[str]:
    """At a sign that stands in no brackets and no quotes."""
    parts, level, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == "'"
        level += 0 if quoted else (letter == "(") - (letter == ")")
        if letter == sign and not level and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]
