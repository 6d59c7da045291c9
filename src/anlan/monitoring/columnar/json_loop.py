"""The compiled reader behind `json_columns`: positions in, columns out; a position of -1 is "not mine"."""

from typing import Any

from anlan.monitoring.columnar.json_bits import alike, equal, roomy, string_end
from anlan.monitoring.columnar.json_shape import (
    BEGIN,
    CLOSE,
    COLON,
    DONE,
    END,
    ENTRY,
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
    NEXT,
    NULL,
    OPEN,
    QUOTE,
    READ_BODY,
    READ_BOTH,
    UNIT,
)
from anlan.monitoring.columnar.json_text import after, blank, following, time_at, value_at
from anlan.monitoring.columnar.json_words import find, key
from anlan.rules.compiled import apart, compiled


@compiled
def _named(data: Any, at: int, end: int, seen: int) -> tuple[int, int]:
    """(Where its value begins, which of MEMBERS it is); one that was seen before is not mine."""
    close = string_end(data, at, end)
    length = close - at - 1
    m = GUESS[(data[at + 1] + 32 * length) & 255] if 4 <= length <= 8 else -1
    if m < 0 or seen >> m & 1 or not alike(data, at + 1, close, MEMBERS[m], 0, length):
        return -1, -1
    return after(data, close + 1, end, COLON), m


@apart
def _spelled(data: Any, at: int, end: int, seen: int, entry: int) -> tuple[int, int]:
    """What comes after a value, or at the beginning: another member, of a new entry with NEXT, or DONE."""
    new, done = seen == 0, False
    if entry:
        at, done = (after(data, at, end, BEGIN), False) if new else following(data, at, end, CLOSE)
        if new and 0 <= at < end and data[at] == END:
            return at + 1, DONE
        if done:
            at, done = following(data, at, end, END)
            new = not done
    elif not new:
        at, done = following(data, at, end, CLOSE)
    if done:
        return at, DONE
    at, m = _named(data, after(data, at, end, OPEN) if new else at, end, 0 if new else seen)
    return at, m | NEXT if new and seen else m


@compiled
def _member(data: Any, at: int, end: int, seen: int, entry: int, spots: Any) -> tuple[int, int]:
    """As `_spelled`, looked for first as it was written last time; that may lie beyond the end, where no value begins."""
    spot = entry + seen
    place, length = spots[spot, 0], spots[spot, 1]
    if length and roomy(data, at, length) and equal(data, at, data, place, length):
        return blank(data, at + length, end), spots[spot, 2]
    after, member = _spelled(data, at, end, seen, entry)
    if after >= 0 and roomy(data, at, after - at):
        spots[spot, 0], spots[spot, 1], spots[spot, 2] = at, after - at, member
    return after, member


@apart
def _unit(data: Any, at: int, end: int, names: Any) -> int:
    """A unit that can be written says nothing of a series that is known."""
    close = string_end(data, at, end)
    if close < 0:
        return at + 4 if alike(data, at, end, NULL, 0, 4) else -1
    plain = close - at <= 129
    for k in range(at + 1, close):
        plain = plain and data[k] < 127
    return close + 1 if plain else key(names, UNIT, 0, data, at + 1, end)[1]


@compiled
def _key(data: Any, at: int, end: int, owner: int, guess: int, names: Any) -> tuple[int, int]:
    """(The row of a key, where its value begins)."""
    row = names.words[owner, 3] + guess
    if guess < names.words[owner, 4] and data[at] == QUOTE:
        word = names.keys[row, 0]
        start, length = names.words[word, 0], names.words[word, 1] + 2
        if roomy(data, at + 1, length) and equal(data, at + 1, names.text, start, length):
            return row, blank(data, at + 1 + length, end)
    row, close = key(names, owner, guess, data, at + 1, end)
    return (row if data[at] == QUOTE else -1), after(data, close, end, COLON)


@compiled
def _told(out: Any, first: int, count: int, number: int) -> bool:
    found = False
    for k in range(first, count):
        found = found or out.series[k] == number
    return found


@compiled
def _values(data: Any, at: int, end: int, owner: int, names: Any, out: Any, first: int) -> tuple[int, int]:
    """{"series": number, ...}, each series once; gives (after it, how many readings there are then)."""
    at = after(data, at, end, OPEN)
    if 0 <= at < end and data[at] == CLOSE:
        return at + 1, first
    count, done, last = first, False, -1
    while 0 <= at < end and not done:
        row, value = _key(data, at, end, owner, count - first, names)
        number = names.keys[row, 1]
        if row < 0 or (row <= last and _told(out, first, count, number)):
            return -1, count
        last = max(last, row)
        out.series[count], out.time[count] = number, -1
        at, out.value[count] = value_at(data, value, end)
        at, done = following(data, at, end, CLOSE)
        count += 1
    return (at if done else -1), count


@compiled
def _readings(data: Any, at: int, end: int, owner: int, names: Any, out: Any, count: int) -> tuple[int, int]:
    """[{"series", "value", "time", "unit"}, ...]; gives (after it, how many readings there are then)."""
    many, guess, seen = max(1, names.words[owner, 4]), 0, 0
    at, member = _member(data, at, end, seen, ENTRY, out.spots)
    out.time[count] = -1
    while at >= 0 and member != DONE:
        if member >= NEXT:
            if seen & READ_BOTH != READ_BOTH:
                return -1, count
            member, seen, count = member - NEXT, 0, count + 1
            guess, out.time[count] = guess + 1 if guess + 1 < many else 0, -1
        if member == IS_SERIES:
            row, close = key(names, owner, guess, data, at + 1, end)
            at = close if at < end and data[at] == QUOTE else -1
            out.series[count] = names.keys[row, 1]
        elif member == IS_VALUE:
            at, out.value[count] = value_at(data, at, end)
        elif member == IS_TIME:
            at, out.time[count] = time_at(data, at, end)
        else:
            at = _unit(data, at, end, names) if member == IS_UNIT else -1
        seen |= 1 << member
        at, member = _member(data, at, end, seen, ENTRY, out.spots)
    whole = seen == 0 or seen & READ_BOTH == READ_BOTH
    return (at if whole else -1), count + 1 if seen else count


@compiled
def _message(data: Any, at: int, end: int, owner: int, i: int, names: Any, out: Any, first: int) -> tuple[int, int]:
    """(How many readings there are then, its device's word), or -1 where the message is not mine."""
    seen, time, count = 0, -1, first
    at, member = _member(data, at, end, seen, 0, out.spots)
    while at >= 0 and member != DONE:
        if member == IS_DEVICE:
            close = string_end(data, at, end)
            named = find(names, data, at + 1, close)
            at = close + 1 if named >= 0 and owner in (-1, named) else -1
            owner = named
        elif member == IS_TIME:
            at, time = time_at(data, at, end)
        elif member == IS_VALUES and owner >= 0:
            at, count = _values(data, at, end, owner, names, out, count)
        else:
            at = at if member == IS_READINGS and owner >= 0 else -1
            at, count = _readings(data, at, end, owner, names, out, count)
        seen |= 1 << member
        at, member = _member(data, at, end, seen, 0, out.spots)
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
