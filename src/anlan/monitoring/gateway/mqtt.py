"""Readings over MQTT: `anlan/<device>/readings`, JSON, acknowledged to the broker only when they are durable."""

import asyncio
import logging
import os
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from anlan.monitoring.gateway import topics
from anlan.monitoring.gateway.inbox import Inbox
from anlan.monitoring.gateway.mqtt_link import Link
from anlan.monitoring.gateway.mqtt_packets import UNSUPPORTED, Wishes

IN_FLIGHT = 65_535
"""Messages that the broker may send ahead of acknowledgements (MQTT 5 Receive Maximum)."""
SESSION = 7 * 86_400
"""Seconds for which the broker keeps what comes while nobody listens."""
LARGEST = 262_144
KEEP_ALIVE = 30
PATIENCE = 15.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
log = logging.getLogger(__name__)


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

    def context(self) -> ssl.SSLContext | None:
        """`ANLAN_MQTT_CA` is a file of authorities to trust, `ANLAN_MQTT_CERTIFICATE` one with our own and its key."""
        if not self.secure:
            return None
        context = ssl.create_default_context(cafile=os.environ.get("ANLAN_MQTT_CA") or None)
        if own := os.environ.get("ANLAN_MQTT_CERTIFICATE"):
            context.load_cert_chain(own)
        return context


class Subscriber:
    """One client with a session of its own at the broker. `share` names a group that divides the messages."""

    def __init__(self, broker: Broker, inbox: Inbox, *, name: str, share: str = "") -> None:
        self._broker, self._inbox, self._filters = broker, inbox, topics.filters(share)
        self._wishes = Wishes(
            name=name, username=broker.username, password=broker.password, keep_alive=KEEP_ALIVE, expiry=SESSION,
            in_flight=IN_FLIGHT, largest=LARGEST,
        )  # fmt: skip
        self._version = 5
        self._link: Link | None = None

    async def run(self) -> None:
        """Connects again and again; ends by being cancelled."""
        pause = FIRST_PAUSE
        while True:
            welcome = await self._once()
            pause = FIRST_PAUSE if welcome else min(2 * pause, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _once(self) -> bool:
        """One connection from its beginning to its end; whether the broker wanted us."""
        broker, loop = self._broker, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(PATIENCE):
                _, link = await loop.create_connection(
                    lambda: Link(self._inbox, self._wishes, self._version, self._filters),
                    broker.host, broker.port, ssl=broker.context(),
                )  # fmt: skip
        except (OSError, TimeoutError) as error:
            log.warning("no MQTT broker at %s:%s: %s", broker.host, broker.port, error)
            return False
        self._link = link
        try:
            await link.run()
        finally:
            link.leave()
        self._choose(link)
        return link.welcome

    def _choose(self, link: Link) -> None:
        """A broker that knows one version only says so, or hangs up without a word."""
        speechless = link.refused is None and not link.welcome
        if speechless or link.refused in UNSUPPORTED[self._version]:
            self._version = 4 if self._version == 5 else 5

    def close(self) -> None:
        """Leaves the session at the broker."""
        if self._link is not None:
            self._link.leave()
