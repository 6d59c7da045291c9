"""One connection to an address, which the devices behind it share in turn."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from anlan.monitoring.polling.plans import Plan
from anlan.protocols import Reading


@dataclass(kw_only=True)
class Answer:
    """What a device gave: readings, the bytes or values behind them, and what was wrong with single points."""

    readings: list[Reading] = field(default_factory=list)
    raw: bytes = b""
    fields: dict[str, object] = field(default_factory=dict)
    deviations: list[str] = field(default_factory=list)


class Line(Protocol):
    """Raises `PollError`, OSError or TimeoutError; is closed after any of them and opened again by the next poll."""

    async def ask(self, plan: Plan, now: int) -> Answer: ...

    async def close(self) -> None: ...


@dataclass
class Shared:
    """A line with the lock that gives its devices their turn."""

    line: Line
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Lines:
    """Lines by address and login. A subscription has a line of its own."""

    def __init__(self, make: Callable[[Plan], Line]) -> None:
        self._make = make
        self._lines: dict[tuple[object, ...], Shared] = {}

    def take(self, plan: Plan) -> Shared:
        key = _key(plan)
        if key not in self._lines:
            self._lines[key] = Shared(self._make(plan))
        self._lines[key].users += 1
        return self._lines[key]

    async def leave(self, plan: Plan) -> None:
        """The last one closes the line."""
        key = _key(plan)
        shared = self._lines[key]
        shared.users -= 1
        if not shared.users:
            del self._lines[key]
            await shared.line.close()


def _key(plan: Plan) -> tuple[object, ...]:
    return plan.address, plan.login, plan.device_id if plan.subscribe else 0
