"""CJ/T 188 meters behind a transparent line (DTU), asked one after the other."""

import asyncio
import contextlib

from anlan.monitoring.polling.dtu import Door, drained
from anlan.monitoring.polling.lines import Answer
from anlan.monitoring.polling.plans import Plan, PollError
from anlan.protocols import Frame, FrameError, cjt188


class MeterLine:
    """The meter's type is the plan's unit: 16 (10H) for cold water, 48 (30H) for gas."""

    def __init__(self, plan: Plan, door: Door) -> None:
        self._where = (plan.host, plan.port)
        self._door = door if plan.dials_in else None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._serial = 0

    async def ask(self, plan: Plan, now: int) -> Answer:
        self._serial = (self._serial + 1) % 256
        try:
            question = cjt188.question(plan.code, self._serial, plan.unit if plan.unit >= 0x10 else 0x10)
        except ValueError as error:
            raise PollError("plan", str(error)) from error
        reader, writer = await self._open()
        await drained(reader)
        writer.write(question)
        await writer.drain()
        event = cjt188.read(await self._answer(reader, plan.code), now)
        if isinstance(event, FrameError):
            raise PollError(event.kind, event.detail)
        if event.function != f"{cjt188.READ_ANSWER:02X}" or not event.readings:
            raise PollError("exception", f"answer {event.function}")
        return Answer(
            readings=list(event.readings), raw=event.raw, fields=event.fields, deviations=list(event.deviations)
        )

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._door is not None:
            return self._door.line(self._where[0])
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._where)
        return self._streams

    async def _answer(self, reader: asyncio.StreamReader, meter: str) -> bytes:
        """The meter's frame; a line that echoes the question, and late answers of other meters, are passed over."""
        decoder = cjt188.decoder()
        while data := await reader.read(4096):
            for event in decoder.feed(data):
                if isinstance(event, FrameError) and event.kind != "garbage":
                    raise PollError(event.kind, event.detail)
                if isinstance(event, Frame) and event.function != "01" and event.device == meter:
                    return event.raw
        raise ConnectionError("the line is closed")

    async def close(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
            with contextlib.suppress(OSError):
                await streams[1].wait_closed()
