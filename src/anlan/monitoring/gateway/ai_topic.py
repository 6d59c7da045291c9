"""Sightings over MQTT: `anlan/<camera>/ai`, acknowledged to the broker only when they are durable.

A client with a session of its own beside that of readings, since these messages carry pictures and are few.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.db import InterfaceError, OperationalError, close_old_connections, connection, connections

from anlan.monitoring.gateway.mqtt import LONGEST_PAUSE, Broker, Client
from anlan.monitoring.gateway.mqtt_session import KEPT, Delivery, Message, Session, shared
from anlan.monitoring.moments import now_ms
from anlan.monitoring.video.intake import TOPIC, claim_count, topic_take
from anlan.monitoring.video.pictures import LARGEST

IN_FLIGHT = 16
AWAY = (OperationalError, InterfaceError)
log = logging.getLogger(__name__)


class AiTopic:
    """`share` names a group that divides the messages."""

    def __init__(self, broker: Broker, *, name: str, share: str = "") -> None:
        session = Session(
            name=f"{name}-ai", filters=(shared(TOPIC, share),), expiry=KEPT, take=self._take,
            in_flight=IN_FLIGHT, largest=LARGEST * 4 // 3 + 65_536,
        )  # fmt: skip
        self.client = Client(broker, session)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-ai")

    async def run(self) -> None:
        """For ever; ends by being cancelled."""
        try:
            await self.client.run()
        finally:
            self._thread.submit(connections.close_all)
            self._thread.shutdown(wait=True)

    async def _take(self, delivery: Delivery) -> None:
        for message in delivery:
            await self._keep(message)
        delivery.acknowledge()

    async def _keep(self, message: Message) -> None:
        """For as long as the database is away."""
        pause = 0.2
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, _store, message)
            except AWAY as error:
                log.warning("the database is away, sightings wait: %s", str(error).strip())
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)


def _store(message: Message) -> None:
    close_old_connections()
    try:
        topic_take(message.topic, message.payload, now_ms())
    except AWAY:
        connection.close()
        raise
    except Exception:
        log.exception("a sighting cannot be stored")
        claim_count("refused")
