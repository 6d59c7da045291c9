"""What stands in SIP headers: lists, parameters, addresses, the way that a message came (RFC 3261, 20 and 25)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["format", "too_long", "truncated"]

_VIA = re.compile(r"SIP ?/ ?2\.0 ?/ ?([A-Za-z]+)\s+(\[[0-9A-Fa-f:.]+\]|[^\s:;]+)(?: ?: ?([0-9]{1,5}))?\Z")
_URI = re.compile(r"sips?:(?:([^@;?]*)@)?(\[[0-9A-Fa-f:.]+\]|[^:;?@>]+)(?::([0-9]{1,5}))?(?:[;?].*)?\Z", re.I)


class SipError(ValueError):
    """`kind` is one of `FaultKind`."""

    def __init__(self, kind: FaultKind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind: FaultKind = kind
        self.detail = detail


def split(text: str, mark: str) -> list[str]:
    """Parts between marks that stand neither in quotes nor in angle brackets."""
    if '"' not in text and "<" not in text:
        return [part.strip() for part in text.split(mark)]
    parts, start, quoted, angle, escaped = [], 0, False, False, False
    for at, letter in enumerate(text):
        if escaped:
            escaped = False
        elif letter == "\\" and quoted:
            escaped = True
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "<>":
            angle = letter == "<"
        elif letter == mark and not quoted and not angle:
            parts.append(text[start:at].strip())
            start = at + 1
    return [*parts, text[start:].strip()]


@dataclass(frozen=True, kw_only=True, slots=True)
class Via:
    transport: str
    host: str
    port: int
    params: dict[str, str]

    def text(self) -> str:
        words = "".join(f";{name}={value}" if value else f";{name}" for name, value in self.params.items())
        return f"SIP/2.0/{self.transport} {self.host}:{self.port}{words}"


def read_via(value: str) -> Via:
    """SipError where it is none."""
    head, *params = split(value, ";")
    found = _VIA.match(head)
    if not found or int(found[3] or 5060) > 65_535:
        raise SipError("format", f"Via {head[:80]!r}")
    return Via(transport=found[1].upper(), host=found[2], port=int(found[3] or 5060), params=params_of(params))


def params_of(parts: Iterable[str]) -> dict[str, str]:
    """`name=value` pairs by lower-case name; a value loses its quotes."""
    pairs = (part.partition("=") for part in parts if part)
    return {name.strip().lower(): value.strip().strip('"') for name, _equals, value in pairs}


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Of a From, To or Contact header: the parts of its URI, and the header's own parameters."""

    user: str
    host: str
    port: int
    params: dict[str, str]


def address_of(value: str) -> Address:
    """SipError where it holds no sip URI."""
    if "<" in value:
        _name, _angle, rest = value.partition("<")
        uri, _close, tail = rest.partition(">")
        params = split(tail, ";")
    else:
        uri, *params = split(value, ";")
    found = _URI.match(uri.strip())
    if not found or int(found[3] or 0) > 65_535:
        raise SipError("format", f"address {value[:80]!r}")
    return Address(user=found[1] or "", host=found[2], port=int(found[3] or 0), params=params_of(params))
