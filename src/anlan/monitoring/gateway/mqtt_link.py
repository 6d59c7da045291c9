"""One connection to a broker: messages are handed on as they lie in what was received, and acknowledged together."""

import asyncio
import logging
import time
from functools import partial

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.columnar.mqtt_loop import BROKEN, COLUMNS, HEAD, PACKET, PUBLISH, START, STOP, TOO_LONG, scan
from anlan.monitoring.gateway import mqtt_packets
from anlan.monitoring.gateway.mqtt_outbox import NUMBERS, REFUSED, Outbox
from anlan.monitoring.gateway.mqtt_session import Delivery, Session

ROWS = 16_384
"""Packets found at once."""
BREATH = 0.002
"""Seconds between two readings of the socket: what gathers meanwhile is found, stored and acknowledged as one."""
log = logging.getLogger(__name__)


def warm() -> None:
    """Compile, or load from the cache, what finds packets."""
    scan(np.frombuffer(b"", np.uint8), True, 1, np.zeros((1, COLUMNS), np.int64))


class Link(asyncio.Protocol):
    """`refused` is why the broker does not want us, `ended` is done when the connection is over."""

    def __init__(self, session: Session, outbox: Outbox, version: int, login: tuple[str, str] = ("", "")) -> None:
        self._session, self._outbox, self._version, self._login = session, outbox, version, login
        self._rest, self._skip = b"", 0
        self._rows = np.zeros((ROWS, COLUMNS), np.int64)
        self._busy: asyncio.Task[None] | None = None
        self._held = False
        self._keep_alive = session.keep_alive
        self._heard_at = time.monotonic()
        self.welcome = False
        self.refused: int | None = None
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(mqtt_packets.connect(self._version, self._session, *self._login))

    def connection_lost(self, error: Exception | None) -> None:
        if self._busy is not None:
            self._busy.cancel()
        if not self.ended.done():
            self.ended.set_result(error)

    def data_received(self, data: bytes) -> None:
        self._heard_at = time.monotonic()
        self._rest += data[self._skip :]
        self._skip = max(0, self._skip - len(data))
        self._read()
        self._transport.pause_reading()
        asyncio.get_running_loop().call_later(BREATH, self._listen)

    def _listen(self) -> None:
        if not (self._busy or self._held):
            self._transport.resume_reading()

    def _read(self) -> None:
        """Everything that is whole now; half a packet waits for its rest."""
        data, at, fault, count = np.frombuffer(self._rest, np.uint8), 0, 0, ROWS
        while count == ROWS and not (fault or self._busy or self._held or self._transport.is_closing()):
            count, used, fault = scan(data[at:], self._version == 5, self._session.largest, self._rows)
            self._take(data[at:], self._rows[:count].copy())
            at += used
        self._rest = self._rest[at:]
        if fault == TOO_LONG and self._rest[0] >> 4 == PUBLISH:
            self._cut()
        elif fault:
            self._fail("broken bytes" if fault == BROKEN else "a packet that is too long")

    def _cut(self) -> None:
        """A message that is too long is handed on without its end, so that it is counted as broken and does not come again."""
        begin, length = mqtt_packets.number_at(self._rest, 1)
        end = begin + self._session.largest
        if len(self._rest) >= end:
            beyond, whole = self._rest[end:], length - self._session.largest
            head = self._rest[:1] + mqtt_packets.number(self._session.largest)
            self._rest = head + self._rest[begin:end] + beyond[whole:]
            self._skip = max(0, whole - len(beyond))
            self._read()

    def _take(self, data: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
        messages = rows[:, HEAD] >> 4 == PUBLISH
        for row in rows[~messages].tolist():
            self._hear(row[HEAD] >> 4, data[row[START] : row[STOP]].tobytes())
        if messages.any():
            self._give(data, rows[messages])

    def _give(self, data: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
        packets = rows[:, PACKET][rows[:, PACKET] > 0]
        work = self._session.take(Delivery(data=data, rows=rows, acknowledge=partial(self._acknowledge, packets)))
        if work is not None:
            self._busy = asyncio.create_task(work)
            self._busy.add_done_callback(self._go_on)

    def _go_on(self, work: asyncio.Task[None]) -> None:
        self._busy, self._heard_at = None, time.monotonic()
        if work.cancelled():
            return
        if error := work.exception():
            log.error("a message cannot be taken", exc_info=error)
            self._fail("a message cannot be taken")
        self._read()
        self._listen()

    def _acknowledge(self, packets: NDArray[np.int64]) -> None:
        if len(packets) and not self._transport.is_closing():
            self._transport.write(mqtt_packets.acknowledge(packets))

    def _hear(self, kind: int, body: bytes) -> None:
        try:
            if kind == mqtt_packets.CONNACK:
                self._connected(*mqtt_packets.connack(self._version, body))
            elif kind == mqtt_packets.SUBACK:
                if max(mqtt_packets.suback(self._version, body)) >= REFUSED:
                    self._fail("the broker refuses a subscription")
            elif kind == mqtt_packets.PUBACK:
                self._published(*mqtt_packets.puback(body))
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
        if self._session.filters:
            self._transport.write(mqtt_packets.subscribe(self._version, 1, self._session.filters))
        self._outbox.begin(properties.get(mqtt_packets.RECEIVE_MAXIMUM, NUMBERS))
        self._session.welcomed()
        return self.send()

    def _published(self, number: int, reason: int) -> None:
        if reason >= REFUSED:
            self._session.trouble(f"the broker refuses a message: {reason}")
        self._outbox.acknowledged(number, reason)
        self.send()

    def send(self) -> None:
        """What waits in the outbox, as far as the broker wants it now."""
        if self.welcome and not self._transport.is_closing():
            self._transport.write(self._outbox.packets(self._version))

    def _fail(self, why: str) -> None:
        """The broker sends again what we have not acknowledged."""
        self._session.trouble(f"the connection to the MQTT broker ends: {why}")
        self._transport.abort()

    async def run(self) -> None:
        """Keeps it alive until it is over."""
        while not self.ended.done():
            await asyncio.wait([self.ended], timeout=self._keep_alive / 2 or None)
            if self._transport.is_closing():
                continue
            if self._busy is None and time.monotonic() - self._heard_at > 1.5 * self._keep_alive > 0:
                self._fail("the broker is silent")
            elif self._keep_alive:
                self._transport.write(mqtt_packets.PING)

    def hold(self) -> None:
        """Nothing more is read; what has been can still be acknowledged."""
        self._held = True
        self._transport.pause_reading()

    def leave(self) -> None:
        """The session stays at the broker."""
        if not self._transport.is_closing():
            self._transport.write(mqtt_packets.GOODBYE)
            self._transport.close()
