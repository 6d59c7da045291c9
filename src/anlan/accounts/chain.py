"""The audit log's hash chain, without Django and without a database: an exported file can be checked anywhere.

The content of an entry is everything but `seq`, `previous_hash` and `hash`. An entry's hash is the SHA-256 of the
canonical JSON `{"content": sha256(canonical content), "previous_hash": …, "seq": …}`; the first entry has seq 1 and
follows `GENESIS`. The database computes the same hash when a transaction commits.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

GENESIS = "0" * 64
CONTENT = ("at", "actor_id", "actor_name", "action", "subject", "subject_id", "subject_name", "area", "fields", "ip")
KEYS = ("seq", *CONTENT, "previous_hash", "hash")

Entry = Mapping[str, Any]


class Problem(StrEnum):
    """What is wrong with the first broken link."""

    MALFORMED = "malformed"
    MISSING = "missing seq"
    ORDER = "repeated or reordered seq"
    PREVIOUS = "previous_hash mismatch"
    HASH = "hash mismatch"
    TRUNCATED = "tail missing"
    HEAD = "head mismatch"


@dataclass(frozen=True, kw_only=True)
class Break:
    """The first broken link: at `seq`, and why."""

    seq: int
    problem: Problem
    detail: str


@dataclass(frozen=True, kw_only=True)
class Head:
    """The last entry of a chain, to be kept elsewhere. An empty chain has seq 0 and `GENESIS`."""

    seq: int = 0
    hash: str = GENESIS

    @classmethod
    def parse(cls, text: str) -> "Head":
        """From `SEQ:HASH`; raises ValueError."""
        seq, colon, digest = text.strip().partition(":")
        if not colon or not seq.isascii() or not seq.isdigit() or not _is_digest(digest):
            raise ValueError("a head is written SEQ:HASH, with 64 hexadecimal digits")
        return cls(seq=int(seq), hash=digest)

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`head` is the last sound entry; `broken` is None where the whole chain is sound."""

    head: Head
    broken: Break | None


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value: keys sorted, no spaces, UTF-8; NaN and Infinity raise ValueError."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def content_digest(entry: Entry) -> str:
    """SHA-256 of an entry's content, in hexadecimal digits; KeyError where a part is missing."""
    return _sha256(canonical({key: entry[key] for key in CONTENT}))


def link_hash(*, seq: int, previous_hash: str, content: str) -> str:
    """The hash of the entry at `seq` whose content has the digest `content`."""
    return _sha256(canonical({"content": content, "previous_hash": previous_hash, "seq": seq}))


def verify(entries: Iterable[Entry], *, kept: Head | None = None) -> Verdict:
    """Follows the chain from its beginning up to the first broken link.

    `kept` is a head noted earlier: the chain must still hold it, so that a cut tail is found too.
    """
    head = Head()
    for entry in entries:
        if broken := _check(entry, head, kept):
            return Verdict(head=head, broken=broken)
        head = Head(seq=entry["seq"], hash=entry["hash"])
    if kept and kept.seq > head.seq:
        detail = f"the chain ends at {head.seq}, but {kept.seq} was noted as its head"
        return Verdict(head=head, broken=Break(seq=head.seq + 1, problem=Problem.TRUNCATED, detail=detail))
    return Verdict(head=head, broken=None)


def read_lines(path: Path) -> Iterator[Entry]:
    """Entries of an exported file, one JSON object a line. A line that is none becomes an empty entry."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.strip():
                yield _entry(line)


def _entry(line: str) -> Entry:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _check(entry: Entry, head: Head, kept: Head | None) -> Break | None:
    expected = head.seq + 1
    if set(entry) != set(KEYS) or type(entry["seq"]) is not int:
        return _broken(expected, Problem.MALFORMED, "not an entry of the audit log")
    if broken := _check_place(entry["seq"], expected):
        return broken
    if entry["previous_hash"] != head.hash:
        return _broken(expected, Problem.PREVIOUS, f"does not follow the hash of {head.seq}")
    if entry["hash"] != _expected_hash(entry):
        return _broken(expected, Problem.HASH, "the content is not what was written")
    if kept and kept.seq == expected and kept.hash != entry["hash"]:
        return _broken(expected, Problem.HEAD, "not the entry that was noted as the head")
    return None


def _check_place(seq: int, expected: int) -> Break | None:
    if seq > expected:
        return _broken(expected, Problem.MISSING, f"{seq} follows {expected - 1}")
    if seq < expected:
        return _broken(seq, Problem.ORDER, f"{seq} stands after {expected - 1}")
    return None


def _expected_hash(entry: Entry) -> str | None:
    try:
        return link_hash(seq=entry["seq"], previous_hash=entry["previous_hash"], content=content_digest(entry))
    except (ValueError, TypeError):
        return None


def _broken(seq: int, problem: Problem, detail: str) -> Break:
    return Break(seq=seq, problem=problem, detail=detail)


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(c in "0123456789abcdef" for c in text)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
