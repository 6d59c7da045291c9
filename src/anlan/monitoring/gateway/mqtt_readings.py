"""Readings over MQTT: `anlan/<device>/readings`, JSON, acknowledged to the broker only when they are durable."""

import logging
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import numpy as np

from anlan.monitoring.arrivals import Arrival, Messages
from anlan.monitoring.columnar.mqtt_loop import CODE, CODE_END, START, STOP
from anlan.monitoring.gateway.inbox import Inbox, Item
from anlan.monitoring.gateway.mqtt import Broker, Client
from anlan.monitoring.gateway.mqtt_session import KEPT, Delivery, Session, shared
from anlan.protocols import FrameError

SOURCE, TOPIC = "mqtt", "anlan/+/readings"
BOUNDS = [START, STOP, CODE, CODE_END]
log = logging.getLogger(__name__)


class Readings:
    """From a broker to the inbox. `share` names a group that divides the messages."""

    def __init__(self, broker: Broker, inbox: Inbox, *, name: str, share: str = "") -> None:
        self._inbox = inbox
        self.session = Session(
            name=name, filters=(shared(TOPIC, share),), expiry=KEPT, take=self.take, trouble=self._trouble
        )
        self.client = Client(broker, self.session)

    def take(self, delivery: Delivery) -> Coroutine[Any, Any, None] | None:
        """A topic without a device ("anlan//readings") is counted as that."""
        known = delivery.rows[:, CODE_END] > 0
        strange = replace(delivery, rows=delivery.rows[~known])
        arrivals: list[Arrival | Messages] = [
            Arrival(source=SOURCE, event=FrameError("topic", one.topic[:200], one.payload)) for one in strange
        ]
        if known.any():
            bounds = np.ascontiguousarray(delivery.rows[known][:, BOUNDS])
            arrivals.append(Messages(source=SOURCE, data=delivery.data, bounds=bounds))
        for arrival in arrivals[:-1]:
            self._inbox.offer(Item(arrival=arrival))
        self._inbox.offer(Item(arrival=arrivals[-1], kept=delivery.acknowledge))
        return self._inbox.space() if self._inbox.full else None

    def _trouble(self, why: str) -> None:
        log.warning(why)
        self._inbox.offer(Item(arrival=Arrival(source=SOURCE, event=FrameError("connection", why))))
