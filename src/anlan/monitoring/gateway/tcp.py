"""A TCP server a protocol, and one connection of a device."""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections import Counter

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.commanding.lines import Lines
from anlan.monitoring.gateway.inbox import Inbox, Item
from anlan.monitoring.gateway.limits import Limits
from anlan.monitoring.gateway.tcp_door import HANDSHAKE, Door, Peer
from anlan.monitoring.gateway.tcp_guard import Guard
from anlan.monitoring.gateway.tcp_keys import Keys
from anlan.protocols import Event, Frame, FrameError, ProtocolSpec
from anlan.protocols.frames import abandoned

PIECE = 65_536
UNREAD = 262_144
"""A device that leaves so many bytes of answers unread is cut off."""
log = logging.getLogger(__name__)


class Pace:
    """How long to wait so that a connection keeps to so many frames a second, two seconds' worth at once."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left = 2 * rate
        self._at = time.monotonic()

    def wait(self) -> float:
        now = time.monotonic()
        self._left = min(2 * self._rate, self._left + (now - self._at) * self._rate) - 1
        self._at = now
        return max(0.0, -self._left / self._rate)


class Connection:
    """One connection. Its frames are answered in their order, each after it has become durable."""

    def __init__(
        self,
        spec: ProtocolSpec,
        inbox: Inbox,
        limits: Limits,
        lines: Lines,
        guard: Guard,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._spec, self._inbox, self._limits, self._lines = spec, inbox, limits, lines
        self._guard, self._reader, self._writer = guard, reader, writer
        self._decoder = spec.decoder()
        self._pace = Pace(limits.rate)
        self._errors = 0
        self._slowed = self._stopping = False
        self._open_since: float | None = None
        self._due = 0
        self._sender = ""
        self._unsent: list[bytes] = []

    async def serve(self) -> None:
        """Until the device or a limit ends it; answers that are still due are given first."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            while self._errors < self._limits.errors and (data := await self._read()):
                events = self._decoder.feed(data)
                self._note_progress(bool(events))
                await self._take(events)
                await asyncio.sleep(0)
        if not self._stopping:
            await self._take(self._decoder.close())
            for error in abandoned(self._decoder):
                await self._put(error)
        self._lines.gone(self)
        while self._due and not self._writer.transport.is_closing():
            await asyncio.sleep(0.02)
        self._flush()

    def stop(self) -> None:
        """Takes no more bytes; half a frame is for its device to send again."""
        self._stopping = True
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]
        self._reader.feed_eof()

    async def _read(self) -> bytes:
        limit = self._limits.idle
        if self._open_since is not None:
            limit = min(limit, self._open_since + self._limits.frame - time.monotonic())
        if limit <= 0:
            raise TimeoutError
        async with asyncio.timeout(limit):
            return await self._reader.read(PIECE)

    def _note_progress(self, progress: bool) -> None:
        """A frame's clock runs from the first byte after the last event, however slowly more bytes trickle in."""
        if progress:
            self._open_since = None
        elif self._open_since is None:
            self._open_since = time.monotonic()

    async def _take(self, events: list[Event]) -> None:
        for event in events:
            wait = self._pace.wait()
            if wait or self._slowed:
                await self._slow_down(wait)
            if isinstance(event, Frame):
                await self._take_frame(event)
            else:
                self._errors += 1
                await self._put(event)

    async def _take_frame(self, frame: Frame) -> None:
        """What is refused is counted under the device that it names, and carries nothing else of it."""
        verdict = await self._guard.judge(frame)
        if verdict.refusal:
            self._errors += 1
            return await self._put(FrameError(verdict.refusal), verdict.reply, frame.device)
        self._errors, self._sender = 0, frame.device
        if not self._reader.at_eof():
            self._lines.heard(self, self.send, verdict.frame)
        return await self._put(verdict.frame, verdict.frame.reply)

    async def _slow_down(self, wait: float) -> None:
        if wait and not self._slowed:
            await self._put(FrameError("throttled"))
        self._slowed = wait > 0
        await asyncio.sleep(wait)

    async def _put(self, event: Event, reply: bytes | None = None, sender: str = "") -> None:
        arrival = Arrival(source=self._spec.name, event=event, sender=sender or self._sender)
        self._due += reply is not None
        await self._inbox.put(Item(arrival=arrival, kept=lambda: self._answer(event, reply)))

    def _answer(self, event: Event, reply: bytes | None) -> None:
        """A device for which a command waits is asked to stay on the line."""
        if reply is None:
            return
        self._due -= 1
        hold = self._spec.hold
        wanted = isinstance(event, Frame) and (event.protocol, event.device) in self._lines.wanted
        self.send(hold(reply) if hold and wanted else reply)

    def send(self, data: bytes) -> None:
        """What is said at once goes out together."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(data)

    def _flush(self) -> None:
        """Nothing is sent to a connection that is closing."""
        data, transport = b"".join(self._unsent), self._writer.transport
        self._unsent.clear()
        if not data or transport.is_closing():
            return
        self._writer.write(data)
        if transport.get_write_buffer_size() > UNREAD:
            transport.abort()


class Server:
    """Listens for one protocol at one door."""

    def __init__(self, spec: ProtocolSpec, inbox: Inbox, limits: Limits, lines: Lines, keys: Keys, door: Door) -> None:
        self._spec, self._inbox, self._limits = spec, inbox, limits
        self._lines, self._keys, self._door = lines, keys, door
        self._peers: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        self._server = await asyncio.start_server(self._accept, host, port, limit=PIECE, backlog=512)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        peer = str((writer.get_extra_info("peername") or ("?",))[0])
        if task is None or not self._door.admits(peer) or self._full(peer):
            return await self._turn_away(writer, "crowded" if self._door.admits(peer) else "address")
        self._tasks.add(task)
        self._peers[peer] += 1
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            if self._door.context is None or await self._shake_hands(self._door.context, reader, writer):
                await self._serve(task, Peer.of(peer, writer.get_extra_info("ssl_object")), reader, writer)
        finally:
            writer.close()
            self._tasks.discard(task)
            self._peers -= Counter({peer: 1})
        return None

    async def _serve(
        self, task: "asyncio.Task[None]", peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        guard = Guard(self._spec, self._keys, peer, certificates=self._door.certificates)
        connection = Connection(self._spec, self._inbox, self._limits, self._lines, guard, reader, writer)
        self._connections[task] = connection
        try:
            await self._keys.fresh()
            await connection.serve()
        finally:
            self._lines.gone(connection)
            del self._connections[task]

    async def _shake_hands(
        self, context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the other side has shown a certificate of our authority. Nothing may be waited for before."""
        try:
            await writer.start_tls(context, ssl_handshake_timeout=HANDSHAKE)
        except (OSError, TimeoutError):
            await self._turn_away(writer, "handshake")
            return False
        reader._transport = writer.transport  # type: ignore[attr-defined]
        return True

    async def _turn_away(self, writer: asyncio.StreamWriter, why: str) -> None:
        await self._inbox.put(Item(arrival=Arrival(source=self._spec.name, event=FrameError(why))))
        writer.close()

    def _full(self, peer: str) -> bool:
        return len(self._tasks) >= self._limits.connections or self._peers[peer] >= self._limits.connections_each

    def stop_reading(self) -> None:
        """No more devices and no more bytes; what has been received is still answered."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections.values():
            connection.stop()

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
