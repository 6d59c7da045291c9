"""The compiled part of `json_columns` that knows names: bytes in, places in a table out; -1 is "not known"."""

from typing import Any

import numpy as np

from anlan.monitoring.columnar.json_bits import alike, string_end, up_to
from anlan.monitoring.columnar.json_shape import SPREAD, WORD
from anlan.rules.compiled import compiled
from anlan.rules.raw import take


@compiled
def _slot(table: Any, text: Any, start: int, end: int) -> Any:
    found = np.int64(17)
    for k in range(start, end, 8):
        found = (found ^ up_to(text, k, end)) * SPREAD
        found ^= found >> 32
    return (found * SPREAD >> 36) & (len(table.slots) - 1)


@compiled
def find(table: Any, data: Any, start: int, end: int) -> Any:
    """The place of a word in `words`, or -1; also for an end before its start."""
    if end < start:
        return -1
    slot, length = _slot(table, data, start, end), end - start
    word = np.int64(take(table.slots, slot))
    while word >= 0:
        place = word * WORD
        if take(table.words, place + 1) == length and alike(data, start, table.text, take(table.words, place), length):
            return word
        slot = (slot + 1) & (len(table.slots) - 1)
        word = np.int64(take(table.slots, slot))
    return -1


@compiled
def enter(table: Any, word: int) -> None:
    """Makes a word findable."""
    start = table.words[word, 0]
    slot = _slot(table, table.text, start, start + table.words[word, 1])
    while table.slots[slot] >= 0:
        slot = (slot + 1) & (len(table.slots) - 1)
    table.slots[slot] = word


@compiled
def keys_of(table: Any, owner: int) -> tuple[int, int, int]:
    """(The first row of its keys, how many there are, which of them is looked for first)."""
    return (take(table.words, owner * WORD + 3), take(table.words, owner * WORD + 4), 0) if owner >= 0 else (0, 0, 0)


@compiled
def row_of(table: Any, owner: int, word: int) -> int:
    """The row of `keys` that a key has, given as a word, among those of an owner."""
    first, many, _ = keys_of(table, owner)
    for row in range(first, first + many if word >= 0 else first):
        if take(table.keys, 2 * row) == word:
            return row
    return -1


@compiled
def key(table: Any, owner: int, data: Any, start: int, end: int) -> tuple[int, int]:
    """(The word of the owner's key that begins here, after its quote; what comes after its other quote), or -1."""
    close = string_end(data, start, end)
    word = find(table, data, start, close)
    known = row_of(table, owner, word) >= 0
    return (word, close + 1) if known else (-1, -1)
