"""The compiled part of `json_columns` that knows names: bytes in, places in a table out; -1 is "not known"."""

from typing import Any

import numpy as np

from anlan.monitoring.columnar.json_bits import alike, string_end, up_to
from anlan.monitoring.columnar.json_shape import QUOTE, SPREAD
from anlan.rules.compiled import compiled


@compiled
def _slot(table: Any, text: Any, start: int, end: int) -> Any:
    found = np.int64(17)
    for k in range(start, end, 8):
        found = (found ^ up_to(text, k, end)) * SPREAD
        found ^= found >> 32
    return (found * SPREAD >> 36) & (len(table.slots) - 1)


@compiled
def find(table: Any, data: Any, start: int, end: int) -> int:
    """The place of a word in `words`, or -1; also for an end before its start."""
    if end < start:
        return -1
    slot = _slot(table, data, start, end)
    while table.slots[slot] >= 0:
        word = table.slots[slot]
        if table.words[word, 1] == end - start and alike(
            data, start, end, table.text, table.words[word, 0], end - start
        ):
            return word
        slot = (slot + 1) & (len(table.slots) - 1)
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
def key(table: Any, owner: int, guess: int, data: Any, start: int, end: int) -> tuple[int, int]:
    """(The row of `keys` of a key of this word that begins here, after its quote), or -1; looked for first at a guess."""
    first, many = table.words[owner, 3], table.words[owner, 4]
    if guess < many:
        word = table.keys[first + guess, 0]
        length = table.words[word, 1]
        close = start + length
        if close < end and alike(data, start, end, table.text, table.words[word, 0], length) and data[close] == QUOTE:
            return first + guess, close + 1
    close = string_end(data, start - 1, end)
    word = find(table, data, start, close)
    for row in range(first, first + many if word >= 0 else first):
        if table.keys[row, 0] == word:
            return row, close + 1
    return -1, -1
