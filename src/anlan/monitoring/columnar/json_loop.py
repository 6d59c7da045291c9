"""The compiled reader behind `json_columns`: positions in, columns out; a position of -1 is "not mine"."""

from typing import Any

from anlan.monitoring.columnar.json_shape import (
    BEGIN,
    CLOSE,
    COLON,
    END,
    GUESS,
    IS_DEVICE,
    IS_READINGS,
    IS_SERIES,
    IS_TIME,
    IS_UNIT,
    IS_VALUE,
    IS_VALUES,
    LONGEST,
    MEMBERS,
    NULL,
    OPEN,
    READ_BODY,
    UNIT,
)
from anlan.monitoring.columnar.json_text import after, blank, following, string_end, time_at, value_at
from anlan.monitoring.columnar.json_words import find, key, same
from anlan.rules.compiled import compiled


@compiled
def _member(data: Any, at: int, end: int, seen: int) -> tuple[int, int, int]:
    """(Where its value begins, which of MEMBERS it is, `seen` with it); one that was seen before is not mine."""
    close = string_end(data, at, end)
    length = close - at - 1
    m = GUESS[(data[at + 1] + 32 * length) & 255] if 4 <= length <= 8 else -1
    if m < 0 or seen >> m & 1 or not same(data, at + 1, MEMBERS[m], 0, length):
        return -1, -1, seen
    return after(data, close + 1, end, COLON), m, seen | 1 << m


@compiled
def _unit(data: Any, at: int, end: int, names: Any) -> int:
    """A unit that can be written says nothing of a series that is known."""
    close = string_end(data, at, end)
    if close < 0:
        return at + 4 if 0 <= at < end and same(data, at, NULL, 0, 4) else -1
    plain = close - at <= 129
    for k in range(at + 1, close):
        plain = plain and data[k] < 127
    return close + 1 if plain or key(names, UNIT, 0, data, at + 1, close) >= 0 else -1


@compiled
def _values(data: Any, at: int, end: int, owner: int, i: int, names: Any, out: Any, first: int) -> tuple[int, int]:
    """{"series": number, ...}, each series once; gives (after it, how many readings there are then)."""
    at = after(data, at, end, OPEN)
    if 0 <= at < end and data[at] == CLOSE:
        return at + 1, first
    count, done = first, False
    while at >= 0 and not done:
        close = string_end(data, at, end)
        row = key(names, owner, count - first, data, at + 1, close)
        if row < 0 or out.said[row] == i:
            return -1, count
        out.said[row], out.series[count], out.time[count] = i, names.keys[row, 1], -1
        at, out.value[count] = value_at(data, after(data, close + 1, end, COLON), end)
        at, done = following(data, at, end, CLOSE)
        count += 1
    return at, count


@compiled
def _reading(data: Any, at: int, end: int, owner: int, guess: int, names: Any, out: Any, count: int) -> int:
    """One {"series", "value", "time", "unit"}; gives what is after it."""
    at, seen, done = after(data, at, end, OPEN), 0, False
    out.time[count] = -1
    while at >= 0 and not done:
        at, member, seen = _member(data, at, end, seen)
        if member == IS_SERIES:
            close = string_end(data, at, end)
            row = key(names, owner, guess, data, at + 1, close)
            out.series[count] = names.keys[row, 1]
            at = close + 1 if row >= 0 else -1
        elif member == IS_VALUE:
            at, out.value[count] = value_at(data, at, end)
        elif member == IS_TIME:
            at, out.time[count] = time_at(data, at, end)
        else:
            at = _unit(data, at, end, names) if member == IS_UNIT else -1
        at, done = following(data, at, end, CLOSE)
    return at if seen >> IS_SERIES & seen >> IS_VALUE & 1 else -1


@compiled
def _readings(data: Any, at: int, end: int, owner: int, names: Any, out: Any, count: int) -> tuple[int, int]:
    at = after(data, at, end, BEGIN)
    if 0 <= at < end and data[at] == END:
        return at + 1, count
    done, many, guess = False, max(1, names.words[owner, 4]), 0
    while at >= 0 and not done:
        at = _reading(data, at, end, owner, guess, names, out, count)
        guess = guess + 1 if guess + 1 < many else 0
        at, done = following(data, at, end, END)
        count += 1
    return at, count


@compiled
def _message(data: Any, at: int, end: int, owner: int, i: int, names: Any, out: Any, first: int) -> tuple[int, int]:
    """(How many readings there are then, its device's word), or -1 where the message is not mine."""
    at, seen, time, count, done = after(data, at, end, OPEN), 0, -1, first, False
    while at >= 0 and not done:
        at, member, seen = _member(data, at, end, seen)
        if member == IS_DEVICE:
            close = string_end(data, at, end)
            named = find(names, data, at + 1, close)
            at = close + 1 if named >= 0 and owner in (-1, named) else -1
            owner = named
        elif member == IS_TIME:
            at, time = time_at(data, at, end)
        elif member == IS_VALUES and owner >= 0:
            at, count = _values(data, at, end, owner, i, names, out, count)
        else:
            at = at if member == IS_READINGS and owner >= 0 else -1
            at, count = _readings(data, at, end, owner, names, out, count)
        at, done = following(data, at, end, CLOSE)
    body = seen & READ_BODY
    whole = at >= 0 and blank(data, at, end) == end and body != 0 and body != READ_BODY
    for k in range(first, count):
        out.message[k], out.time[k] = i, out.time[k] if out.time[k] >= 0 else time
        whole = whole and out.time[k] >= 0
    return (count if whole else -1), owner


@compiled
def parse_each(data: Any, bounds: Any, names: Any, out: Any, mine: Any, device: Any) -> int:
    """How many readings were written."""
    count = 0
    for i in range(len(bounds)):
        start, end, code, code_end = bounds[i, 0], bounds[i, 1], bounds[i, 2], bounds[i, 3]
        owner = find(names, data, code, code_end) if code_end > code else -1
        if end - start <= LONGEST and (code_end == code or owner >= 0):
            after, owner = _message(data, start, end, owner, i, names, out, count)
            if after >= 0 and names.words[owner, 2] >= 0:
                device[i], mine[i], count = names.words[owner, 2], True, after
    return count
