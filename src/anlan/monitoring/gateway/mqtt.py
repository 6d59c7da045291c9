"""The MQTT client of the house: it stays connected, hands on what comes, and publishes until it is acknowledged."""

import asyncio
import os
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from anlan.monitoring.gateway.mqtt_link import Link, warm
from anlan.monitoring.gateway.mqtt_outbox import Outbox
from anlan.monitoring.gateway.mqtt_packets import UNSUPPORTED
from anlan.monitoring.gateway.mqtt_session import Message, Session

PATIENCE = 15.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0


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
        """Files, read anew for each connection: `ANLAN_MQTT_CA` has authorities to trust, `ANLAN_MQTT_CERTIFICATE` our
        own certificate, `ANLAN_MQTT_KEY` its key where that is not in the same file, `ANLAN_MQTT_KEY_PASSWORD` opens it.
        Raises OSError.
        """
        if not self.secure:
            return None
        words = os.environ
        context = ssl.create_default_context(cafile=words.get("ANLAN_MQTT_CA") or None)
        if own := words.get("ANLAN_MQTT_CERTIFICATE"):
            password = words.get("ANLAN_MQTT_KEY_PASSWORD", "")
            context.load_cert_chain(own, words.get("ANLAN_MQTT_KEY") or None, lambda: password)
        return context


class Client:
    """One session at a broker."""

    def __init__(self, broker: Broker, session: Session) -> None:
        self._broker, self._session = broker, session
        self._outbox = Outbox()
        self._version = 5
        self._link: Link | None = None

    @property
    def connected(self) -> bool:
        return self._link is not None and self._link.welcome and not self._link.ended.done()

    async def run(self) -> None:
        """Connects again and again; ends by being cancelled, and leaves the session at the broker.

        Not before everything is compiled: that takes longer than a handshake may, and everybody would wait for it.
        """
        await asyncio.to_thread(warm)
        pause = FIRST_PAUSE
        while True:
            welcome = await self._once()
            pause = FIRST_PAUSE if welcome else min(2 * pause, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    def publish(self, message: Message) -> "asyncio.Future[int]":
        """Done when the broker has acknowledged it, over however many connections: how often it was sent, 0 where the
        broker refuses it.
        """
        answer = self._outbox.add(message)
        if self._link is not None:
            self._link.send()
        return answer

    def hold(self) -> None:
        """Takes nothing more; what has been taken can still be acknowledged."""
        if self._link is not None:
            self._link.hold()

    async def _once(self) -> bool:
        """One connection from its beginning to its end; whether the broker wanted us."""
        broker, loop = self._broker, asyncio.get_running_loop()
        login = broker.username, broker.password
        try:
            async with asyncio.timeout(PATIENCE):
                _, link = await loop.create_connection(
                    lambda: Link(self._session, self._outbox, self._version, login),
                    broker.host, broker.port, ssl=broker.context(),
                )  # fmt: skip
        except (OSError, TimeoutError) as error:
            self._session.trouble(f"no MQTT broker at {broker.host}:{broker.port}: {error}")
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
