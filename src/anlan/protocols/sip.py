"""SIP messages (RFC 3261) as GB/T 28181 uses them: bytes in, events out, within bounds.

Read leniently, as cameras write: folded and compact headers, bare line feeds, blanks before the first line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from anlan.protocols.sip_values import FaultKind, SipError, Via, read_via, split

MOST_HEAD, MOST_BODY, MOST_HEADERS = 16_384, 1_048_576, 120
"""Bytes of a head, bytes of a body, headers of one message."""

COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "e": "content-encoding", "f": "from",
    "i": "call-id", "k": "supported", "l": "content-length", "m": "contact", "o": "event", "r": "refer-to",
    "s": "subject", "t": "to", "u": "allow-events", "v": "via", "x": "session-expires",
}  # fmt: skip
LISTS = frozenset({"via", "contact", "route", "record-route", "allow", "supported"})
"""Headers in which a comma begins the next value."""

_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+\Z")
_FIRST = re.compile(r"([A-Za-z0-9.!%*_+`'~-]+) (\S+) SIP/2\.0\Z")
_STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?\Z")
_LINES = re.compile(r"\r\n|\r|\n")
_END = re.compile(rb"\r\n\r\n|\n\n|\r\n\n|\n\r\n")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAKS = re.compile(r"[\r\n]")
_FOLDED = re.compile(r"^[ \t]", re.M)
_NAMES = {
    written: name
    for name in (*COMPACT.values(), "call-id", "cseq", "max-forwards", "user-agent", "expires", "authorization", "date")
    for written in (name, name.title(), {"call-id": "Call-ID", "cseq": "CSeq"}.get(name, name))
} | COMPACT
"""As most devices write them, so that most need no closer look."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SipFault:
    """Bytes that are no message."""

    kind: FaultKind
    detail: str
    raw: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class SipMessage:
    """A request has a `method`, a response a `status`. Header names are lower case and never compact."""

    method: str = ""
    uri: str = ""
    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def get(self, name: str) -> str:
        """The first value; empty where there is none."""
        for key, value in self.headers:
            if key == name:
                return value
        return ""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method; (0, "") where it is not there."""
        number, _blank, method = self.get("cseq").strip().partition(" ")
        return (int(number), method.strip().upper()) if number.isascii() and number.isdigit() else (0, "")

    @property
    def transaction(self) -> tuple[str, str, str]:
        """What a retransmission has in common with the first: branch, who sent it, method (an ACK has INVITE's)."""
        via = via_of(self)
        number, method = self.cseq
        branch = via.params.get("branch", "") or f"{self.get('call-id')}/{number}"
        return branch, f"{via.host}:{via.port}", method

    def with_header(self, name: str, value: str) -> "SipMessage":
        """The same with one header put in place of those of this name."""
        kept = tuple((key, old) for key, old in self.headers if key != name)
        return replace(self, headers=(*kept, (name, value)))

    def encode(self) -> bytes:
        """ValueError where a value would begin a header of its own."""
        first = f"{self.method} {self.uri} SIP/2.0" if self.method else f"SIP/2.0 {self.status} {self.reason}"
        lines = [first, *(f"{_written(key)}: {value}" for key, value in self.headers if key != "content-length")]
        lines.append(f"Content-Length: {len(self.body)}")
        text = "\r\n".join(lines)
        if _CONTROL.search(text) or len(_BREAKS.findall(text)) != 2 * (len(lines) - 1):
            raise ValueError("a header holds a line end")
        return f"{text}\r\n\r\n".encode() + self.body


SipEvent = SipMessage | SipFault


def _written(name: str) -> str:
    known = {"call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate"}
    return known.get(name) or "-".join(word.capitalize() for word in name.split("-"))


def parse_datagram(data: bytes) -> SipEvent | None:
    """One datagram is one message; None for the blanks by which a device keeps its way open."""
    if not data.strip(b"\r\n\0 \t"):
        return None
    try:
        message, length, body = _parse(data.lstrip(b"\r\n"))
        if length is not None and length > len(body):
            raise SipError("truncated", f"{len(body)} of {length} bytes of the body")
        return replace(message, body=body if length is None else body[:length])
    except SipError as error:
        return SipFault(kind=error.kind, detail=error.detail, raw=data[:2048])


class SipStream:
    """Messages of a TCP connection, in whatever cuts. After a fault nothing more can be told apart: `broken`."""

    def __init__(self) -> None:
        self._held = bytearray()
        self.broken = False

    @property
    def open(self) -> bool:
        """True while part of a message is held."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[SipEvent]:
        if self.broken:
            return []
        self._held += data
        found: list[SipEvent] = []
        try:
            while (message := self._next()) is not None:
                found.append(message)
        except SipError as error:
            self.broken = True
            found.append(SipFault(kind=error.kind, detail=error.detail, raw=bytes(self._held[:2048])))
            self._held.clear()
        return found

    def _next(self) -> SipMessage | None:
        blanks = len(self._held) - len(self._held.lstrip(b"\r\n"))
        del self._held[:blanks]
        end = _END.search(self._held, 0, MOST_HEAD + 4)
        if end is None:
            if len(self._held) > MOST_HEAD:
                raise SipError("too_long", "head")
            return None
        message, length, _body = _parse(bytes(self._held[: end.end()]))
        if length is None:
            raise SipError("format", "no Content-Length")
        if len(self._held) < end.end() + length:
            return None
        body = bytes(self._held[end.end() : end.end() + length])
        del self._held[: end.end() + length]
        return replace(message, body=body)


def _parse(data: bytes) -> tuple[SipMessage, int | None, bytes]:
    """The message without its body, the length that it tells, and what follows the head."""
    end = _END.search(data, 0, MOST_HEAD + 4)
    if end is None:
        raise SipError("too_long" if len(data) > MOST_HEAD else "truncated", "head")
    text = data[: end.start()].decode("utf-8", "replace")
    if _CONTROL.search(text):
        raise SipError("format", "a control character")
    first, *rest = _LINES.split(text)
    headers = tuple(_headers(rest))
    told = next((value for name, value in headers if name == "content-length"), None)
    length = _length(told)
    return _first_line(first.rstrip(), headers), length, data[end.end() :]


def _length(told: str | None) -> int | None:
    if told is None:
        return None
    if not (told.isascii() and told.isdigit() and len(told) < 8):
        raise SipError("format", f"Content-Length {told[:20]}")
    if int(told) > MOST_BODY:
        raise SipError("too_long", f"a body of {told}")
    return int(told)


def _first_line(line: str, headers: tuple[tuple[str, str], ...]) -> SipMessage:
    if found := _FIRST.match(line):
        return SipMessage(method=found[1].upper(), uri=found[2], headers=headers)
    if found := _STATUS.match(line):
        return SipMessage(status=int(found[1]), reason=found[2] or "", headers=headers)
    raise SipError("format", f"first line {line[:80]!r}")


def _headers(lines: list[str]) -> Iterator[tuple[str, str]]:
    unfolded = lines if not _FOLDED.search("\n".join(lines)) else _unfolded(lines)
    if len(unfolded) > MOST_HEADERS:
        raise SipError("too_long", f"{len(unfolded)} headers")
    for line in unfolded:
        name, colon, value = line.partition(":")
        known = _NAMES.get(name) or _name(name)
        if not colon or not known:
            raise SipError("format", f"header {line[:80]!r}")
        if known in LISTS and "," in value:
            for one in split(value, ","):
                yield known, one
        else:
            yield known, value.strip()


def _unfolded(lines: list[str]) -> list[str]:
    """A line that begins with a blank goes on with the one before."""
    unfolded: list[str] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and unfolded:
            unfolded[-1] += " " + line.strip()
        else:
            unfolded.append(line)
    return unfolded


def _name(told: str) -> str:
    """A header's name in lower case and in full; empty for what is none."""
    name = told.strip().lower()
    return COMPACT.get(name, name) if _TOKEN.match(name) else ""


def via_of(message: SipMessage) -> Via:
    """The topmost; SipError where there is none."""
    return read_via(message.get("via"))
