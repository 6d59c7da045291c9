"""What lay between two values before, kept by the state before it and the key in it, to be compared 64 bytes at once."""

from typing import Any

from anlan.monitoring.columnar.json_bits import differing, eight, lowest
from anlan.monitoring.columnar.json_shape import (
    AFTER,
    BEFORE,
    HIGH,
    KEY,
    KIND,
    LENGTH,
    NEED,
    NEW,
    NEXT,
    ON,
    PASSING,
    ROW,
    SPREAD,
    STRETCHES,
    TAG,
    THIRTEEN,
    TRIES,
    WHEN,
    WHOSE,
    WIDE,
)
from anlan.monitoring.columnar.json_spell import spelled
from anlan.monitoring.columnar.json_text import time_at
from anlan.monitoring.columnar.json_words import keys_of
from anlan.rules.compiled import apart, compiled
from anlan.rules.raw import rarely, take


@compiled
def told(data: Any, at: int, rows: Any, stretch: int) -> int:
    """The moment told in a stretch that begins here, or 0; -1 where none is in its place."""
    row = stretch * ROW
    when = take(rows, row + WHEN)
    return time_at(data, at + when, rows, row) if when != 0 else 0


@compiled
def fitting(data: Any, at: int, state: int, rows: Any, stretch: int) -> int:
    """Where a stretch is what begins here, the moment told in it or 0; else -1."""
    row = stretch * ROW
    differs = differing(data, at, rows, row) & take(rows, row + NEED)
    if rarely(differs != 0 or take(rows, row + BEFORE) != state):
        return -1
    return told(data, at, rows, stretch)


@compiled
def _place(rows: Any, tag: Any) -> int:
    """Where a stretch of this state and key is kept, or may be."""
    first = (tag * SPREAD >> 40 & STRETCHES - 1) + PASSING + 1
    for place in range(first, first + TRIES):
        if rows[place, TAG] == tag or rows[place, TAG] < 0:
            return place
    return first


@compiled
def _keep(data: Any, at: int, rows: Any, tag: Any, length: int, found: Any) -> int:
    """The stretch that was spelled here."""
    stretch = _place(rows, tag) if length <= WIDE else PASSING
    row = rows[stretch]
    for k in range(WIDE // 8):
        row[k] = eight(data, at + 8 * k)
    row[NEED], row[LENGTH], row[NEXT], row[HIGH], row[TAG] = lowest(length), length, PASSING, -1, tag
    row[BEFORE], row[AFTER], row[KIND], row[KEY], row[NEW], row[WHEN], row[WHOSE] = found
    if row[WHEN]:
        row[NEED] &= ~(lowest(THIRTEEN) << row[WHEN])
    return stretch


@apart
def learned(data: Any, at: int, end: int, state: int, owner: int, guess: int, names: Any, rows: Any, last: int) -> int:
    """The stretch that begins here, of those kept or spelled anew; -1 where none that is mine does.

    The one that came after the `last` is expected there again, but for the rare ends of long lists.
    """
    first, many, _ = keys_of(names, owner)
    for word in (names.keys[first + guess, 0] if guess < many else -1, -1):
        tag = state << 32 | word + 1
        stretch = _place(rows, tag)
        if rows[stretch, TAG] == tag and fitting(data, at, state, rows, stretch) >= 0:
            break
    else:
        place, after, kind, word, new, when, whose = spelled(data, at, end, state, owner, names, True)
        if when != 0 and (place - at > WIDE or kind == ON):
            place, after, kind, word, new, when, whose = spelled(data, at, end, state, owner, names, False)
        if place < 0:
            return -1
        found = state if place - at <= WIDE else -1, after, kind, word, int(new), when, whose
        stretch = _keep(data, at, rows, state << 32 | word + 1, place - at, found)
    if word >= 0 or rows[last, NEXT] == PASSING:
        rows[last, NEXT] = stretch
    return stretch
