"""Sparkplug B: one client that follows all nodes of a broker, in order, and asks for births that it has missed.

It is the primary host `ANLAN_SPARKPLUG_HOST` (anlan): nodes that wait for a host's STATE keep their data while it is
away. Its session is clean, since nothing of an old stream can be read without the births before it.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import Error, close_old_connections, connections
from gmqtt import Message

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.gateway.inbox import Inbox, Item
from anlan.monitoring.gateway.mqtt import LARGEST, Broker
from anlan.monitoring.gateway.side_client import client_connect, client_made
from anlan.monitoring.moments import now_ms
from anlan.monitoring.presence import devices_offline
from anlan.protocols import FrameError
from anlan.protocols.sparkplug import NAME, SPACE, Host, Told, rebirth

PENDING = 5_000
"""Messages held at once that are not yet durable."""
log = logging.getLogger(__name__)


class SparkplugHost:
    """Messages beyond those that may be held are left out and counted as "overflow"."""

    def __init__(self, broker: Broker, inbox: Inbox, *, name: str) -> None:
        self._broker, self._inbox, self._name = broker, inbox, name
        self._host = Host()
        self._waiting: asyncio.Queue[Told] = asyncio.Queue(PENDING)
        self._missed = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-sparkplug")

    async def run(self) -> None:
        """For ever; ends by being cancelled, and then says so to the nodes."""
        client = self._make()
        keeping = asyncio.create_task(self._keep_all(client))
        try:
            await client_connect(self._broker, client, "Sparkplug")
            await keeping
        finally:
            keeping.cancel()
            with contextlib.suppress(Exception):
                client.publish(self._state_topic, self._state(False), qos=1, retain=True)
                await client.disconnect()
            self._thread.submit(connections.close_all)
            self._thread.shutdown(wait=True)

    @property
    def _state_topic(self) -> str:
        return f"{SPACE}/STATE/{os.environ.get('ANLAN_SPARKPLUG_HOST') or 'anlan'}"

    def _state(self, online: bool) -> str:
        return json.dumps({"online": online, "timestamp": now_ms()})

    def _make(self) -> Any:
        will = Message(self._state_topic, self._state(False), qos=1, retain=True)
        name, more = f"{self._name}-sparkplug", {"will_message": will, "maximum_packet_size": LARGEST}
        client = client_made(self._broker, name, clean_session=True, **more)
        client.on_connect, client.on_message = self._on_connect, self._on_message
        return client

    def _on_connect(self, client: Any, *_words: Any) -> None:
        """A new connection may have missed anything: every node is asked for its birth when it is heard again."""
        self._host = Host()
        client.subscribe(f"{SPACE}/#", qos=1)
        client.publish(self._state_topic, self._state(True), qos=1, retain=True)

    def _on_message(self, _client: Any, topic: str, payload: bytes, _qos: int, _properties: Any) -> int:
        if self._waiting.full():
            self._missed += 1
            return 0
        told = self._host.handle(topic, payload, now_ms())
        if told.events:
            self._waiting.put_nowait(told)
        return 0

    async def _keep_all(self, client: Any) -> None:
        while True:
            told = await self._waiting.get()
            if self._missed:
                missed, self._missed = self._missed, 0
                over = Arrival(source=NAME, event=FrameError("overflow"), times=missed)
                await self._inbox.put(Item(arrival=over))
            for node in told.rebirths:
                topic, payload = rebirth(node, now_ms())
                client.publish(topic, payload, qos=1)
            await self._keep(told)

    async def _keep(self, told: Told) -> None:
        """Deaths are told after all that was said before them is durable."""
        durable = asyncio.get_running_loop().create_future()
        for event in told.events[:-1]:
            await self._inbox.put(Item(arrival=Arrival(source=NAME, event=event)))
        last = Arrival(source=NAME, event=told.events[-1])
        await self._inbox.put(
            Item(arrival=last, kept=lambda: durable.set_result(None)) if told.offline else Item(arrival=last)
        )
        if told.offline:
            await durable
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, _gone, told.offline)
            except Error as error:
                log.warning("%d devices cannot be told as gone: %s", len(told.offline), str(error).strip())


def _gone(codes: Sequence[str]) -> None:
    close_old_connections()
    devices_offline(protocol=NAME, codes=codes)
