"""Sightings over MQTT: `anlan/<camera>/ai`, acknowledged to the broker only when they are durable.

A client with a session of its own beside that of readings, since these messages carry pictures and are few.
"""

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connection, connections

from anlan.monitoring.gateway.mqtt import LONGEST_PAUSE, SESSION, Broker
from anlan.monitoring.gateway.side_client import client_connect, client_made
from anlan.monitoring.moments import now_ms
from anlan.monitoring.video.intake import TOPIC, topic_take
from anlan.monitoring.video.pictures import LARGEST

IN_FLIGHT = 16
AWAY = (OperationalError, InterfaceError)
log = logging.getLogger(__name__)


class AiTopic:
    """`share` names a group that divides the messages."""

    def __init__(self, broker: Broker, *, name: str, share: str = "") -> None:
        self._broker, self._name = broker, f"{name}-ai"
        self._filter = f"$share/{share}/{TOPIC}" if share else TOPIC
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-ai")
        self._connected = 0

    async def run(self) -> None:
        """For ever; ends by being cancelled, and leaves the session at the broker."""
        client = self._make()
        try:
            await client_connect(self._broker, client, "sightings")
            await asyncio.Event().wait()
        finally:
            with contextlib.suppress(Exception):
                await client.disconnect(session_expiry_interval=SESSION)
            self._thread.submit(connections.close_all)
            self._thread.shutdown(wait=True)

    def _make(self) -> Any:
        client = client_made(
            self._broker,
            self._name,
            clean_session=False,
            optimistic_acknowledgement=False,
            receive_maximum=IN_FLIGHT,
            session_expiry_interval=SESSION,
            maximum_packet_size=LARGEST * 4 // 3 + 65_536,
        )
        client.on_connect, client.on_message = self._on_connect, self._on_message
        return client

    def _on_connect(self, client: Any, *_words: Any) -> None:
        self._connected += 1
        client.subscribe(self._filter, qos=1)

    async def _on_message(self, _client: Any, topic: str, payload: bytes, _qos: int, _properties: Any) -> int:
        """What came on a connection that is gone is never acknowledged on the next: there its number is another's."""
        connected, pause = self._connected, 0.2
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, _take, topic, payload)
                break
            except AWAY as error:
                log.warning("the database is away, sightings wait: %s", str(error).strip())
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        if connected != self._connected:
            await asyncio.Event().wait()
        return 0


def _take(topic: str, payload: bytes) -> None:
    close_old_connections()
    try:
        topic_take(topic, payload, now_ms())
    except AWAY:
        connection.close()
        raise
