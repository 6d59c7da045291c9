"""Readings as bytes and back, to the bit: each column as small differences where it can be, as it is where not.

A block is a head of 48 bytes and four columns: series (differences), times (differences less the usual step, in the
largest of 1, 1,000 and 60,000 ms that divides them), values (decimals as whole numbers, from the first or from the
one before, else the eight bytes of each), states (one, or a byte each). The plain NaN is a code of its own.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.rules.compiled import compiled

HEAD = 48
WORST = 25
"""Bytes that a reading takes at most."""
FORM = 1
RAW = 255
NAN = 0x7FF8_0000_0000_0000
LARGEST = 2.0**53
POWERS = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]


@compiled
def _width(low: Any, high: Any) -> int:
    """Bytes of the smallest signed integer that holds all from low to high and, beyond them, its own least."""
    if low == 0 and high == 0:
        return 0
    for width in (1, 2, 4):
        most = (1 << (8 * width - 1)) - 1
        if low >= -most and high <= most:
            return width
    return 8


@compiled
def _put(out: Bytes, at: int, number: Any, width: int) -> int:
    for k in range(width):
        out[at + k] = (number >> (8 * k)) & 255
    return at + width


@compiled
def _get(data: Bytes, at: Any, width: Any) -> Any:
    number = np.int64(0)
    for k in range(width):
        number |= np.int64(data[at + k]) << (8 * k)
    if 0 < width < 8:
        shift = 64 - 8 * width
        number = (number << shift) >> shift
    return number


@compiled
def _unit(time: Ints, first: int, last: int) -> int:
    unit = 60_000
    for i in range(first + 1, last):
        difference = time[i] - time[i - 1]
        if difference % unit:
            unit = 1000
            if difference % unit:
                return 1
    return unit


@compiled
def _exponent(value: Floats, bits: Ints, first: int, last: int) -> int:
    """How many decimals tell every value exactly; RAW where none do."""
    k, power = 0, 1.0
    for i in range(first, last):
        if bits[i] == NAN:
            continue
        while True:
            whole = np.rint(value[i] * power)
            if abs(whole) < LARGEST and whole / power == value[i] and (whole != 0.0 or bits[i] == 0):
                break
            k += 1
            if k == 7:
                return RAW
            power *= 10.0
    return k


@compiled
def _series_column(series: Ints, first: int, last: int, out: Bytes, at: int) -> int:
    low, high = np.int64(0), np.int64(0)
    for i in range(first + 1, last):
        difference = series[i] - series[i - 1]
        low, high = min(low, difference), max(high, difference)
    width = _width(low, high)
    out[at + 1] = width
    _put(out, at + 16, series[first], 8)
    end = at + HEAD
    for i in range(first + 1, last):
        end = _put(out, end, series[i] - series[i - 1], width)
    return end


@compiled
def _time_column(time: Ints, first: int, last: int, out: Bytes, at: int, end: int) -> int:
    unit = _unit(time, first, last)
    step = (time[first + 1] - time[first]) // unit if last - first > 1 else 0
    low, high, low0, high0 = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    for i in range(first + 1, last):
        plain = (time[i] - time[i - 1]) // unit
        low, high = min(low, plain - step), max(high, plain - step)
        low0, high0 = min(low0, plain), max(high0, plain)
    width = _width(low, high)
    if _width(low0, high0) < width:
        step, width = np.int64(0), _width(low0, high0)
    out[at + 2] = width
    _put(out, at + 12, unit, 4)
    _put(out, at + 24, time[first], 8)
    _put(out, at + 32, step, 8)
    for i in range(first + 1, last):
        end = _put(out, end, (time[i] - time[i - 1]) // unit - step, width)
    return end


@compiled
def _spans(value: Floats, bits: Ints, first: int, last: int, power: float) -> Any:
    """The first whole number, whether there are holes, the width of differences from it and from the one before."""
    base, some, holes = np.int64(0), False, False
    low, high, low1, high1, before = np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    for i in range(first, last):
        if bits[i] == NAN:
            holes = True
            continue
        whole = np.int64(np.rint(value[i] * power))
        if not some:
            base, before, some = whole, whole, True
        low, high = min(low, whole - base), max(high, whole - base)
        low1, high1 = min(low1, whole - before), max(high1, whole - before)
        before = whole
    return base, holes, _width(low, high), _width(low1, high1)


@compiled
def _value_column(value: Floats, bits: Ints, first: int, last: int, out: Bytes, at: int, end: int) -> int:
    k = _exponent(value, bits, first, last)
    out[at + 5] = k
    if k == RAW:
        out[at + 3], out[at + 4] = 8, 0
        for i in range(first, last):
            end = _put(out, end, bits[i], 8)
        return end
    power = 10.0**k
    base, holes, width, following = _spans(value, bits, first, last, power)
    follows = 1 if following < width else 0
    width = max(min(width, following), 1 if holes else 0)
    out[at + 3], out[at + 4] = width, follows
    _put(out, at + 40, base, 8)
    hole, before = -(np.int64(1) << (8 * width - 1)) if width else np.int64(0), base
    for i in range(first, last):
        code = hole
        if bits[i] != NAN:
            whole = np.int64(np.rint(value[i] * power))
            code = whole - before if follows else whole - base
            before = whole
        end = _put(out, end, code, width)
    return end


@compiled
def _state_column(state: Bytes, first: int, last: int, out: Bytes, at: int, end: int) -> int:
    out[at + 6], out[at + 7] = 0, state[first]
    for i in range(first + 1, last):
        if state[i] != state[first]:
            out[at + 6] = 1
            break
    if out[at + 6]:
        for i in range(first, last):
            out[end] = state[i]
            end += 1
    return end


@compiled
def pack_groups(
    starts: Ints, series: Ints, time: Ints, value: Floats, bits: Ints, state: Bytes, out: Bytes, ends: Ints
) -> None:
    """Group g is [starts[g], starts[g + 1]) of the columns, none empty; its block ends at ends[g] of `out`.

    `bits` are the values as integers; `out` has room for HEAD bytes a group and WORST a reading.
    """
    at = 0
    for g in range(len(starts) - 1):
        first, last = starts[g], starts[g + 1]
        out[at] = FORM
        _put(out, at + 8, last - first, 4)
        end = _series_column(series, first, last, out, at)
        end = _time_column(time, first, last, out, at, end)
        end = _value_column(value, bits, first, last, out, at, end)
        at = _state_column(state, first, last, out, at, end)
        ends[g] = at


@compiled
def _unpack(
    data: Bytes, at: int, stop: int, series: Ints, time: Ints, value: Floats, bits: Ints, state: Bytes, i: int
) -> bool:
    n, sw, tw, vw = _get(data, at + 8, 4), data[at + 1], data[at + 2], data[at + 3]
    unit, step = _get(data, at + 12, 4), _get(data, at + 32, 8)
    s, t = _get(data, at + 16, 8), _get(data, at + 24, 8)
    times = at + HEAD + (n - 1) * sw
    values = times + (n - 1) * tw
    states = values + n * vw
    if n < 1 or states + (n if data[at + 6] else 0) != stop:
        return False
    for j in range(n):
        if j:
            s += _get(data, at + HEAD + (j - 1) * sw, sw)
            t += (_get(data, times + (j - 1) * tw, tw) + step) * unit
        series[i + j], time[i + j] = s, t
        state[i + j] = data[states + j] if data[at + 6] else data[at + 7]
    _values(data, at, values, n, value, bits, i)
    return True


@compiled
def _values(data: Bytes, at: int, start: int, n: int, value: Floats, bits: Ints, i: int) -> None:
    width, k = data[at + 3], data[at + 5]
    before = _get(data, at + 40, 8)
    base, hole = before, -(np.int64(1) << (8 * np.int64(width) - 1)) if width else np.int64(0)
    power = 1.0 if k == RAW else 10.0**k
    for j in range(n):
        code = _get(data, start + j * width, width)
        if k == RAW:
            bits[i + j] = code
        elif width and code == hole:
            bits[i + j] = NAN
        else:
            before = (before if data[at + 4] else base) + code
            value[i + j] = before / power


@compiled
def unpack_groups(
    data: Bytes, ends: Ints, starts: Ints, series: Ints, time: Ints, value: Floats, bits: Ints, state: Bytes
) -> int:
    """The other way round; `bits` is the same memory as `value`. Gives the first block that is none, or -1."""
    at = 0
    for g in range(len(ends)):
        stop = ends[g]
        if stop - at < HEAD or data[at] != FORM or _get(data, at + 8, 4) != starts[g + 1] - starts[g]:
            return g
        if not _unpack(data, at, stop, series, time, value, bits, state, starts[g]):
            return g
        at = stop
    return -1
