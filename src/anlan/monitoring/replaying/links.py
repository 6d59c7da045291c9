"""One device's line over TCP: what was not acknowledged is kept and sent again over the next connection.

Commands of the centre are obeyed by the protocol's simulated device, which measures what the recording last said.
"""

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from anlan.monitoring.moments import now_ms
from anlan.monitoring.replaying.recording import Recorded
from anlan.protocols import Frame, FrameError, ProtocolSpec, decode, protocols

WINDOW = 64
"""Frames of one device under way without an answer."""
PATIENCE = 15.0
"""Seconds without an answer that is due, after which the connection is made anew."""
TICK = 3.0
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass
class Tally:
    """What has become of the frames. `silent`: sent, and no answer is wanted. `repeated`: sendings after the first.
    `obeyed`: commands of the centre that were answered."""

    sent: int = 0
    acknowledged: int = 0
    silent: int = 0
    repeated: int = 0
    skipped: int = 0
    obeyed: int = 0

    @property
    def missing(self) -> int:
        """Answers that are still due."""
        return self.sent - self.silent - self.acknowledged

    def __str__(self) -> str:
        words = f"{self.sent} sent, {self.acknowledged} acknowledged, {self.repeated} repeated"
        obeyed = f", {self.obeyed} commands obeyed" if self.obeyed else ""
        return f"{words}, {self.silent} without an answer wanted, {self.missing} unanswered{obeyed}"


@dataclass(frozen=True, kw_only=True)
class _Due:
    """`held` is the answer where a command waits for the device."""

    raw: bytes
    reply: bytes
    held: bytes
    since: float

    def answered(self, data: bytes) -> int:
        """How many of these bytes are the answer."""
        return next((len(reply) for reply in (self.reply, self.held) if data.startswith(reply)), 0)

    def begun(self, data: bytes) -> bool:
        return self.reply.startswith(data) or self.held.startswith(data)


def ports(words: Mapping[str, str] = os.environ) -> dict[str, int]:
    """The TCP port of each protocol that has one and is on: `ANLAN_PORT_<PROTOCOL>`, else its own."""
    told = {name: int(words.get(f"ANLAN_PORT_{name.upper()}") or spec.port or 0) for name, spec in protocols().items()}
    return {name: port for name, port in told.items() if port}


class Obeying:
    """The device at the end of a line: what it measures, and what it answers to commands."""

    def __init__(self, spec: ProtocolSpec, device: str) -> None:
        self._spec, self._device = spec, device
        self._values: dict[str, float] = {}

    @classmethod
    def of(cls, frame: Recorded) -> "Obeying | None":
        """None where nobody has written a device of this protocol."""
        spec = protocols()[frame.protocol]
        return cls(spec, frame.device) if spec.simulator else None

    def measure(self, frames: Sequence[Frame]) -> None:
        self._values |= {reading.series: reading.value for one in frames for reading in one.readings}

    def first(self, data: bytes) -> bytes | None:
        """The first whole frame of these bytes; empty while it is not whole, None where none begins."""
        events = self._spec.decoder().feed(data)
        if not events:
            return b""
        whole = events[0]
        return None if isinstance(whole, FrameError) or not data.startswith(whole.raw) else whole.raw

    def obey(self, raw: bytes) -> bytes:
        """What the device says to one frame; nothing to what is no command."""
        assert self._spec.simulator is not None
        try:
            return self._spec.simulator(self._device, self._values).feed(raw, now_ms())
        except ValueError:
            return b""


class Link:
    """Answers come in the order of the frames that want one. `trouble` is called whenever there is no connection."""

    def __init__(self, where: tuple[str, int], tally: Tally, trouble: Callable[[str], None]) -> None:
        self._where, self._tally, self._trouble = where, tally, trouble
        self._due: deque[_Due] = deque()
        self._open, self._room = asyncio.Event(), asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._obeying: Obeying | None = None
        self._task = asyncio.create_task(self._run())

    async def send(self, frame: Recorded, raw: bytes) -> None:
        """Waits for a connection, and while too many frames are under way."""
        while len(self._due) >= WINDOW or self._writer is None:
            self._room.clear()
            await (self._room if self._writer else self._open).wait()
        said = [event for event in decode(frame.protocol, raw) if isinstance(event, Frame)]
        reply = b"".join(one.reply or b"" for one in said)
        self._obeying = self._obeying or Obeying.of(frame)
        if self._obeying:
            self._obeying.measure(said)
        self._tally.sent += 1
        self._tally.silent += not reply
        if reply:
            hold = protocols()[frame.protocol].hold
            self._due.append(_Due(raw=raw, reply=reply, held=hold(reply) if hold else reply, since=time.monotonic()))
        self._writer.write(raw)
        with contextlib.suppress(OSError):
            await self._writer.drain()

    async def settle(self) -> None:
        """Returns when everything that wants an answer has it."""
        while self._due:
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        tries = 0
        while True:
            try:
                reader, writer = await asyncio.open_connection(*self._where)
            except OSError as error:
                self._trouble(f"no answer from {self._where[0]}:{self._where[1]} ({error.strerror or error})")
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
                continue
            tries = 0
            await self._talk(reader, writer)
            await asyncio.sleep(PAUSES[0])

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Sends what is still due, then takes answers until the connection ends or one does not come."""
        again = [replace(one, since=time.monotonic()) for one in self._due]
        self._due = deque(again)
        self._tally.repeated += len(again)
        writer.writelines(one.raw for one in again)
        self._writer = writer
        self._open.set()
        self._room.set()
        try:
            await self._listen(reader)
        except OSError as error:
            self._trouble(f"the connection to {self._where[0]}:{self._where[1]} is lost ({error})")
        finally:
            self._writer = None
            self._open.clear()
            self._room.set()
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Raises OSError when the connection has come to its end."""
        rest = b""
        while True:
            try:
                async with asyncio.timeout(TICK):
                    data = await reader.read(65536)
            except TimeoutError:
                if self._due and time.monotonic() - self._due[0].since > PATIENCE:
                    raise ConnectionError("an answer does not come") from None
                continue
            if not data:
                raise ConnectionError("closed by the other side")
            rest = self._take(rest + data)

    def _take(self, answers: bytes) -> bytes:
        """Strikes off what is acknowledged, obeys commands; gives what is left of the bytes, the beginning of either."""
        while self._due and (size := self._due[0].answered(answers)):
            self._due.popleft()
            answers = answers[size:]
            self._tally.acknowledged += 1
            self._room.set()
        if not answers or (self._due and self._due[0].begun(answers)):
            return answers
        taken = self._obeying.first(answers) if self._obeying else None
        if taken is None or self._obeying is None:
            raise ConnectionError("an answer to something else")
        if not taken:
            return answers
        said = self._obeying.obey(taken)
        if said and self._writer is not None:
            self._writer.write(said)
            self._tally.obeyed += 1
        return self._take(answers[len(taken) :])
