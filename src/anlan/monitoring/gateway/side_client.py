"""The MQTT clients beside that of readings: how they are set up, and how they wait for a broker."""

import asyncio
import logging
from typing import Any

from gmqtt import Client
from gmqtt.mqtt.constants import UNLIMITED_RECONNECTS
from gmqtt.mqtt.handler import MQTTError

from anlan.monitoring.gateway.mqtt import FIRST_PAUSE, KEEP_ALIVE, LONGEST_PAUSE, PATIENCE, Broker

log = logging.getLogger(__name__)


def client_made(broker: Broker, name: str, **wishes: Any) -> Any:
    """A client that connects again by itself; `wishes` are gmqtt's own."""
    client = Client(name, **wishes)
    client.set_config({"reconnect_retries": UNLIMITED_RECONNECTS, "reconnect_delay": 1})
    if broker.username:
        client.set_auth_credentials(broker.username, broker.password)
    return client


async def client_connect(broker: Broker, client: Any, purpose: str) -> None:
    """Until the first time, however long the broker is away; `purpose` is for the log."""
    pause = FIRST_PAUSE
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                return await client.connect(
                    broker.host, broker.port, ssl=broker.context() or False, keepalive=KEEP_ALIVE
                )
        except (OSError, MQTTError) as error:
            log.info("no MQTT broker for %s: %s", purpose, error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
