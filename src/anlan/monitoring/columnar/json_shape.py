"""What the compiled reader of JSON is told: signs, words, bounds, and the arrays that it works on."""

from typing import Any, NamedTuple

import numpy as np

from anlan.vocab.clock import LATEST

__all__ = ["LATEST", "Out", "Table"]
WIDE, PAD = 64, 128
"""The bytes that are compared at once, and those that must lie in the buffer behind a message, whatever they are."""
LONGEST, EXACT, DIGITS, SPLIT = 1 << 20, 2**53, 18, 134217729.0
UNIT, WORD = 0, 5
"""The word whose keys are the symbols of units; the numbers that are kept of a word."""
NAN, POWERS = float("nan"), 10.0 ** np.arange(23)
QUOTE, BACKSLASH, COLON, COMMA, OPEN, CLOSE, BEGIN, END, MINUS, PLUS, DOT = (ord(c) for c in '"\\:,{}[]-+.')
SPACE, ZERO, NINE, LOW_E, HIGH_E = (ord(c) for c in " 09eE")
NOTHING, ONES = np.int64(0), np.int64(-1)
EACH, TOPS = np.int64(0x0101010101010101), np.int64(-0x7F7F7F7F7F7F7F80)
ZEROS, OVER = EACH * ZERO, np.int64(0x7676767676767676)
PAIRS, QUADS = np.int64(0x00FF00FF00FF00FF), np.int64(0x0000FFFF0000FFFF)
BY_TEN, BY_HUNDRED, BY_MYRIAD = np.int64(1 + (10 << 8)), np.int64(1 + (100 << 16)), np.int64(1 + (10_000 << 32))
SPREAD = np.int64(-0x61C8864680B583EB)
TENS, EIGHT, THIRTEEN = 10 ** np.arange(9), 10**8, 13
TRUE, FALSE, NULL = (int.from_bytes(word, "little") for word in (b"true", b"false", b"null"))
FOUR, FIVE, SIX, FIVE_DIGITS = (1 << 32) - 1, (1 << 40) - 1, (1 << 48) - 1, 1 << 47
WORDS = (b"device", b"time", b"values", b"readings", b"series", b"value", b"unit")
MEMBERS = np.frombuffer(b"".join(word.ljust(WIDE) for word in WORDS), np.uint8)
GUESS = np.full(256, -1)
GUESS[[(word[0] + 32 * len(word)) % 256 for word in WORDS]] = range(7)
IS_DEVICE, IS_TIME, IS_VALUES, IS_READINGS, IS_SERIES, IS_VALUE, IS_UNIT = range(7)
TOLD_DEVICE, TOLD_TIME, TOLD_VALUES, TOLD_READINGS = (1 << member for member in range(4))
TOLD = 127
"""Of a state, the members of the message that were told; those of its last reading lie ENTRY bits higher."""
ENTRY = 8
READ_TIME, READ_BOTH, READ = (members << ENTRY for members in (1 << IS_TIME, 1 << IS_SERIES | 1 << IS_VALUE, TOLD))
START, KNOWN, LACKS, IN_VALUES, IN_LIST, FRESH = (1 << bit for bit in range(16, 22))
"""Further of a state: nothing was read; a device is known by the topic; a reading has no time yet; what is being read, and
whether it has just been opened.
"""
VALUE, ON, TIME, OWN_TIME, DEVICE, DONE, FILL = range(7)
"""What follows a stretch: a reading's value, another stretch, a time, a reading's own, the device's code, the message's end, and
that with a time to be given to its readings.
"""
NEED, LENGTH, KIND, KEY, NEW, AFTER, NEXT, BEFORE, WHEN, WHOSE, HIGH, HIGHS, TAG = range(WIDE // 8, WIDE // 8 + 13)
ROW = 32
"""Of a stretch, after its text: its bytes as bits, their number, what follows, the word of the key told in it or -1, whether a
reading begins in it, the state after it, the stretch that came next last time, the state before it. Then where in it a time
is told or 0, whether that is the message's or a reading's own (TIME, OWN_TIME), and its first five digits last time, as told
and as a number. Then the state and key by which it is found.
"""
STRETCHES, TRIES = 512, 4
ORIGIN, PASSING = 0, 1
"""The stretch before the first of a message, and one that is too long to be kept."""


class Table(NamedTuple):
    """Words by hash, their entries, and the keys that belong to each entry.

    `slots` hold places in `words`, rows of (start in `text`, length, number, first row in `keys`, how many rows). A
    row of `keys` is (place of the key's own word, number).
    """

    slots: Any
    words: Any
    text: Any
    keys: Any


class Out(NamedTuple):
    """Columns to be written, and the stretches that were read before, in rows. Messages of a fleet are spelled alike, so the
    next is compared with them first.
    """

    message: Any
    series: Any
    time: Any
    value: Any
    rows: Any
