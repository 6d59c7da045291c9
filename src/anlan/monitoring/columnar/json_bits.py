"""Eight bytes at a time, as one int64 of which the lowest byte is the first in memory."""

from typing import Any

from numba import types
from numba.extending import intrinsic

from anlan.monitoring.columnar.json_shape import (
    EACH,
    HIGH,
    NOTHING,
    ONES,
    OVER,
    PAIRS,
    QUADS,
    QUOTE,
    QUOTES,
    SLASHES,
    SPACES,
)
from anlan.rules.compiled import apart, compiled


def _eight(_typing: Any, data: Any, _at: Any) -> Any:
    """The eight bytes at a place, which need not be a multiple of eight; the caller sees to it that they are there."""

    def generate(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, told[0])
        place = builder.gep(array.data, [told[1]])
        return builder.load(builder.bitcast(place, context.get_value_type(types.int64).as_pointer()), align=1)

    return types.int64(data, types.int64), generate


def _low_zeros(_typing: Any, _word: Any) -> Any:
    """How many zero bits come before the lowest that is one; of a word that is not 0."""

    def generate(context: Any, builder: Any, _signature: Any, told: Any) -> Any:
        return builder.cttz(told[0], context.get_constant(types.boolean, True))

    return types.int64(types.int64), generate


eight: Any = intrinsic(_eight)
_zeros: Any = intrinsic(_low_zeros)


@compiled
def roomy(data: Any, at: int, length: int) -> bool:
    """Whether `eight` may be asked for any bytes that begin within this length."""
    return at >= 0 and at + length + 8 <= len(data)


@apart
def _few(data: Any, at: int, end: int) -> Any:
    word = NOTHING
    for k in range(min(end - at, 8) if at >= 0 else 0):
        word |= (NOTHING + 1) * data[at + k] << 8 * k
    return word


@compiled
def up_to(data: Any, at: int, end: int) -> Any:
    """The bytes before `end`, up to eight, and zeros after them."""
    left = end - at
    if left <= 0 or not roomy(data, at, 0):
        return _few(data, at, end)
    word = eight(data, at)
    return word if left >= 8 else word & ~(ONES << 8 * left)


@apart
def _alike(a: Any, at: int, b: Any, start: int, length: int) -> bool:
    same = True
    for k in range(length):
        same = same and a[at + k] == b[start + k]
    return same


@compiled
def alike(a: Any, at: int, end: int, b: Any, start: int, length: int) -> bool:
    """Whether the bytes before `end` begin as those of b do."""
    if at < 0 or at + length > end:
        return False
    if length == 0 or not roomy(a, at, length) or not roomy(b, start, length):
        return _alike(a, at, b, start, length)
    return equal(a, at, b, start, length)


@compiled
def equal(a: Any, at: int, b: Any, start: int, length: int) -> bool:
    """Whether 1 or more bytes are the same in both, which must be roomy for it."""
    k = 0
    while k + 8 < length:
        if eight(a, at + k) != eight(b, start + k):
            return False
        k += 8
    return (eight(a, at + k) ^ eight(b, start + k)) << 64 - 8 * (length - k) == 0


@compiled
def first_set(mask: Any) -> Any:
    """The place of the first byte of which the highest bit is set; 8 where none is."""
    return _zeros(mask) >> 3 if mask != 0 else 8


@compiled
def _ends_string(word: Any) -> Any:
    """The highest bits of bytes that are a quote, a backslash or a control; sure for the first of them alone."""
    quote, slash = word ^ QUOTES, word ^ SLASHES
    return ((quote - EACH) & ~quote | (slash - EACH) & ~slash | (word - SPACES) & ~word) & HIGH


@compiled
def string_end(data: Any, at: int, end: int) -> int:
    """Where the string that begins at a quote has its other quote; not mine with an escape or a control in it."""
    if not 0 <= at < end or data[at] != QUOTE:
        return -1
    for k in range(at + 1, end, 8):
        mask = _ends_string(up_to(data, k, end))
        if mask != 0:
            close = k + first_set(mask)
            return close if close < end and data[close] == QUOTE else -1
    return -1


@compiled
def no_digits(word: Any) -> Any:
    """The highest bits of bytes that are no digit, of a word from which "0" was taken; sure up to the second of them."""
    return (word + OVER | word) & HIGH


@compiled
def digits(word: Any, count: int) -> Any:
    """The number that the first 1 to 8 bytes spell, of a word from which "0" was taken."""
    word <<= 64 - 8 * count
    word = (word * 10 + (word >> 8)) & PAIRS
    word = (word * 100 + (word >> 16)) & QUADS
    return (word * 10000 + (word >> 32)) & 0xFFFFFFFF
