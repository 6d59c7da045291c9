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

from django.db import Error, close_old_connections, connections

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.gateway.inbox import Inbox, Item
from anlan.monitoring.gateway.mqtt import Broker, Client
from anlan.monitoring.gateway.mqtt_session import Delivery, Message, Session
from anlan.monitoring.moments import now_ms
from anlan.monitoring.presence import devices_offline
from anlan.protocols.sparkplug import NAME, SPACE, Host, Told, rebirth

FAREWELL = 2.0
"""Seconds for the broker to hear that the host is gone."""
log = logging.getLogger(__name__)


class SparkplugHost:
    """What comes waits at the broker while there is no room."""

    def __init__(self, broker: Broker, inbox: Inbox, *, name: str) -> None:
        self._inbox = inbox
        self._host, self._since = Host(), 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-sparkplug")
        session = Session(
            name=f"{name}-sparkplug", filters=(f"{SPACE}/#",), take=self._take, will=self._will, welcomed=self._begin
        )
        self._client = Client(broker, session)

    async def run(self) -> None:
        """For ever; ends by being cancelled, and then says so to the nodes."""
        following = asyncio.create_task(self._client.run())
        try:
            await asyncio.wait([following])
        finally:
            if self._client.connected:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FAREWELL):
                        await self._client.publish(self._state(False, now_ms()))
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            self._thread.submit(connections.close_all)
            self._thread.shutdown(wait=True)

    def _state(self, online: bool, time: int) -> Message:
        topic = f"{SPACE}/STATE/{os.environ.get('ANLAN_SPARKPLUG_HOST') or 'anlan'}"
        payload = json.dumps({"online": online, "timestamp": time}).encode()
        return Message(topic=topic, payload=payload, retain=True)

    def _will(self) -> Message:
        """Of the same moment as the STATE that it ends."""
        self._since = now_ms()
        return self._state(False, self._since)

    def _begin(self) -> None:
        """A new connection may have missed anything: every node is asked for its birth when it is heard again."""
        self._host = Host()
        self._client.publish(self._state(True, self._since))

    async def _take(self, delivery: Delivery) -> None:
        for message in delivery:
            told = self._host.handle(message.topic, message.payload, now_ms())
            for node in told.rebirths:
                topic, payload = rebirth(node, now_ms())
                self._client.publish(Message(topic=topic, payload=payload))
            await self._keep(told)
        delivery.acknowledge()

    async def _keep(self, told: Told) -> None:
        """Deaths are told after all that was said before them is durable."""
        durable = asyncio.Event()
        for event in told.events:
            await self._inbox.put(Item(arrival=Arrival(source=NAME, event=event), kept=durable.set))
        if told.offline:
            await durable.wait()
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, _gone, told.offline)
            except Error as error:
                log.warning("%d devices cannot be told as gone: %s", len(told.offline), str(error).strip())


def _gone(codes: Sequence[str]) -> None:
    close_old_connections()
    devices_offline(protocol=NAME, codes=codes)
