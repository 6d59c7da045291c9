"""What has been published and not yet acknowledged: sent again over every new connection."""

import asyncio
from collections import deque
from dataclasses import dataclass

from anlan.monitoring.gateway import mqtt_packets
from anlan.monitoring.gateway.mqtt_session import Message

NUMBERS = 65_535
REFUSED = 128


@dataclass(kw_only=True, slots=True)
class _Out:
    message: Message
    answer: "asyncio.Future[int]"
    times: int = 0


class Outbox:
    """Each message is told how often it had to be sent, or 0 where the broker refuses it."""

    def __init__(self) -> None:
        self._waiting: deque[_Out] = deque()
        self._under_way: dict[int, _Out] = {}
        self._window, self._last = NUMBERS, 0

    def add(self, message: Message) -> "asyncio.Future[int]":
        out = _Out(message=message, answer=asyncio.get_running_loop().create_future())
        self._waiting.append(out)
        return out.answer

    def begin(self, window: int) -> None:
        """A new connection, on which so many may be under way; what the last one left open goes first."""
        self._waiting.extendleft(reversed(self._under_way.values()))
        self._under_way, self._window = {}, window

    def packets(self, version: int) -> bytes:
        """Those that may go now."""
        parts = []
        while self._waiting and len(self._under_way) < self._window:
            out, number = self._waiting.popleft(), self._number()
            self._under_way[number] = out
            out.times += 1
            parts.append(mqtt_packets.publish(version, number, out.message))
        return b"".join(parts)

    def acknowledged(self, number: int, reason: int) -> None:
        out = self._under_way.pop(number, None)
        if out is not None and not out.answer.done():
            out.answer.set_result(0 if reason >= REFUSED else out.times)

    def _number(self) -> int:
        while True:
            self._last = self._last % NUMBERS + 1
            if self._last not in self._under_way:
                return self._last
