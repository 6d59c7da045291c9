"""OData's `$filter` as a tree: comparisons and text functions, joined by and, or, not and brackets."""

import re
from dataclasses import dataclass
from typing import TypeAlias

from anlan.monitoring.sta.faults import StaError
from anlan.vocab import clock

DEEPEST = 20
LONGEST = 200
"""Words of one filter."""
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[(),]|[^\s(),']+)")
_OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le")
_TURNED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
_FUNCTIONS = {"startswith": "startswith", "endswith": "endswith", "contains": "contains", "substringof": "contains"}
_NAME = re.compile(r"[A-Za-z@][\w./@]*")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`value` is a text without its quotes; `quoted` whether it had them."""

    name: str
    operator: str
    value: str
    quoted: bool

    def number(self) -> float:
        try:
            return float(self.value)
        except ValueError as error:
            raise StaError(400, f"{self.name} is compared with a number") from error

    def time(self) -> int:
        """Epoch ms."""
        try:
            return clock.parse_iso(self.value)[0]
        except clock.ClockError as error:
            raise StaError(400, str(error)) from error


@dataclass(frozen=True, kw_only=True)
class Match:
    """A text holds another: at its start, at its end, or anywhere."""

    name: str
    how: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Joined:
    """`word` is and, or, not; not has one part."""

    word: str
    parts: "tuple[Where, ...]"


Where: TypeAlias = Comparison | Match | Joined


def where(text: str) -> Where | None:
    """None for an empty filter. StaError 400 for what cannot be read, 501 for what is not served."""
    words = _words(text)
    if not words:
        return None
    reader = _Reader(words)
    found = reader.either(0)
    if reader.rest:
        raise StaError(400, f"$filter: not understood from {' '.join(reader.rest)[:80]!r}")
    return found


def conjunction(found: Where | None) -> tuple[Comparison, ...]:
    """The comparisons that must all hold. StaError 501 for anything else."""
    if found is None:
        return ()
    if isinstance(found, Comparison):
        return (found,)
    if isinstance(found, Joined) and found.word == "and":
        return tuple(one for part in found.parts for one in conjunction(part))
    raise StaError(501, "$filter: here only comparisons joined by 'and' are served")


def _words(text: str) -> list[str]:
    words: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None or len(words) >= LONGEST:
            raise StaError(400, f"$filter: not understood from {text[at : at + 80]!r}")
        words.append(match[1])
        at = match.end()
    return words


class _Reader:
    """Goes through the words once; `or` binds weaker than `and`, that weaker than `not`."""

    def __init__(self, words: list[str]) -> None:
        self.rest = words[::-1]

    def either(self, depth: int) -> Where:
        return self._joined("or", depth)

    def _joined(self, word: str, depth: int) -> Where:
        parts = [self._part(word, depth)]
        while self.rest and self.rest[-1].lower() == word:
            self.rest.pop()
            parts.append(self._part(word, depth))
        return parts[0] if len(parts) == 1 else Joined(word=word, parts=tuple(parts))

    def _part(self, word: str, depth: int) -> Where:
        return self._joined("and", depth) if word == "or" else self._unary(depth)

    def _unary(self, depth: int) -> Where:
        if depth > DEEPEST:
            raise StaError(400, f"$filter goes {DEEPEST} levels deep")
        word = self._next()
        if word.lower() == "not":
            return Joined(word="not", parts=(self._unary(depth + 1),))
        if word == "(":
            found = self.either(depth + 1)
            self._expect(")")
            return found
        if self.rest and self.rest[-1] == "(":
            return self._match(word)
        return self._comparison(word)

    def _match(self, function: str) -> Where:
        how = _FUNCTIONS.get(function.lower())
        if how is None:
            raise StaError(501, f"$filter: no function {function[:40]} is served")
        self._expect("(")
        first = self._next()
        self._expect(",")
        second = self._next()
        self._expect(")")
        name, text = (second, first) if function.lower() == "substringof" else (first, second)
        if not _NAME.fullmatch(name) or not text.startswith("'"):
            raise StaError(400, f"$filter: {function} is of a property and a text")
        return self._truth(Match(name=name, how=how, text=_plain(text)))

    def _truth(self, found: Where) -> Where:
        """A function may be compared with true or false."""
        if not self.rest or self.rest[-1] not in ("eq", "ne"):
            return found
        wanted = self._next() == "eq"
        said = self._next().lower()
        if said not in ("true", "false"):
            raise StaError(400, "$filter: a function is true or false")
        return found if wanted == (said == "true") else Joined(word="not", parts=(found,))

    def _comparison(self, left: str) -> Where:
        operator, right = self._next(), self._next()
        if operator not in _OPERATORS:
            raise StaError(400 if _NAME.fullmatch(left) else 501, f"$filter: no operator {operator[:40]}")
        if not _NAME.fullmatch(left):
            left, operator, right = right, _TURNED[operator], left
        if not _NAME.fullmatch(left) or right in ("(", ")", ","):
            raise StaError(400, f"$filter: {left[:40]} {operator} {right[:40]}")
        return Comparison(name=left, operator=operator, value=_plain(right), quoted=right.startswith("'"))

    def _next(self) -> str:
        if not self.rest:
            raise StaError(400, "$filter ends too early")
        return self.rest.pop()

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise StaError(400, f"$filter: {sign!r} is missing")


def _plain(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text
