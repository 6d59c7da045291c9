"""Recorded JSON readings over MQTT with QoS 1: kept until the broker acknowledges them."""

import asyncio
import secrets
from collections.abc import Callable

from anlan.monitoring.gateway.mqtt import Broker, Client
from anlan.monitoring.gateway.mqtt_session import Message, Session
from anlan.monitoring.replaying.links import WINDOW, Tally
from anlan.monitoring.replaying.recording import Recorded


class Publisher:
    """One client for all devices, as a gateway is; each has its own topic."""

    def __init__(self, url: str, tally: Tally, trouble: Callable[[str], None]) -> None:
        self._tally = tally
        self._client = Client(Broker.at(url), Session(name=f"anlan-replay-{secrets.token_hex(4)}", trouble=trouble))
        self._under_way: set[asyncio.Future[int]] = set()
        self._task = asyncio.create_task(self._client.run())

    async def send(self, frame: Recorded, raw: bytes) -> None:
        """Waits for a connection, and while too many messages are under way."""
        while not self._client.connected or len(self._under_way) >= WINDOW:
            await asyncio.sleep(0.02)
        self._tally.sent += 1
        answer = self._client.publish(Message(topic=f"anlan/{frame.device}/readings", payload=raw.strip()))
        self._under_way.add(answer)
        answer.add_done_callback(self._answered)

    def _answered(self, answer: "asyncio.Future[int]") -> None:
        """A message that the broker refuses stays without an answer."""
        self._under_way.discard(answer)
        self._tally.acknowledged += answer.result() > 0
        self._tally.repeated += max(0, answer.result() - 1)

    async def settle(self) -> None:
        while self._under_way:
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
