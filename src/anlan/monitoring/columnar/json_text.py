"""The compiled part of `json_columns` that reads signs, strings and numbers; a position of -1 is "not mine"."""

from typing import Any

import numpy as np

from anlan.monitoring.columnar.json_bits import alike, digits, eight, first_set, no_digits, roomy
from anlan.monitoring.columnar.json_shape import (
    COMMA,
    DIGITS,
    DOT,
    EXACT,
    EXPONENT,
    FALSE,
    LATEST,
    MINUS,
    NAN,
    NINE,
    NULL,
    ONES,
    PLUS,
    POINT,
    POWERS,
    SPLIT,
    TENS,
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


@apart
def _any_value(data: Any, at: int, end: int) -> tuple[int, float]:
    if data[at] > NINE:
        if alike(data, at, end, NULL, 0, 4):
            return at + 4, NAN
        if alike(data, at, end, TRUE, 0, 4):
            return at + 4, 1.0
        return (at + 5 if alike(data, at, end, FALSE, 0, 5) else -1), 0.0
    negative = data[at] == MINUS
    at, number, power, _ = _number(data, at + 1 if negative else at, end)
    sure, value = _rounded(number, power)
    return (at if sure and not (negative and number == 0) else -1), -value if negative else value


@apart
def _any_time(data: Any, at: int, end: int) -> tuple[int, int]:
    at, number, _, whole = _number(data, at, end)
    return (at if whole and number <= LATEST else -1), number


@compiled
def _ends(word: Any, count: Any) -> Any:
    """Whether a number can end before the byte after `count` < 8, which is neither a point nor an exponent's sign."""
    sign = word >> 8 * count & 255
    return sign != POINT and sign | 32 != EXPONENT


@compiled
def _short(data: Any, at: int) -> tuple[int, float]:
    """A number of up to seven digits before its point, and as many after it; -1 for any other. Its end may lie beyond
    that of the message, and what is asked for next is not found there.
    """
    word = eight(data, at) ^ ZEROS
    mask = no_digits(word)
    whole = first_set(mask)
    if whole == 0 or whole == 8 or (word & 255 == 0 and whole > 1):
        return -1, 0.0
    if word >> 8 * whole & 255 != POINT:
        return (at + whole if _ends(word, whole) else -1), float(digits(word, whole))
    both = first_set(mask & (mask - 1)) - 1
    if both < 7:
        low = ~(ONES << 8 * whole)
        number, places = digits(word & low | word >> 8 & ~low, both), both - whole
        good = places > 0 and _ends(word, both + 1)
    else:
        rest = eight(data, at + whole + 1) ^ ZEROS
        places = first_set(no_digits(rest))
        good = 0 < places < 8 and _ends(rest, places)
        number = digits(word, whole) * TENS[places] + digits(rest, places)
    return (at + 1 + whole + places if good else -1), number / POWERS[places]


@compiled
def value_at(data: Any, at: int, end: int) -> tuple[int, float]:
    """A number, true, false or null."""
    if not 0 <= at < end:
        return -1, 0.0
    if not roomy(data, at, 17):
        return _any_value(data, at, end)
    negative = data[at] == MINUS
    after, value = _short(data, at + negative)
    if after < 0 or (negative and value == 0.0):
        return _any_value(data, at, end)
    return after, -value if negative else value


@compiled
def time_at(data: Any, at: int, end: int) -> tuple[int, int]:
    """A moment in milliseconds; what is written as one of 9 to 15 digits is read at once."""
    if not 0 <= at < end:
        return -1, -1
    if not roomy(data, at, 8):
        return _any_time(data, at, end)
    first, last = eight(data, at) ^ ZEROS, eight(data, at + 8) ^ ZEROS
    count = first_set(no_digits(last))
    if no_digits(first) != 0 or first & 255 == 0 or count & 7 == 0 or not _ends(last, count):
        return _any_time(data, at, end)
    number = digits(first, 8) * TENS[count] + digits(last, count)
    return (at + 8 + count if number <= LATEST else -1), number
