"""The compiled reader behind `json_columns`: positions in, columns out; a position of -1 is "not mine"."""

from typing import Any

import numpy as np

from anlan.monitoring.bare import bare
from anlan.monitoring.json_shape import (
    BACKSLASH,
    BEGIN,
    CLOSE,
    COLON,
    COMMA,
    DIGITS,
    DOT,
    END,
    EXACT,
    FALSE,
    GUESS,
    IS_DEVICE,
    IS_READINGS,
    IS_SERIES,
    IS_TIME,
    IS_UNIT,
    IS_VALUE,
    IS_VALUES,
    LATEST,
    LONGEST,
    MEMBERS,
    MINUS,
    NAN,
    NINE,
    NULL,
    OPEN,
    PLUS,
    POWERS,
    QUOTE,
    READ_BODY,
    SPLIT,
    TRUE,
    UNIT,
    ZERO,
    Out,
    Table,
)  # fmt: skip
from anlan.rules.compiled import compiled


@compiled
def _slot(table: Any, text: Any, start: int, end: int) -> int:
    found = np.int64(17)
    for k in range(start, end):
        found = (found ^ np.int64(text[k])) * 0x100000001B3
    return (found ^ (found >> 29)) & (len(table.slots) - 1)


@compiled
def _same(a: Any, at: int, b: Any, start: int, length: int) -> bool:
    if at + length > len(a):
        return False
    for k in range(length):
        if a[at + k] != b[start + k]:
            return False
    return True


@compiled
def find(table: Any, data: Any, start: int, end: int) -> int:
    """The place of a word in `words`, or -1; also for an end before its start."""
    if end < start:
        return -1
    slot = _slot(table, data, start, end)
    while table.slots[slot] >= 0:
        word = table.slots[slot]
        if table.words[word, 1] == end - start and _same(data, start, table.text, table.words[word, 0], end - start):
            return word
        slot = (slot + 1) & (len(table.slots) - 1)
    return -1


@compiled
def enter(table: Any, word: int) -> None:
    """Makes a word findable."""
    start = table.words[word, 0]
    slot = _slot(table, table.text, start, start + table.words[word, 1])
    while table.slots[slot] >= 0:
        slot = (slot + 1) & (len(table.slots) - 1)
    table.slots[slot] = word


@compiled
def key(table: Any, owner: int, guess: int, data: Any, start: int, end: int) -> int:
    """The row of `keys` of a key of this word, or -1; looked for first at a guessed place among them."""
    first, many = table.words[owner, 3], table.words[owner, 4]
    if guess < many:
        word = table.keys[first + guess, 0]
        length = table.words[word, 1]
        if length == end - start and _same(data, start, table.text, table.words[word, 0], length):
            return first + guess
    word = find(table, data, start, end)
    for row in range(first, first + many if word >= 0 else first):
        if table.keys[row, 0] == word:
            return row
    return -1


@compiled
def _blank(data: Any, at: int, end: int) -> int:
    """The next place that is no white space."""
    while 0 <= at < end and (data[at] == 32 or data[at] == 10 or data[at] == 13 or data[at] == 9):
        at += 1
    return at


@compiled
def _string(data: Any, at: int, end: int) -> int:
    """Where the string that begins at a quote has its other quote; not mine with an escape or a control in it."""
    if not 0 <= at < end or data[at] != QUOTE:
        return -1
    for k in range(at + 1, end):
        if data[k] == QUOTE:
            return k
        if data[k] == BACKSLASH or data[k] < 32:
            return -1
    return -1


@compiled
def _open(data: Any, at: int, end: int, mark: int) -> int:
    """What comes after a mark and white space around it."""
    at = _blank(data, at, end)
    return _blank(data, at + 1, end) if 0 <= at < end and data[at] == mark else -1


@compiled
def _next(data: Any, at: int, end: int, close: int) -> tuple[int, bool]:
    """What comes after a comma or the closing mark, and whether it was the latter."""
    at = _blank(data, at, end)
    if 0 <= at < end and data[at] == COMMA:
        return _blank(data, at + 1, end), False
    return (at + 1 if 0 <= at < end and data[at] == close else -1), True


@compiled
def _member(data: Any, at: int, end: int, seen: int) -> tuple[int, int, int]:
    """(Where its value begins, which of MEMBERS it is, `seen` with it); one that was seen before is not mine."""
    close = _string(data, at, end)
    length = close - at - 1
    m = GUESS[(data[at + 1] + 32 * length) & 255] if 4 <= length <= 8 else -1
    if m < 0 or seen >> m & 1 or not _same(data, at + 1, MEMBERS[m], 0, length):
        return -1, -1, seen
    return _open(data, close + 1, end, COLON), m, seen | 1 << m


@compiled
def _digits(data: Any, at: int, end: int, number: int, count: int) -> tuple[int, int, int]:
    """Reads on; `count` is of digits after leading zeros."""
    while at < end and ZERO <= data[at] <= NINE and count <= DIGITS:
        number = number * 10 + np.int64(data[at] - ZERO)
        count += 1 if number else 0
        at += 1
    return at, number, count


@compiled
def _number(data: Any, first: int, end: int) -> tuple[int, int, int, bool]:
    """(After it, its digits as a whole number, power of ten, whether it is written as a whole number)."""
    at, number, count = _digits(data, first, end, 0, 0)
    power, exponent, whole, good = 0, 0, True, at > first and (data[first] != ZERO or at == first + 1)
    if at < end and data[at] == DOT:
        point = at + 1
        at, number, count = _digits(data, point, end, number, count)
        power, whole, good = point - at, False, good and at > point
    if at < end and (data[at] == 101 or data[at] == 69):
        signed = at + 1 < end and (data[at + 1] == MINUS or data[at + 1] == PLUS)
        start = at + 2 if signed else at + 1
        at, exponent, long = _digits(data, start, end, 0, 0)
        power += -exponent if signed and data[start - 1] == MINUS else exponent
        whole, good = False, good and at > start and long < 4
    return (at if good and count <= DIGITS else -1), number, power, whole


@compiled
def _rounded(number: int, power: int) -> tuple[bool, float]:
    """number x 10^power to the nearest double, where that is sure: one rounding, or two far from a tie (Dekker, Ziv)."""
    if power < -22 or power > 22 or (power > 0 and number >= EXACT):
        return False, 0.0
    ten = POWERS[abs(power)]
    if number < EXACT:
        return True, number * ten if power >= 0 else number / ten
    high, low = float(number >> 11 << 11), float(number & 2047)
    first = high / ten
    p, x, y = first * ten, SPLIT * first, SPLIT * ten
    a1, b1 = x - (x - first), y - (y - ten)
    a2, b2 = first - a1, ten - b1
    rest = ((high - p - (((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2)) + low) / ten
    total = first + rest
    rest -= total - first
    return power == 0 or total + rest * 1.000000001 == total, total


@compiled
def _value(data: Any, at: int, end: int) -> tuple[int, float]:
    """A number, true, false or null."""
    if not 0 <= at < end:
        return -1, 0.0
    if data[at] > NINE:
        if _same(data, at, NULL, 0, 4):
            return at + 4, NAN
        if _same(data, at, TRUE, 0, 4):
            return at + 4, 1.0
        return (at + 5 if _same(data, at, FALSE, 0, 5) else -1), 0.0
    negative = data[at] == MINUS
    at, number, power, _ = _number(data, at + 1 if negative else at, end)
    sure, value = _rounded(number, power)
    return (at if sure and not (negative and number == 0) else -1), -value if negative else value


@compiled
def _time(data: Any, at: int, end: int) -> tuple[int, int]:
    if not 0 <= at < end:
        return -1, -1
    at, number, _, whole = _number(data, at, end)
    return (at if whole and number <= LATEST else -1), number


@compiled
def _unit(data: Any, at: int, end: int, names: Any) -> int:
    """A unit that can be written says nothing of a series that is known."""
    close = _string(data, at, end)
    if close < 0:
        return at + 4 if 0 <= at < end and _same(data, at, NULL, 0, 4) else -1
    plain = close - at <= 129
    for k in range(at + 1, close):
        plain = plain and data[k] < 127
    return close + 1 if plain or key(names, UNIT, 0, data, at + 1, close) >= 0 else -1


@compiled
def _values(data: Any, at: int, end: int, owner: int, i: int, names: Any, out: Any, first: int) -> tuple[int, int]:
    """{"series": number, ...}, each series once; gives (after it, how many readings there are then)."""
    at = _open(data, at, end, OPEN)
    if 0 <= at < end and data[at] == CLOSE:
        return at + 1, first
    count, done = first, False
    while at >= 0 and not done:
        close = _string(data, at, end)
        row = key(names, owner, count - first, data, at + 1, close)
        if row < 0 or out.said[row] == i:
            return -1, count
        out.said[row], out.series[count], out.time[count] = i, names.keys[row, 1], -1
        at, out.value[count] = _value(data, _open(data, close + 1, end, COLON), end)
        at, done = _next(data, at, end, CLOSE)
        count += 1
    return at, count


@compiled
def _reading(data: Any, at: int, end: int, owner: int, guess: int, names: Any, out: Any, count: int) -> int:
    """One {"series", "value", "time", "unit"}; gives what is after it."""
    at, seen, done = _open(data, at, end, OPEN), 0, False
    out.time[count] = -1
    while at >= 0 and not done:
        at, member, seen = _member(data, at, end, seen)
        if member == IS_SERIES:
            close = _string(data, at, end)
            row = key(names, owner, guess, data, at + 1, close)
            out.series[count] = names.keys[row, 1]
            at = close + 1 if row >= 0 else -1
        elif member == IS_VALUE:
            at, out.value[count] = _value(data, at, end)
        elif member == IS_TIME:
            at, out.time[count] = _time(data, at, end)
        else:
            at = _unit(data, at, end, names) if member == IS_UNIT else -1
        at, done = _next(data, at, end, CLOSE)
    return at if seen >> IS_SERIES & seen >> IS_VALUE & 1 else -1


@compiled
def _readings(data: Any, at: int, end: int, owner: int, names: Any, out: Any, count: int) -> tuple[int, int]:
    at = _open(data, at, end, BEGIN)
    if 0 <= at < end and data[at] == END:
        return at + 1, count
    done, many, guess = False, max(1, names.words[owner, 4]), 0
    while at >= 0 and not done:
        at = _reading(data, at, end, owner, guess, names, out, count)
        guess = guess + 1 if guess + 1 < many else 0
        at, done = _next(data, at, end, END)
        count += 1
    return at, count


@compiled
def _message(data: Any, at: int, end: int, owner: int, i: int, names: Any, out: Any, first: int) -> tuple[int, int]:
    """(How many readings there are then, its device's word), or -1 where the message is not mine."""
    at, seen, time, count, done = _open(data, at, end, OPEN), 0, -1, first, False
    while at >= 0 and not done:
        at, member, seen = _member(data, at, end, seen)
        if member == IS_DEVICE:
            close = _string(data, at, end)
            named = find(names, data, at + 1, close)
            at = close + 1 if named >= 0 and owner in (-1, named) else -1
            owner = named
        elif member == IS_TIME:
            at, time = _time(data, at, end)
        elif member == IS_VALUES and owner >= 0:
            at, count = _values(data, at, end, owner, i, names, out, count)
        else:
            at = at if member == IS_READINGS and owner >= 0 else -1
            at, count = _readings(data, at, end, owner, names, out, count)
        at, done = _next(data, at, end, CLOSE)
    body = seen & READ_BODY
    whole = at >= 0 and _blank(data, at, end) == end and body != 0 and body != READ_BODY
    for k in range(first, count):
        out.message[k], out.time[k] = i, out.time[k] if out.time[k] >= 0 else time
        whole = whole and out.time[k] >= 0
    return (count if whole else -1), owner


@compiled
def parse_each(data: Any, bounds: Any, names: Any, out: Any, mine: Any, device: Any) -> int:
    """How many readings were written."""
    data, out = bare(data), Out(bare(out[0]), bare(out[1]), bare(out[2]), bare(out[3]), bare(out[4]))
    names, count = Table(bare(names[0]), bare(names[1]), bare(names[2]), bare(names[3])), 0
    for i in range(len(bounds)):
        start, end, code, code_end = bounds[i, 0], bounds[i, 1], bounds[i, 2], bounds[i, 3]
        owner = find(names, data, code, code_end) if code_end > code else -1
        if end - start <= LONGEST and (code_end == code or owner >= 0):
            after, owner = _message(data, start, end, owner, i, names, out, count)
            if after >= 0 and names.words[owner, 2] >= 0:
                device[i], mine[i], count = names.words[owner, 2], True, after
    return count
