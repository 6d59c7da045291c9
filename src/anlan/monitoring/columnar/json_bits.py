"""Many bytes at a time: eight as one int64 of which the lowest byte is the first in memory, or 64 as a bit each.

Whoever asks for bytes sees to it that they are there; a place need not be a multiple of anything.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from anlan.monitoring.columnar.json_shape import (
    BACKSLASH,
    BY_HUNDRED,
    BY_MYRIAD,
    BY_TEN,
    ONES,
    OVER,
    PAIRS,
    QUADS,
    QUOTE,
    SPACE,
    TOPS,
    WIDE,
)
from anlan.rules.compiled import compiled

BYTE = ir.IntType(8)


def _load(context: Any, builder: Any, kind: Any, array: Any, at: Any, form: Any) -> Any:
    place = builder.gep(context.make_array(kind)(context, builder, array).data, [at])
    return builder.load(builder.bitcast(place, form.as_pointer()), align=1)


def _wide(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    return _load(context, builder, kind, array, at, ir.VectorType(BYTE, WIDE))


def _like(builder: Any, sign: str, wide: Any, byte: int) -> Any:
    return builder.icmp_unsigned(sign, wide, ir.Constant(wide.type, [byte] * WIDE))


def _eight(_typing: Any, data: Any, _at: Any) -> Any:
    """The eight bytes at a place."""

    def generate(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        return _load(context, builder, signature.args[0], told[0], told[1], ir.IntType(64))

    return types.int64(data, types.int64), generate


def _differing(_typing: Any, a: Any, _at: Any, b: Any, _start: Any) -> Any:
    """Which of the 64 bytes at a place in one are not those in the other."""

    def generate(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        one = _wide(context, builder, signature.args[0], told[0], told[1])
        other = _wide(context, builder, signature.args[2], told[2], told[3])
        return builder.bitcast(builder.icmp_unsigned("!=", one, other), ir.IntType(64))

    return types.int64(a, types.int64, b, types.int64), generate


def _stopping(_typing: Any, data: Any, _at: Any) -> Any:
    """Which of the 64 bytes at a place are a quote, a backslash or a control."""

    def generate(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        wide = _wide(context, builder, signature.args[0], told[0], told[1])
        marks = builder.or_(_like(builder, "==", wide, QUOTE), _like(builder, "==", wide, BACKSLASH))
        return builder.bitcast(builder.or_(marks, _like(builder, "<", wide, SPACE)), ir.IntType(64))

    return types.int64(data, types.int64), generate


def _put_eight(_typing: Any, array: Any, _place: Any, _number: Any) -> Any:
    """Writes a number to such a place of an array of int64 and to the seven behind it."""

    def generate(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        wide = ir.VectorType(ir.IntType(64), 8)
        place = builder.gep(context.make_array(signature.args[0])(context, builder, told[0]).data, [told[1]])
        one = builder.insert_element(ir.Constant(wide, ir.Undefined), told[2], ir.IntType(32)(0))
        all_alike = builder.shuffle_vector(
            one, ir.Constant(wide, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), 8), None)
        )
        builder.store(all_alike, builder.bitcast(place, wide.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


def _low_zeros(_typing: Any, _word: Any) -> Any:
    """How many zero bits come before the lowest that is one; 64 where none is."""

    def generate(context: Any, builder: Any, _signature: Any, told: Any) -> Any:
        return builder.cttz(told[0], context.get_constant(types.boolean, False))

    return types.int64(types.int64), generate


eight: Any = intrinsic(_eight)
put_eight: Any = intrinsic(_put_eight)
differing: Any = intrinsic(_differing)
_stops: Any = intrinsic(_stopping)
zeros: Any = intrinsic(_low_zeros)


@compiled
def lowest(count: Any) -> Any:
    """As many ones, 1 to 64."""
    return ONES if count >= WIDE else ~(ONES << count)


@compiled
def up_to(data: Any, at: int, end: int) -> Any:
    """The bytes before `end`, up to eight, and zeros after them."""
    word, left = eight(data, at), end - at
    return word if left >= 8 else word & ~(ONES << 8 * left)


@compiled
def alike(a: Any, at: int, b: Any, start: int, length: int) -> bool:
    """Whether so many bytes are the same."""
    same, k = True, 0
    while same and k < length:
        same = differing(a, at + k, b, start + k) & lowest(length - k) == 0
        k += WIDE
    return same


@compiled
def string_end(data: Any, at: int, end: int) -> int:
    """Where the string that begins here has its other quote; not mine with an escape or a control in it."""
    for k in range(at, end, WIDE):
        stops = _stops(data, k)
        if stops != 0:
            close = k + zeros(stops)
            return close if close < end and data[close] == QUOTE else -1
    return -1


@compiled
def first_set(mask: Any) -> Any:
    """The place of the first byte of which the highest bit is set; 8 where none is."""
    return zeros(mask) >> 3


@compiled
def no_digits(word: Any) -> Any:
    """The highest bits of bytes that are no digit, of a word from which "0" was taken; sure up to the second of them."""
    return (word + OVER | word) & TOPS


@compiled
def digits(word: Any, count: int) -> Any:
    """The number that the first 1 to 8 bytes spell, of a word from which "0" was taken."""
    word = (word << 64 - 8 * count) * BY_TEN >> 8 & PAIRS
    word = word * BY_HUNDRED >> 16 & QUADS
    return word * BY_MYRIAD >> 32
