"""Lines that dial in: a DTU connects, says who it is, and from then on passes bytes to and from its bus.

The first bytes of a connection are the DTU's registration, up to 64 printable characters; it is known where a plan
names it (`modbus-dtu://<registration>`, `cjt188-dtu://<registration>`). `ANLAN_PORT_DTU` is the port (0: off),
`ANLAN_ALLOW_DTU` the networks from which DTUs may come.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Awaitable, Callable

from anlan.monitoring.life.accesses import networks_of, within
from anlan.monitoring.polling.plans import PollError

PATIENCE, MORE = 30.0, 2.0
"""Seconds for a registration to begin, and for the rest of one that comes in pieces."""
MOST, LONGEST = 5_000, 128
_NAME = re.compile(rb"[\x21-\x7e]{1,64}")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def named(said: bytes) -> str:
    """The first line of what was said; empty for what is no name."""
    line = said.partition(b"\n")[0].strip()
    return line.decode("ascii") if _NAME.fullmatch(line) else ""


class Door:
    """Takes connections of DTUs that a plan names; a DTU that connects again ends its connection before."""

    def __init__(self, refused: Callable[[str, str], Awaitable[None]]) -> None:
        self._refused = refused
        self._networks = networks_of(os.environ.get("ANLAN_ALLOW_DTU") or "")
        self._lines: dict[str, Streams] = {}
        self._waiting = 0
        self._server: asyncio.Server | None = None
        self.known: set[str] = set()

    async def listen(self, host: str, port: int) -> None:
        self._server = await asyncio.start_server(self._accept, host, port, limit=65_536)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str((writer.get_extra_info("peername") or ("?",))[0])
        if self._networks and not within(address, self._networks):
            await self._refused("address", address)
            return writer.close()
        if self._waiting + len(self._lines) >= MOST:
            await self._refused("crowded", "too many lines")
            return writer.close()
        self._waiting += 1
        try:
            name = await self._registration(reader)
        finally:
            self._waiting -= 1
        if name not in self.known:
            await self._refused("device", name or "no registration")
            return writer.close()
        self.drop(name)
        self._lines[name] = (reader, writer)
        return None

    async def _registration(self, reader: asyncio.StreamReader) -> str:
        """Empty for what is none. It may come in pieces, with or without a line end, with a heartbeat behind it."""
        said, clock = b"", asyncio.get_running_loop().time
        last = clock() + PATIENCE
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout_at(last) as limit:
                while len(said) < LONGEST and (data := await reader.read(LONGEST)):
                    said = (said + data).lstrip()
                    if b"\n" in said or self._whole(named(said)):
                        break
                    limit.reschedule(min(last, clock() + MORE))
        return named(said)

    def _whole(self, name: str) -> bool:
        """Whether no more is to be waited for: it is known, and no longer name that begins like it is."""
        return name in self.known and not any(one != name and one.startswith(name) for one in self.known)

    def line(self, name: str) -> Streams:
        """The streams of a DTU. PollError where it is not connected."""
        streams = self._lines.get(name)
        if streams is not None and (streams[0].at_eof() or streams[1].is_closing()):
            self.drop(name)
            streams = None
        if streams is None:
            raise PollError("unreachable", f"DTU {name}")
        return streams

    def drop(self, name: str) -> None:
        streams = self._lines.pop(name, None)
        if streams is not None:
            streams[1].close()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        writers = [writer for _reader, writer in self._lines.values()]
        for name in list(self._lines):
            self.drop(name)
        for writer in writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def drained(reader: asyncio.StreamReader) -> None:
    """Throws away what has come since the last question: heartbeats, and answers that were too late."""
    while True:
        try:
            async with asyncio.timeout(0.01):
                if not await reader.read(4096):
                    raise ConnectionError("the line is closed")
        except TimeoutError:
            return
