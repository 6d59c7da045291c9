"""The compiled part of `json_columns` that reads signs and numbers; a position of -1 is "not mine"."""

from typing import Any

import numpy as np

from anlan.monitoring.columnar.json_bits import digits, eight, first_set, no_digits, put, rarely, take
from anlan.monitoring.columnar.json_shape import (
    COMMA,
    DIGITS,
    DOT,
    EIGHT,
    EXACT,
    FALSE,
    FIVE,
    FIVE_DIGITS,
    FOUR,
    HIGH,
    HIGH_E,
    HIGHS,
    LATEST,
    LOW_E,
    MINUS,
    NAN,
    NINE,
    NULL,
    PLUS,
    POWERS,
    SIX,
    SPLIT,
    TENS,
    THIRTEEN,
    TRUE,
    ZERO,
    ZEROS,
)
from anlan.rules.compiled import apart, compiled


@compiled
def blank(data: Any, at: int, end: int) -> int:
    """The next place that is no white space."""
    while 0 <= at < end and data[at] <= 32 and (data[at] == 32 or data[at] == 10 or data[at] == 13 or data[at] == 9):
        at += 1
    return at


@compiled
def after(data: Any, at: int, end: int, mark: int) -> int:
    """What comes after a mark and white space around it."""
    at = blank(data, at, end)
    return blank(data, at + 1, end) if 0 <= at < end and data[at] == mark else -1


@apart
def _spaced(data: Any, at: int, end: int, close: int) -> tuple[int, bool]:
    at = blank(data, at, end)
    if 0 <= at < end and data[at] == COMMA:
        return blank(data, at + 1, end), False
    return (at + 1 if 0 <= at < end and data[at] == close else -1), True


@compiled
def following(data: Any, at: int, end: int, close: int) -> tuple[int, bool]:
    """What comes after a comma or the closing mark, and whether it was the latter."""
    if at >= 0 and at + 1 < end:
        if data[at] == COMMA and data[at + 1] > 32:
            return at + 1, False
        if data[at] == close:
            return at + 1, True
    return _spaced(data, at, end, close)


@compiled
def _digits(data: Any, at: int, end: int, number: Any, count: int) -> tuple[int, Any, int]:
    """Reads on; `count` is of digits after leading zeros."""
    while at < end and ZERO <= data[at] <= NINE and count <= DIGITS:
        number = number * 10 + np.int64(data[at] - ZERO)
        count += 1 if number else 0
        at += 1
    return at, number, count


@compiled
def _number(data: Any, first: int, end: int) -> tuple[int, Any, int, bool]:
    """(After it, its digits as a whole number, power of ten, whether it is written as a whole number)."""
    at, number, count = _digits(data, first, end, 0, 0)
    power, exponent, whole, good = 0, 0, True, at > first and (data[first] != ZERO or at == first + 1)
    if at < end and data[at] == DOT:
        point = at + 1
        at, number, count = _digits(data, point, end, number, count)
        power, whole, good = point - at, False, good and at > point
    if at < end and (data[at] == LOW_E or data[at] == HIGH_E):
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


@apart
def any_value(data: Any, at: int, end: int) -> tuple[int, float]:
    """A number, true, false or null, sign by sign."""
    at = blank(data, at, end)
    if at < end and data[at] > NINE:
        word = eight(data, at)
        if word & FOUR == NULL:
            return at + 4, NAN
        if word & FOUR == TRUE:
            return at + 4, 1.0
        return (at + 5 if word & FIVE == FALSE else -1), 0.0
    negative = at < end and data[at] == MINUS
    at, number, power, _ = _number(data, at + 1 if negative else at, end)
    sure, value = _rounded(number, power)
    return (at if sure and not (negative and number == 0) else -1), -value if negative else value


@compiled
def milliseconds(data: Any, at: int) -> bool:
    """Whether a time of 13 digits is told here."""
    first, last = eight(data, at) ^ ZEROS, eight(data, at + 8) ^ ZEROS
    return no_digits(first) == 0 and first & 255 != 0 and no_digits(last) & SIX == FIVE_DIGITS


@apart
def any_time(data: Any, at: int, end: int) -> tuple[int, int]:
    """A moment in milliseconds."""
    if milliseconds(data, at):
        return at + THIRTEEN, digits(eight(data, at) ^ ZEROS, 5) * EIGHT + digits(eight(data, at + 5) ^ ZEROS, 8)
    at, number, _, whole = _number(data, blank(data, at, end), end)
    return (at if whole and number <= LATEST and not 10**9 <= number < 10**10 else -1), number


@compiled
def goes_on(sign: Any) -> bool:
    """Whether a number may go on with this sign: all those from the point to "e"."""
    return DOT <= sign <= LOW_E


@compiled
def _short(data: Any, at: int) -> tuple[int, float]:
    """A number of up to seven digits before its point, and as many after it; -1 for any other. It may go on, or end beyond
    the message, and what is asked for next is not found there.
    """
    text = eight(data, at)
    word = text ^ ZEROS
    mask = no_digits(word)
    whole = first_set(mask)
    if rarely(whole == 0 or whole == 8 or (word & 255 == 0 and whole > 1)):
        return -1, 0.0
    if text >> 8 * whole & 255 != DOT:
        return at + whole, float(digits(word, whole))
    both = first_set(mask & (mask - 1)) - 1
    if rarely(both >= 7):
        rest = eight(data, at + whole + 1) ^ ZEROS
        places = first_set(no_digits(rest))
        number = digits(word, whole) * take(TENS, places) + digits(rest, places)
        return (at + 1 + whole + places if 0 < places < 8 else -1), number / take(POWERS, places)
    if rarely(both == whole):
        return -1, 0.0
    low = ((mask & -mask) >> 7) - 1
    return at + 1 + both, digits(word & low | word >> 8 & ~low, both) / take(POWERS, both - whole)


@compiled
def value_at(data: Any, at: int, end: int) -> tuple[int, float]:
    """A number, true, false or null; a number may go on."""
    if rarely(eight(data, at) & 255 == MINUS):
        after, value = _short(data, at + 1)
        after, value = after if value else -1, -value
    else:
        after, value = _short(data, at)
    return any_value(data, at, end) if rarely(after < 0) else (after, value)


@compiled
def time_at(data: Any, at: int, rows: Any, row: int) -> int:
    """A moment in 13 bytes within a stretch, or -1."""
    high, low = eight(data, at) & FIVE, eight(data, at + 5) ^ ZEROS
    if rarely(high != take(rows, row + HIGH)):
        word = high ^ ZEROS & FIVE
        if no_digits(word) != 0 or word & 255 == 0:
            return -1
        put(rows, row + HIGH, high)
        put(rows, row + HIGHS, digits(word, 5) * EIGHT)
    return -1 if rarely(no_digits(low) != 0) else take(rows, row + HIGHS) + digits(low, 8)
