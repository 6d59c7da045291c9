"""Split messages, put together from their packets within bounds: how many, how large, and how long they wait.

A decoder has no clock, so waiting is counted in packets of the same stream.
"""

from array import array
from dataclasses import dataclass, field
from typing import TypeAlias
from zlib import crc32

Key: TypeAlias = tuple[str, ...]
MOST = 16
ROOM = 1 << 20
PATIENCE = 2000


@dataclass(slots=True)
class Parts:
    """What came of one message. `again`: it had been whole before, and is sent once more."""

    key: Key
    total: int
    age: int
    came: dict[int, bytes] = field(default_factory=dict)
    again: bool = False

    @property
    def missing(self) -> list[int]:
        return [number for number in range(1, self.total + 1) if number not in self.came]

    @property
    def complete(self) -> bool:
        return len(self.came) == self.total

    def whole(self) -> bytes:
        return b"".join(self.came[number] for number in sorted(self.came))

    def __str__(self) -> str:
        """Names the missing packets, the first ten of them."""
        missing = self.missing
        shown = ",".join(map(str, missing[:10])) + (",…" if len(missing) > 10 else "")
        return f"{' '.join(self.key)}: packets {shown} of {self.total} never came"


class Packets:
    """Of a key one message at a time. What is given up is kept in `lost` until it is taken."""

    def __init__(self) -> None:
        self.lost: list[Parts] = []
        self._open: dict[Key, Parts] = {}
        self._done: dict[Key, array[int]] = {}
        self._clock = self._size = 0

    def add(self, key: Key, total: int, number: int, data: bytes) -> Parts:
        """The message as it stands with this packet; one that comes twice counts once."""
        self._clock += 1
        parts = self._open.get(key)
        if parts is None or parts.total != total or _begins_anew(parts, number, data):
            if parts is None and (again := self._repeated(key, total, number, data)):
                return again
            self._give_up(key)
            parts = self._open[key] = Parts(key, total, self._clock)
        self._size += len(data) - len(parts.came.get(number, b""))
        parts.came[number] = data
        parts.age = self._clock
        if parts.complete:
            self._finish(parts)
        self._make_room()
        return parts

    def take_lost(self) -> list[Parts]:
        lost, self.lost = self.lost, []
        return lost

    def end(self) -> list[Parts]:
        """The stream has ended: everything that is not whole is lost."""
        for key in list(self._open):
            self._give_up(key)
        self._done.clear()
        return self.take_lost()

    def _repeated(self, key: Key, total: int, number: int, data: bytes) -> Parts | None:
        done = self._done.get(key)
        if done is not None and len(done) == total and done[number - 1] == crc32(data):
            return Parts(key, total, self._clock, again=True)
        return None

    def _finish(self, parts: Parts) -> None:
        self._drop(parts.key)
        self._done[parts.key] = array("L", (crc32(parts.came[number]) for number in range(1, parts.total + 1)))
        if len(self._done) > MOST:
            del self._done[next(iter(self._done))]

    def _make_room(self) -> None:
        while self._open and (
            len(self._open) > MOST or self._size > ROOM or self._clock - next(iter(self._open.values())).age > PATIENCE
        ):
            self._give_up(min(self._open, key=lambda key: self._open[key].age))

    def _give_up(self, key: Key) -> None:
        if key in self._open:
            self.lost.append(self._drop(key))

    def _drop(self, key: Key) -> Parts:
        parts = self._open.pop(key)
        self._size -= sum(map(len, parts.came.values()))
        return parts


def _begins_anew(parts: Parts, number: int, data: bytes) -> bool:
    """Another first packet is another message."""
    return number == 1 and parts.came.get(1, data) != data
