"""One connection to a broker: messages go to the inbox as they lie in what was received, and are acknowledged together."""

import asyncio
import logging
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.arrivals import Arrival, Messages
from anlan.monitoring.columnar.mqtt_loop import (
    BROKEN,
    CODE,
    CODE_END,
    COLUMNS,
    HEAD,
    PACKET,
    PUBLISH,
    START,
    STOP,
    TOPIC,
    TOPIC_END,
    scan,
)  # fmt: skip
from anlan.monitoring.gateway import mqtt_packets, topics
from anlan.monitoring.gateway.inbox import Inbox, Item
from anlan.monitoring.gateway.mqtt_packets import Wishes
from anlan.monitoring.moments import now_ms
from anlan.protocols import FrameError

SOURCE = "mqtt"
ROWS = 16_384
"""Packets found at once."""
log = logging.getLogger(__name__)


class Link(asyncio.Protocol):
    """`refused` is why the broker does not want us, `ended` is done when the connection is over."""

    def __init__(self, inbox: Inbox, wishes: Wishes, version: int, filters: list[str]) -> None:
        self._inbox, self._wishes, self._version, self._filters = inbox, wishes, version, filters
        self._rest = b""
        self._rows = np.zeros((ROWS, COLUMNS), np.int64)
        self._waiting: asyncio.Task[None] | None = None
        self._keep_alive = wishes.keep_alive
        self._heard_at = time.monotonic()
        self.welcome = False
        self.refused: int | None = None
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(mqtt_packets.connect(self._version, self._wishes))

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        if not self.ended.done():
            self.ended.set_result(error)

    def data_received(self, data: bytes) -> None:
        """Everything that is whole now; half a packet waits for its rest."""
        self._heard_at = time.monotonic()
        data = self._rest + data if self._rest else data
        buffer, fault, at = np.frombuffer(data, np.uint8), 0, 0
        while not fault and not self._transport.is_closing():
            count, used, fault = scan(buffer[at:], self._version == 5, self._wishes.largest, self._rows)
            self._take(buffer[at:], self._rows[:count].copy())
            at += used
            if count < ROWS:
                break
        self._rest = data[at:]
        if fault:
            self._fail("broken bytes" if fault == BROKEN else "a packet that is too long")

    def _take(self, data: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
        messages = rows[:, HEAD] >> 4 == PUBLISH
        for row in rows[~messages]:
            self._hear(int(row[HEAD]) >> 4, data[row[START] : row[STOP]].tobytes())
        if not messages.any():
            return
        rows = rows[messages]
        readings = rows[:, CODE_END] > 0
        for row in rows[~readings].tolist():
            self._read(data, row)
        if readings.any():
            self._put(data, rows[readings])
        if self._inbox.full and self._waiting is None:
            self._transport.pause_reading()
            self._waiting = asyncio.create_task(self._resume())

    def _put(self, data: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
        bounds = np.ascontiguousarray(rows[:, [START, STOP, CODE, CODE_END]])
        packets = rows[:, PACKET][rows[:, PACKET] > 0]
        messages = Messages(source=SOURCE, data=data, bounds=bounds)
        self._inbox.offer(Item(arrival=messages, kept=self._acknowledging(packets)))

    def _read(self, data: NDArray[np.uint8], row: list[int]) -> None:
        """A message of another kind than readings."""
        topic = data[row[TOPIC] : row[TOPIC_END]].tobytes().decode(errors="replace")
        events = topics.read(topic, data[row[START] : row[STOP]].tobytes(), now_ms())
        for event in events[:-1]:
            self._inbox.offer(Item(arrival=Arrival(source=SOURCE, event=event)))
        packets = np.array([row[PACKET]] if row[PACKET] else [], np.int64)
        last = Arrival(source=SOURCE, event=events[-1])
        self._inbox.offer(Item(arrival=last, kept=self._acknowledging(packets)))

    def _acknowledging(self, packets: NDArray[np.int64]) -> Callable[[], None]:
        def acknowledge() -> None:
            if len(packets) and not self._transport.is_closing():
                self._transport.write(mqtt_packets.acknowledge(packets))

        return acknowledge

    async def _resume(self) -> None:
        await self._inbox.space()
        self._waiting = None
        self._heard_at = time.monotonic()
        self._transport.resume_reading()

    def _hear(self, kind: int, body: bytes) -> None:
        try:
            if kind == mqtt_packets.CONNACK:
                self._connected(*mqtt_packets.connack(self._version, body))
            elif kind == mqtt_packets.SUBACK:
                if max(mqtt_packets.suback(self._version, body)) >= 128:
                    self._fail("the broker refuses a subscription")
            elif kind == mqtt_packets.DISCONNECT:
                self._fail(f"the broker says goodbye: {body[:1].hex()}")
        except (mqtt_packets.PacketError, IndexError) as error:
            self._fail(str(error))

    def _connected(self, reason: int, properties: dict[int, int]) -> None:
        if reason:
            self.refused = reason
            return self._fail(f"the broker refuses us: {reason}")
        self.welcome = True
        self._keep_alive = properties.get(mqtt_packets.SERVER_KEEP_ALIVE, self._keep_alive)
        self._transport.write(mqtt_packets.subscribe(self._version, 1, self._filters))
        return None

    def _fail(self, why: str) -> None:
        """The broker sends again what we have not acknowledged."""
        log.warning("the connection to the MQTT broker ends: %s", why)
        self._inbox.offer(Item(arrival=Arrival(source=SOURCE, event=FrameError("connection", why))))
        self._transport.abort()

    async def run(self) -> None:
        """Keeps it alive until it is over."""
        while not self.ended.done():
            await asyncio.wait([self.ended], timeout=self._keep_alive / 2 or None)
            if self._transport.is_closing():
                continue
            if self._waiting is None and time.monotonic() - self._heard_at > 1.5 * self._keep_alive > 0:
                self._fail("the broker is silent")
            elif self._keep_alive:
                self._transport.write(mqtt_packets.PING)

    def leave(self) -> None:
        """The session stays at the broker."""
        if not self._transport.is_closing():
            self._transport.write(mqtt_packets.GOODBYE)
            self._transport.close()
