"""SIP over UDP and TCP on one port: messages in from anybody, out to who is known, within the limits of the house."""

import asyncio
import contextlib
import socket
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anlan.monitoring.gateway.limits import Limits
from anlan.monitoring.gateway.tcp import PIECE, UNREAD, Pace
from anlan.protocols.sip import SipEvent, SipFault, SipMessage, SipStream, parse_datagram

MOST_PACES = 10_000
UDP_BUFFER = 8_388_608
"""Bytes that the system is asked to hold while we are busy; it may grant less (net.core.rmem_max)."""
UDP, TCP = "UDP", "TCP"


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """Where a message came from, and where its answer goes."""

    host: str
    port: int
    transport: str


class Wire:
    """`hear` is called with each message, `count` with the name of each thing that went wrong."""

    def __init__(self, hear: Callable[[SipMessage, Peer], None], count: Callable[[str], None], limits: Limits) -> None:
        self._hear, self._count, self._limits = hear, count, limits
        self._paces: OrderedDict[str, Pace] = OrderedDict()
        self._lines: dict[Peer, asyncio.StreamWriter] = {}
        self._hosts: Counter[str] = Counter()
        self._trusted: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        self._tcp = await asyncio.start_server(self._accept, host, port, limit=PIECE, backlog=512)
        loop = asyncio.get_running_loop()
        self._udp, _protocol = await loop.create_datagram_endpoint(lambda: _Datagrams(self), (host, port))
        self._udp.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_BUFFER)

    def trust(self, hosts: set[str]) -> None:
        """These, and no others, may send as fast as platforms do."""
        for host in hosts ^ self._trusted:
            self._paces.pop(host, None)
        self._trusted = hosts

    def send(self, peer: Peer, data: bytes) -> bool:
        """False where the peer's connection is gone."""
        if peer.transport == UDP:
            if self._udp is not None and not self._udp.is_closing():
                self._udp.sendto(data, (peer.host, peer.port))
            return self._udp is not None
        writer = self._lines.get(peer)
        if writer is None or writer.transport.is_closing():
            return False
        writer.write(data)
        if writer.transport.get_write_buffer_size() > UNREAD:
            writer.transport.abort()
        return True

    def datagram(self, data: bytes, host: str, port: int) -> None:
        if self._pace(host).wait() > 0:
            return self._count("throttled")
        event = parse_datagram(data)
        return None if event is None else self._take(event, Peer(host=host, port=port, transport=UDP))

    def _take(self, event: SipEvent, peer: Peer) -> None:
        if isinstance(event, SipFault):
            return self._count(event.kind)
        return self._hear(event, peer)

    def _pace(self, host: str) -> Pace:
        """One pace for each host; whose was used longest ago makes room."""
        if host not in self._paces:
            self._paces[host] = Pace(self._limits.platform if host in self._trusted else self._limits.rate)
            if len(self._paces) > MOST_PACES:
                self._paces.popitem(last=False)
        self._paces.move_to_end(host)
        return self._paces[host]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = (writer.get_extra_info("peername") or ("?", 0))[:2]
        if len(self._lines) >= self._limits.connections or self._hosts[host] >= self._limits.connections_each:
            self._count("crowded")
            return writer.close()
        peer, task = Peer(host=host, port=port, transport=TCP), asyncio.current_task()
        self._lines[peer] = writer
        self._hosts[host] += 1
        if task is not None:
            self._tasks.add(task)
        try:
            await self._serve(reader, peer)
        finally:
            writer.close()
            del self._lines[peer]
            self._hosts -= Counter({host: 1})
            self._tasks.discard(task)
        return None

    async def _serve(self, reader: asyncio.StreamReader, peer: Peer) -> None:
        """A message's clock runs from its first byte, however slowly more of it trickles in."""
        stream, ends = SipStream(), 0.0
        with contextlib.suppress(ConnectionError, TimeoutError):
            while not stream.broken:
                limit = min(self._limits.idle, ends - time.monotonic()) if stream.open else self._limits.idle
                async with asyncio.timeout(max(limit, 0)):
                    data = await reader.read(PIECE)
                if not data:
                    break
                was_open = stream.open
                found = stream.feed(data)
                if found or not was_open:
                    ends = time.monotonic() + self._limits.frame
                await self._take_all(found, peer)
        if stream.open:
            self._count("truncated")

    async def _take_all(self, events: list[SipEvent], peer: Peer) -> None:
        for event in events:
            await asyncio.sleep(self._pace(peer.host).wait())
            self._take(event, peer)

    async def close(self) -> None:
        if self._tcp is not None:
            self._tcp.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._udp is not None:
            self._udp.close()


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams on. An ICMP refusal of an earlier answer is the peer's affair."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def datagram_received(self, data: bytes, address: Any) -> None:
        self._wire.datagram(data, str(address[0]), int(address[1]))

    def error_received(self, _error: Exception) -> None:
        """Not ours to act on."""
