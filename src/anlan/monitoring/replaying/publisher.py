"""Recorded JSON readings over MQTT with QoS 1: kept until the broker acknowledges them."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from typing import Any

from gmqtt import Client
from gmqtt.mqtt.constants import UNLIMITED_RECONNECTS
from gmqtt.mqtt.handler import MQTTError
from gmqtt.storage import PersistentStorage

from anlan.monitoring.gateway.mqtt import Broker
from anlan.monitoring.replaying.links import PAUSES, WINDOW, Tally
from anlan.monitoring.replaying.recording import Recorded

SESSION = 300
PATIENCE = 15.0


class _Unacknowledged(PersistentStorage):
    """What the broker has not acknowledged. A broker that has forgotten the session does not make us forget it."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self._tally = tally
        self.forgotten: list[tuple[str, bytes]] = []
        self.messages: dict[int, tuple[str, bytes]] = {}
        self.next: tuple[str, bytes] = ("", b"")

    def push_message(self, mid: int, raw_package: bytes) -> None:
        super().push_message(mid, raw_package)
        self.messages[mid] = self.next

    def remove_message_by_mid(self, mid: int) -> None:
        super().remove_message_by_mid(mid)
        self._tally.acknowledged += self.messages.pop(mid, None) is not None

    def clear(self) -> None:
        super().clear()
        self.forgotten += self.messages.values()
        self.messages.clear()


class Publisher:
    """One client for all devices, as a gateway is; each has its own topic."""

    def __init__(self, url: str, tally: Tally, trouble: Callable[[str], None]) -> None:
        self._broker, self._tally, self._trouble = Broker.at(url), tally, trouble
        self._kept = _Unacknowledged(tally)
        self._client: Any = Client(
            f"anlan-replay-{secrets.token_hex(4)}",
            clean_session=False,
            session_expiry_interval=SESSION,
            persistent_storage=self._kept,
        )
        self._client.set_config({"reconnect_retries": UNLIMITED_RECONNECTS, "reconnect_delay": 1})
        if self._broker.username:
            self._client.set_auth_credentials(self._broker.username, self._broker.password)
        self._client.on_connect = self._on_connect
        self._task = asyncio.create_task(self._connect())

    async def send(self, frame: Recorded, raw: bytes) -> None:
        """Waits for a connection, and while too many messages are under way."""
        while not self._client.is_connected or len(self._kept.messages) >= WINDOW:
            await asyncio.sleep(0.02)
        self._tally.sent += 1
        self._publish(f"anlan/{frame.device}/readings", raw.strip())

    async def settle(self) -> None:
        while self._kept.messages or self._kept.forgotten:
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(2):
                await self._client.disconnect()

    async def _connect(self) -> None:
        """Until the first time; from then on the client connects again by itself."""
        broker, tries = self._broker, 0
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._client.connect(broker.host, broker.port, ssl=broker.secure, keepalive=30)
            except (OSError, MQTTError) as error:
                self._trouble(f"no MQTT broker at {broker.host}:{broker.port} ({error})")
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1

    def _publish(self, topic: str, payload: bytes) -> None:
        self._kept.next = (topic, payload)
        self._client.publish(topic, payload, qos=1)

    def _on_connect(self, *_words: Any) -> None:
        """The client repeats what it still has; what the broker's lost session took away is published anew."""
        self._tally.repeated += len(self._kept.messages) + len(self._kept.forgotten)
        again, self._kept.forgotten = self._kept.forgotten, []
        for topic, payload in again:
            self._publish(topic, payload)
