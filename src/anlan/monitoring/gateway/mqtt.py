"""Readings over MQTT: `anlan/<device>/readings`, JSON, acknowledged to the broker only when they are durable."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from gmqtt import Client
from gmqtt.mqtt.constants import UNLIMITED_RECONNECTS
from gmqtt.mqtt.handler import MQTTError

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.gateway.inbox import Inbox, Item
from anlan.monitoring.gateway.limits import Limits
from anlan.monitoring.moments import now_ms
from anlan.protocols import Event, FrameError
from anlan.protocols.json_readings import parse_messages

SOURCE = "mqtt"
IN_FLIGHT = 4_000
"""Messages that the broker may send ahead of acknowledgements (MQTT 5 Receive Maximum)."""
SESSION = 7 * 86_400
"""Seconds for which the broker keeps what comes while nobody listens."""
LARGEST = 262_144
PATIENCE = 15.0
log = logging.getLogger(__name__)


class StaleDelivery(RuntimeError):
    """The connection on which a message came is gone: the broker sends it again, so this one is not acknowledged."""


@dataclass(frozen=True, kw_only=True)
class Broker:
    host: str
    port: int
    secure: bool
    username: str
    password: str

    @classmethod
    def at(cls, url: str) -> "Broker":
        """From `mqtt://[user:password@]host[:port]`, or mqtts."""
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError("ANLAN_MQTT_URL begins with mqtt:// or mqtts:// and names a host")
        secure = parts.scheme == "mqtts"
        return cls(
            host=parts.hostname,
            port=parts.port or (8883 if secure else 1883),
            secure=secure,
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


class Subscriber:
    """One client with a session of its own at the broker. `share` names a group that divides the messages."""

    def __init__(self, broker: Broker, inbox: Inbox, limits: Limits, *, name: str, share: str = "") -> None:
        self._broker, self._inbox, self._limits = broker, inbox, limits
        self._topic = f"$share/{share}/anlan/+/readings" if share else "anlan/+/readings"
        self._connected = 0
        self._pending = self._missed = 0
        self._stopping = False
        self._client = self._make(name)

    def _make(self, name: str) -> Any:
        client = Client(
            name,
            clean_session=False,
            optimistic_acknowledgement=False,
            receive_maximum=IN_FLIGHT,
            session_expiry_interval=SESSION,
            maximum_packet_size=LARGEST,
        )
        client.set_config({"reconnect_retries": UNLIMITED_RECONNECTS, "reconnect_delay": 1})
        if self._broker.username:
            client.set_auth_credentials(self._broker.username, self._broker.password)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        return client

    async def run(self) -> None:
        """Connects, and from then on the client reconnects by itself; ends by being cancelled."""
        asyncio.get_running_loop().set_exception_handler(_quiet)
        pause = 0.5
        while True:
            try:
                await self._connect()
                break
            except (OSError, MQTTError) as error:
                log.warning("no MQTT broker at %s:%s: %s", self._broker.host, self._broker.port, error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 10.0)
        await asyncio.Event().wait()

    async def _connect(self) -> None:
        broker = self._broker
        async with asyncio.timeout(PATIENCE):
            await self._client.connect(broker.host, broker.port, ssl=broker.secure, keepalive=30)

    def _on_connect(self, client: Any, *_words: Any) -> None:
        self._connected += 1
        client.subscribe(self._topic, qos=1)

    async def _on_message(self, _client: Any, topic: str, payload: bytes, qos: int, _properties: Any) -> int:
        """The client acknowledges when this returns 0, and not at all when it raises."""
        connected = self._connected
        if not qos and self._pending >= self._limits.pending:
            self._missed += 1
            return 0
        self._pending += 1
        try:
            await self._keep(read(topic, payload))
        finally:
            self._pending -= 1
        if connected != self._connected or self._stopping:
            raise StaleDelivery
        return 0

    async def _keep(self, events: list[Event]) -> None:
        """Returns when all is durable."""
        durable = asyncio.get_running_loop().create_future()
        if self._missed:
            missed, self._missed = self._missed, 0
            over = Arrival(source=SOURCE, event=FrameError("overflow"), times=missed)
            await self._inbox.put(Item(arrival=over))
        for event in events[:-1]:
            await self._inbox.put(Item(arrival=Arrival(source=SOURCE, event=event)))
        last = Item(arrival=Arrival(source=SOURCE, event=events[-1]), kept=lambda: durable.set_result(None))
        await self._inbox.put(last)
        await durable

    async def close(self) -> None:
        """Leaves the session at the broker."""
        self._stopping = True
        with contextlib.suppress(Exception):
            await self._client.disconnect(session_expiry_interval=SESSION)


def read(topic: str, payload: bytes) -> list[Event]:
    """The frames of one message, at least one event."""
    words = topic.split("/")
    if len(words) != 3:
        return [FrameError("topic", topic[:200], payload)]
    return parse_messages(payload, words[1], now_ms()) or [FrameError("schema", "nothing", payload)]


def _quiet(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A delivery that is not acknowledged is no fault of ours."""
    if not isinstance(context.get("exception"), StaleDelivery | asyncio.CancelledError):
        loop.default_exception_handler(context)
