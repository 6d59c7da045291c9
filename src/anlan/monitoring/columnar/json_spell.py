"""The compiled reader of what lies between two values, sign by sign; a position of -1 is "not mine"."""

from typing import Any

from anlan.monitoring.columnar.json_bits import alike, eight, string_end
from anlan.monitoring.columnar.json_shape import (
    BEGIN,
    CLOSE,
    COLON,
    DEVICE,
    DONE,
    END,
    ENTRY,
    FILL,
    FOUR,
    FRESH,
    GUESS,
    IN_LIST,
    IN_VALUES,
    IS_DEVICE,
    IS_READINGS,
    IS_SERIES,
    IS_TIME,
    IS_UNIT,
    IS_VALUE,
    IS_VALUES,
    KNOWN,
    LACKS,
    MEMBERS,
    NULL,
    ON,
    OPEN,
    OWN_TIME,
    QUOTE,
    READ,
    READ_BOTH,
    READ_TIME,
    START,
    THIRTEEN,
    TIME,
    TOLD,
    TOLD_DEVICE,
    TOLD_READINGS,
    TOLD_TIME,
    TOLD_VALUES,
    UNIT,
    VALUE,
    WIDE,
)
from anlan.monitoring.columnar.json_text import after, following, milliseconds
from anlan.monitoring.columnar.json_words import key
from anlan.rules.compiled import compiled

GOES = -1
"""What follows where the stretch goes on."""


@compiled
def _named(data: Any, at: int, end: int, seen: int) -> tuple[int, int]:
    """(Where its value begins, which of MEMBERS it is); one that was seen before is not mine."""
    if not 0 <= at < end or data[at] != QUOTE:
        return -1, 0
    close = string_end(data, at + 1, end)
    length = close - at - 1
    member = GUESS[(data[at + 1] + 32 * length) & 255] if 4 <= length <= 8 else -1
    if member < 0 or seen >> member & 1 or not alike(data, at + 1, MEMBERS, member * WIDE, length):
        return -1, 0
    return after(data, close + 1, end, COLON), member


@compiled
def _unit(data: Any, at: int, end: int, names: Any) -> int:
    """A unit that can be written says nothing of a series that is known."""
    if not 0 <= at < end or data[at] != QUOTE:
        return at + 4 if 0 <= at < end and eight(data, at) & FOUR == NULL else -1
    close = string_end(data, at + 1, end)
    plain = 0 <= close - at <= 129
    for k in range(at + 1, close):
        plain = plain and data[k] < 127
    return close + 1 if plain else key(names, UNIT, data, at + 1, end)[1]


@compiled
def _whole(state: int) -> bool:
    """Whether the message may end."""
    body = state & (TOLD_VALUES | TOLD_READINGS)
    return body in (TOLD_VALUES, TOLD_READINGS) and (state & LACKS == 0 or state & TOLD_TIME != 0)


@compiled
def _in_message(data: Any, at: int, end: int, state: int) -> tuple[int, int, int]:
    """(Place, state, what follows) after a member's name or the message's end."""
    done = False
    if state & START:
        at = after(data, at, end, OPEN)
    else:
        at, done = following(data, at, end, CLOSE)
    if done:
        return (at if _whole(state) else -1), state, FILL if state & LACKS else DONE
    at, member = _named(data, at, end, state & TOLD)
    state = state & ~START | 1 << member
    if member == IS_DEVICE:
        return (at + 1 if 0 <= at < end and data[at] == QUOTE else -1), state, DEVICE
    if member == IS_TIME:
        return at, state, TIME
    if member > IS_READINGS or state & (KNOWN | TOLD_DEVICE) == 0:
        return -1, state, GOES
    at = after(data, at, end, OPEN if member == IS_VALUES else BEGIN)
    return at, state | FRESH | (IN_VALUES if member == IS_VALUES else IN_LIST), GOES


@compiled
def _lacking(state: int) -> int:
    return state if state & (READ_TIME | TOLD_TIME) else state | LACKS


@compiled
def _in_values(data: Any, at: int, end: int, state: int, owner: int, names: Any) -> tuple[int, int, int, int]:
    """(Place, state, what follows, the key's word) after a key or the last of the values."""
    done = False
    if state & FRESH == 0:
        at, done = following(data, at, end, CLOSE)
    elif 0 <= at < end and data[at] == CLOSE:
        at, done = at + 1, True
    if done:
        return at, state & ~(FRESH | IN_VALUES), GOES, -1
    word, close = -1, -1
    if 0 <= at < end and data[at] == QUOTE:
        word, close = key(names, owner, data, at + 1, end)
    return after(data, close, end, COLON), _lacking(state & ~FRESH), VALUE, word


@compiled
def _opened(data: Any, at: int, end: int, state: int) -> tuple[int, int, bool]:
    """(Place, state, whether another reading begins) where a list has just begun or a reading of it ended."""
    if state & FRESH:
        done = 0 <= at < end and data[at] == END
        at = at + 1 if done else at
    else:
        at, done = following(data, at, end, END)
    if done:
        return at, state & ~(FRESH | IN_LIST | READ), False
    return after(data, at, end, OPEN), state & ~(FRESH | READ), True


@compiled
def _told(data: Any, at: int, end: int, member: int, owner: int, names: Any) -> tuple[int, int, int]:
    """(Place, what follows, the key's word) for a member of a reading."""
    if member == IS_VALUE:
        return at, VALUE, -1
    if member == IS_TIME:
        return at, OWN_TIME, -1
    if member == IS_UNIT:
        return _unit(data, at, end, names), GOES, -1
    if member != IS_SERIES or not 0 <= at < end or data[at] != QUOTE:
        return -1, GOES, -1
    word, close = key(names, owner, data, at + 1, end)
    return close, GOES, word


@compiled
def _in_list(data: Any, at: int, end: int, state: int, owner: int, names: Any, busy: bool) -> Any:
    """(Place, state, what follows, the key's word, whether a reading begins) after a member or the list's end. A stretch
    that is busy with one reading does not go on to the next.
    """
    over, new = state & FRESH != 0, False
    if not over:
        place, over = following(data, at, end, CLOSE)
        if over and busy:
            return at, state, ON, -1, False
        at, state = (-1 if over and state & READ_BOTH != READ_BOTH else place), _lacking(state) if over else state
    if over:
        at, state, new = _opened(data, at, end, state)
        if not new:
            return at, state, GOES, -1, False
    at, member = _named(data, at, end, state >> ENTRY & TOLD)
    at, kind, word = _told(data, at, end, member, owner, names)
    return at, state | 1 << member + ENTRY, kind, word, new


@compiled
def spelled(data: Any, start: int, end: int, state: int, owner: int, names: Any, through: bool) -> Any:
    """(Place, state, what follows, the key's word, whether a reading begins, where a time is told or 0, and whose)
    where the next value begins that is not a time through which a stretch may go.
    """
    at, kind, word, new, when, whose = start, GOES, -1, False, 0, ON
    while at >= 0 and kind == GOES:
        if state & IN_VALUES:
            at, state, kind, word = _in_values(data, at, end, state, owner, names)
            new = kind == VALUE
        elif state & IN_LIST:
            at, state, kind, told, begun = _in_list(data, at, end, state, owner, names, word >= 0 or whose == OWN_TIME)
            word, new = max(word, told), new or begun
        else:
            at, state, kind = _in_message(data, at, end, state)
        if through and when == 0 and kind in (TIME, OWN_TIME) and 0 <= at < end and milliseconds(data, at):
            at, kind, when, whose = at + THIRTEEN, GOES, at - start, kind
    return at, state, kind, word, new, when, whose
