"""A reservoir gauge that waits to be asked by Modbus TCP, with a storm every three hours of the clock.

The level at a moment is a plain function, so that the demo's history and what the gauge says today are one course.
"""

import asyncio
import contextlib
import math
import struct
from collections.abc import Callable

from anlan.monitoring.moments import now_ms

PORT = 15_020
REGISTER, SCALE = 0, 0.001
"""The holding register and what one unit of it is, in metres."""
MINUTE = 60_000
CYCLE, RISE, FALL = 180 * MINUTE, 80 * MINUTE, 25 * MINUTE
LOW, HEIGHT, NOISE = 1.2, 0.92, 0.003
HOLDING, REFUSED = 3, 2
QUESTION = 12
"""Bytes of a question for registers."""


def level_at(ms: int) -> float:
    """Metres at a moment: a rise that slackens towards its top, and a recession; rounded to the register's unit."""
    since = ms % CYCLE
    rise, fall = math.sin(math.pi / 2 * since / RISE) ** 2, math.exp((RISE - since) / FALL)
    share = rise if since < RISE else fall
    wave = math.sin(ms / 7_000) + math.sin(ms / 31_000)
    return round(LOW + HEIGHT * share + NOISE * wave / 2, 3)


def answer(question: bytes, ms: int) -> bytes:
    """To one MBAP frame of 12 bytes; exception 2 for anything but the one register."""
    number, _protocol, _length, unit, function, start, count = struct.unpack(">HHHBBHH", question)
    if (function, start, count) != (HOLDING, REGISTER, 1):
        return struct.pack(">HHHBBB", number, 0, 3, unit, function | 0x80, REFUSED)
    return struct.pack(">HHHBBBh", number, 0, 5, unit, function, 2, round(level_at(ms) / SCALE))


async def gauge_run(stop: asyncio.Event, say: Callable[[str], None], *, port: int = PORT) -> None:
    """Until it is stopped; says so where the port is taken, and goes without."""
    lines: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                writer.write(answer(await reader.readexactly(QUESTION), now_ms()))
                await writer.drain()
        lines.discard(writer)
        writer.close()

    try:
        server = await asyncio.start_server(serve, "127.0.0.1", port)
    except OSError as error:
        say(f"reservoir gauge: {error}")
        return
    try:
        await stop.wait()
    finally:
        server.close()
        for line in list(lines):
            line.close()
        await asyncio.sleep(0.05)
