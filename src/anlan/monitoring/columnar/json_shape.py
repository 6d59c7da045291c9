"""What the compiled reader of JSON is told: signs, words, bounds, and the arrays that it works on."""

from typing import Any, NamedTuple

import numpy as np

from anlan.vocab.clock import LATEST

__all__ = ["LATEST", "Out", "Table"]
LONGEST, EXACT, DIGITS, SPLIT = 1 << 20, 2**53, 18, 134217729.0
UNIT = 0
"""The word whose keys are the symbols of units."""
NAN, POWERS = float("nan"), 10.0 ** np.arange(23)
QUOTE, BACKSLASH, COLON, COMMA, OPEN, CLOSE, BEGIN, END, MINUS, PLUS, DOT = (ord(c) for c in '"\\:,{}[]-+.')
ZERO, NINE = ord("0"), ord("9")
NOTHING, ONES = np.int64(0), np.int64(-1)
POINT, EXPONENT = ord(".") ^ ZERO, ord("e") ^ ZERO | 32
EACH, HIGH = np.int64(0x0101010101010101), np.int64(-0x7F7F7F7F7F7F7F80)
QUOTES, SLASHES, SPACES, ZEROS = EACH * QUOTE, EACH * BACKSLASH, EACH * 32, EACH * ZERO
OVER = np.int64(0x7676767676767676)
PAIRS, QUADS = np.int64(0x00FF00FF00FF00FF), np.int64(0x0000FFFF0000FFFF)
SPREAD = np.int64(-0x61C8864680B583EB)
TENS = 10 ** np.arange(9)
TRUE, FALSE, NULL = (np.frombuffer(word, np.uint8) for word in (b"true", b"false", b"null"))
WORDS = (b"device", b"time", b"values", b"readings", b"series", b"value", b"unit")
MEMBERS = np.array([list(word.ljust(8)) for word in WORDS], np.uint8)
GUESS = np.full(256, -1)
GUESS[[(word[0] + 32 * len(word)) % 256 for word in WORDS]] = range(7)
IS_DEVICE, IS_TIME, IS_VALUES, IS_READINGS, IS_SERIES, IS_VALUE, IS_UNIT = range(7)
DONE, NEXT, ENTRY = 7, 8, 128
READ_BODY = 1 << IS_VALUES | 1 << IS_READINGS
READ_BOTH = 1 << IS_SERIES | 1 << IS_VALUE


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
    """Columns to be written.

    `spots` holds what was written last between two values: rows of (where, how long, which of MEMBERS it brought), by the
    set of members that had been seen. Messages of a fleet are spelled alike, so the next is written so again.
    """

    message: Any
    series: Any
    time: Any
    value: Any
    spots: Any
