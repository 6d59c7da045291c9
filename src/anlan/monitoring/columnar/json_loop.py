"""The compiled reader behind `json_columns`: stretch by stretch, each held against the one that came there last time."""

from typing import Any

from anlan.monitoring.columnar.json_bits import put_eight, string_end
from anlan.monitoring.columnar.json_shape import (
    AFTER,
    DEVICE,
    DONE,
    FILL,
    IN_VALUES,
    KEY,
    KIND,
    KNOWN,
    LENGTH,
    LONGEST,
    NEW,
    NEXT,
    ON,
    ORIGIN,
    OWN_TIME,
    ROW,
    START,
    TIME,
    VALUE,
    WHOSE,
)
from anlan.monitoring.columnar.json_stretches import fitting, learned, told
from anlan.monitoring.columnar.json_text import any_time, any_value, blank, goes_on, value_at
from anlan.monitoring.columnar.json_words import find, keys_of, row_of
from anlan.rules.compiled import compiled
from anlan.rules.raw import put, rarely, take


@compiled
def _again(out: Any, first: int, k: int) -> bool:
    """Whether a series was told before in its message."""
    found = False
    for j in range(first, k):
        found = found or out.series[j] == out.series[k]
    return found


@compiled
def _next(
    data: Any,
    at: int,
    end: int,
    begin: int,
    state: int,
    owner: int,
    guess: int,
    names: Any,
    out: Any,
    k: int,
    last: int,
) -> Any:
    """(Its place, the stretch that begins here, the moment told in it or 0), most often the one that came after the last
    before; a moment of -1 is not mine.
    """
    rows, stretch = out.rows, take(out.rows, last * ROW + NEXT)
    moment = fitting(data, at, state, rows, stretch)
    if rarely(moment < 0):
        if take(rows, last * ROW + KIND) == VALUE and goes_on(data[at]):
            at, value = any_value(data, begin, end)
            put(out.value, k, value)
        stretch = learned(data, at, end, state, owner, guess, names, rows, last) if at >= 0 else -1
        moment = told(data, at, rows, stretch) if stretch >= 0 else -1
    return at, stretch, moment


@compiled
def _begun(row: int, k: int, time: int, moment: int, out: Any) -> tuple[int, int]:
    """(The reading that a stretch is about, the message's time)."""
    whose = take(out.rows, row + WHOSE)
    time = moment if whose == TIME else time
    if take(out.rows, row + NEW):
        k += 1
        put(out.time, k, time)
    if whose == OWN_TIME:
        put(out.time, k, moment)
    return k, time


@compiled
def _keyed(
    names: Any, owner: int, word: int, keys: Any, values: bool, out: Any, first: int, k: int
) -> tuple[int, int, int]:
    """Gives a reading its series. (The first row of the owner's keys, how many, which is guessed next or -1 for not mine);
    within values none is guessed any more once one was not as guessed, so that none is told twice.
    """
    row, many, guess = keys
    place = row + guess
    known = guess < many and take(names.keys, 2 * place) == word
    if rarely(not known):
        place = row_of(names, owner, word)
        if place < 0:
            return row, many, -1
    put(out.series, k, take(names.keys, 2 * place + 1))
    if rarely(not known):
        again = values and _again(out, first, k)
        return row, 0 if values and k > first else many, -1 if again else place + 1 - row
    return row, many, guess + 1 if values or guess + 1 < many else 0


@compiled
def _seldom(data: Any, at: int, end: int, kind: int, k: int, time: int, owner: int, names: Any, out: Any) -> Any:
    """(What comes after it, the message's time, its device's word), for what follows a stretch and is no value."""
    if kind == DEVICE:
        close = string_end(data, at, end)
        word = find(names, data, at, close)
        return (close + 1 if word >= 0 and owner in (-1, word) else -1), time, word
    if kind == ON:
        return at, time, owner
    at, moment = any_time(data, at, end)
    if kind == TIME:
        return at, moment, owner
    put(out.time, k, moment)
    return at, time, owner


@compiled
def _filled(out: Any, first: int, count: int, time: int) -> int:
    """Gives the message's time to those readings that have none."""
    for k in range(first, count):
        out.time[k] = out.time[k] if out.time[k] >= 0 else time
    return count


@compiled
def _message(data: Any, at: int, end: int, owner: int, names: Any, out: Any, first: int) -> tuple[int, int]:
    """(How many readings there are then, its device's word), or -1 where the message is not mine."""
    state, stretch, k, time, begin = START | (KNOWN if owner >= 0 else 0), ORIGIN, first - 1, -1, at
    keys = keys_of(names, owner)
    while at >= 0:
        at, stretch, moment = _next(data, at, end, begin, state, owner, keys[2], names, out, k, stretch)
        if rarely(moment < 0):
            break
        row = stretch * ROW
        k, time = _begun(row, k, time, moment, out)
        begin, state, kind = at + take(out.rows, row + LENGTH), take(out.rows, row + AFTER), take(out.rows, row + KIND)
        word = take(out.rows, row + KEY)
        if word >= 0:
            keys = _keyed(names, owner, word, keys, state & IN_VALUES != 0, out, first, k)
        if rarely(keys[2] < 0):
            break
        if rarely(begin >= end or kind >= DONE):
            whole = kind >= DONE and blank(data, begin, end) == end
            return (_filled(out, first if kind == FILL else k + 1, k + 1, time) if whole else -1), owner
        if rarely(kind > VALUE):
            at, time, owner = _seldom(data, begin, end, kind, k, time, owner, names, out)
            keys = keys_of(names, owner) if kind == DEVICE else keys
        else:
            at, value = value_at(data, begin, end)
            put(out.value, k, value)
    return -1, owner


@compiled
def extent(bounds: Any) -> tuple[int, int]:
    """(How many bytes the messages have, where the last of what is told of them ends)."""
    size, last = 0, 0
    for i in range(len(bounds)):
        size += max(bounds[i, 1] - bounds[i, 0], 0)
        last = max(last, bounds[i, 1], bounds[i, 3])
    return size, last


@compiled
def parse_each(data: Any, bounds: Any, names: Any, out: Any, mine: Any, device: Any) -> int:
    """How many readings were written."""
    count = 0
    for i in range(len(bounds)):
        start, end, code, code_end = bounds[i, 0], bounds[i, 1], bounds[i, 2], bounds[i, 3]
        owner = find(names, data, code, code_end) if code_end > code else -1
        if end - start <= LONGEST and (code_end == code or owner >= 0):
            after, owner = _message(data, start, end, owner, names, out, count)
            if after >= 0 and names.words[owner, 2] >= 0:
                for k in range(count, after, 8):
                    put_eight(out.message, k, i)
                device[i], mine[i], count = names.words[owner, 2], True, after
    return count
