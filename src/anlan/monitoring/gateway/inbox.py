"""What has been received and is not yet durable, within bounds."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from anlan.monitoring.arrivals import Arrival, Messages


def nothing() -> None:
    """For arrivals that nobody waits for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """An arrival, and what to do once it is durable."""

    arrival: Arrival | Messages
    kept: Callable[[], None] = nothing


class Inbox:
    """A queue bounded by readings. What was taken from it takes up room until it is released."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._load = 0
        self._items: deque[Item] = deque()
        self._filled = asyncio.Event()
        self._spacious = asyncio.Event()

    @property
    def load(self) -> int:
        """Readings received and not yet durable."""
        return self._load

    @property
    def full(self) -> bool:
        """Whether its senders should be read no further."""
        return self._load >= self._room

    async def space(self) -> None:
        """Waits for room."""
        while self.full:
            self._spacious.clear()
            await self._spacious.wait()

    async def put(self, item: Item) -> None:
        """Waits for room."""
        if self.full:
            await self.space()
        self.offer(item)

    def offer(self, item: Item) -> None:
        """At once; whoever offers reads no further while it is full."""
        self._items.append(item)
        self._load += item.arrival.weight
        self._filled.set()

    async def some(self) -> None:
        """Waits for the first."""
        await self._filled.wait()

    async def take(self, most: int) -> list[Item]:
        """Everything that is there, up to `most` readings; waits for the first."""
        await self.some()
        taken, weight = [], 0
        while self._items and weight < most:
            taken.append(self._items.popleft())
            weight += taken[-1].arrival.weight
        if not self._items:
            self._filled.clear()
        return taken

    def release(self, items: list[Item]) -> None:
        self._load -= sum(item.arrival.weight for item in items)
        self._spacious.set()

    async def drained(self) -> None:
        """Returns when everything is durable."""
        while self._load:
            await asyncio.sleep(0.01)
