"""Many JSON messages in one buffer to columns of readings, without an object a reading.

Read here are the common flat shapes, `{"device", "time", "values": {series: number}}` and `{"device", "time",
"readings": [{"series", "time", "value", "unit"}]}`, in any order of members in which the device comes first, with names
that are known and numbers that can be rounded for sure. Whatever else, `protocols.json_readings` reads, and it alone
says what is wrong with a message; what is read here it would read to the same bits.
"""

import re
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.columnar.json_loop import extent, parse_each
from anlan.monitoring.columnar.json_shape import NEXT, PAD, PASSING, ROW, STRETCHES, TRIES, UNIT, Out, Table
from anlan.monitoring.columnar.json_words import enter, find, row_of
from anlan.vocab.units import SYMBOLS

ROOM = 1024
UNPLAIN = re.compile(r"[\x00-\x1f\"\\]")
"""What cannot be told in JSON as it is; names with it are read the long way."""
BEHIND = bytes(PAD)
SHORTEST = 5
"""The bytes that a reading takes at least: `"a":1`."""


class Names:
    """What has been read the long way before: devices by their code, and the series of each by their key."""

    def __init__(self) -> None:
        self._words = self._used = self._keys = 0
        self._here = threading.local()
        self.table = Table(
            np.full(2 * ROOM, -1, np.int32),
            np.zeros((ROOM, 5), np.int64),
            np.zeros(16 * ROOM, np.uint8),
            np.zeros((ROOM, 2), np.int64),
        )
        self._word(b"")
        for text in {*SYMBOLS, *SYMBOLS.values()}:
            self._key(UNIT, text.encode(), 0)

    def rows(self) -> NDArray[np.int64]:
        """The stretches that were read last in this thread."""
        rows: NDArray[np.int64] | None = getattr(self._here, "rows", None)
        if rows is None:
            rows = np.full((PASSING + STRETCHES + TRIES, ROW), -1)
            rows[:, NEXT] = PASSING
            self._here.rows = rows
        return rows

    def device(self, code: str, number: int) -> None:
        """Its id; later ones change nothing."""
        if UNPLAIN.search(code):
            return
        word = self._word(code.encode())
        if self.table.words[word, 2] < 0:
            self.table.words[word, 2] = number

    def series(self, code: str, key: str, number: int) -> None:
        """The place of a device's series; later ones change nothing."""
        if UNPLAIN.search(code + key):
            return
        self._key(self._word(code.encode()), key.encode(), number)

    def _word(self, text: bytes) -> int:
        told = np.frombuffer(text + BEHIND, np.uint8)
        if (word := find(self.table, told, 0, len(text))) >= 0:
            return word
        table, word = self._roomy(len(text)), self._words
        table.text[self._used : self._used + len(text)] = told[: len(text)]
        table.words[word] = self._used, len(text), -1, 0, 0
        enter(table, word)
        self._words, self._used = word + 1, self._used + len(text)
        return word

    def _key(self, owner: int, text: bytes, number: int) -> None:
        word = self._word(text)
        if row_of(self.table, owner, word) >= 0:
            return
        first, many = self.table.words[owner, 3:5].tolist()
        if many & (many - 1) == 0:
            first = self._move(first, many)
        self.table.keys[first + many] = word, number
        self.table.words[owner, 3:5] = first, many + 1

    def _move(self, first: int, many: int) -> int:
        """Keys lie side by side; when their number comes to a power of two they move to where twice as many have room."""
        place, keys = self._keys, self.table.keys
        self._keys += max(1, 2 * many)
        if self._keys > len(keys):
            keys = np.concatenate([keys, np.zeros_like(keys), np.zeros((2 * many, 2), np.int64)])
        keys[place : place + many] = keys[first : first + many]
        self.table = self.table._replace(keys=keys)
        return place

    def _roomy(self, length: int) -> Table:
        """The table with room for one more word."""
        if self._used + length + PAD > len(self.table.text):
            text = np.concatenate([self.table.text, np.zeros(len(self.table.text) + length + PAD, np.uint8)])
            self.table = self.table._replace(text=text)
        if self._words == len(self.table.words):
            words = np.concatenate([self.table.words, np.zeros_like(self.table.words)])
            self.table = self.table._replace(words=words, slots=np.full(2 * len(words), -1, np.int32))
            for word in range(self._words):
                enter(self.table, word)
        return self.table


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """`mine` says of each message whether it was read, `device` whose it is (an id). The readings of those that were
    lie in order of message and as told; `message` is their message's place.
    """

    mine: NDArray[np.bool_]
    device: NDArray[np.int64]
    message: NDArray[np.int64]
    series: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]


def parse(names: Names, data: NDArray[np.uint8], bounds: NDArray[np.int64]) -> Parsed:
    """Messages within `data`: n rows of (start, end) of the payload, and of the code of the device in whose name it
    comes, or 0, 0 where the message itself must tell.
    """
    size, last = extent(bounds)
    room = size // SHORTEST + 2 + 8
    message, series, time = (np.empty(room, np.int64) for _ in range(3))
    out = Out(message, series, time, np.empty(room), names.rows())
    device, mine = np.full(len(bounds), -1), np.zeros(len(bounds), np.bool_)
    count = parse_each(_padded(data, last), bounds, names.table, out, mine, device)
    message, series, time, value = (column[:count] for column in out[:4])
    return Parsed(mine=mine, device=device, message=message, series=series, time=time, value=value)


def _padded(data: NDArray[np.uint8], last: int) -> NDArray[np.uint8]:
    """With room behind the last byte that counts, as more are looked at in passing; not to be written to, as bytes are."""
    if last + PAD > len(data):
        data = np.concatenate([data, np.frombuffer(BEHIND, np.uint8)])
    data = data.view()
    data.flags.writeable = False
    return data


def warm() -> None:
    """Compile, or load from the cache."""
    parse(Names(), np.zeros(1, np.uint8), np.zeros((1, 4), np.int64))
