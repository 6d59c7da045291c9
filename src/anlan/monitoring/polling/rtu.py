"""Modbus RTU frames over a line that is there already."""

import asyncio
from collections.abc import Sequence

from anlan.monitoring.polling.dtu import Door, drained
from anlan.monitoring.polling.lines import Answer
from anlan.monitoring.polling.modbus import ExceptionCode, ask_blocks
from anlan.monitoring.polling.plans import Plan
from anlan.monitoring.polling.registers import BITS, Block
from anlan.protocols.checksums import crc_modbus

FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}


class RtuLine:
    """Asks over the connection that a DTU has opened."""

    def __init__(self, plan: Plan, door: Door) -> None:
        self._name, self._door = plan.host, door

    async def ask(self, plan: Plan, now: int) -> Answer:
        reader, writer = self._door.line(self._name)

        async def read(block: Block) -> Sequence[int | bool]:
            await drained(reader)
            function = FUNCTIONS[block.table]
            writer.write(question(plan.unit, function, block.start, block.count))
            await writer.drain()
            return words(await _answer(reader, plan.unit, function), block)

        return await ask_blocks(plan, now, read)

    async def close(self) -> None:
        """The line is the DTU's and stays; a question that got no answer is followed by the next one."""


def question(unit: int, function: int, start: int, count: int) -> bytes:
    said = bytes((unit, function)) + start.to_bytes(2, "big") + count.to_bytes(2, "big")
    return said + crc_modbus(said).to_bytes(2, "little")


async def _answer(reader: asyncio.StreamReader, unit: int, function: int) -> bytes:
    """The bytes of data of the answer; what a line says besides is passed over."""
    buffer = b""
    while data := await reader.read(1024):
        buffer = (buffer + data)[-2048:]
        for at in range(len(buffer) - 4):
            if buffer[at] == unit and (found := answer_at(buffer, at, function)) is not None:
                return found
    raise ConnectionError("the line is closed")


def answer_at(buffer: bytes, at: int, function: int) -> bytes | None:
    """The data of a whole answer that begins here, None where none does. `ExceptionCode` where the device refuses."""
    said = buffer[at + 1]
    size = 5 if said == function | 0x80 else 5 + buffer[at + 2] if said == function else 0
    frame = buffer[at : at + size]
    if not size or len(frame) < size or crc_modbus(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
        return None
    if said != function:
        raise ExceptionCode(frame[2])
    return frame[3:-2]


def words(data: bytes, block: Block) -> Sequence[int | bool]:
    """Registers, or bits from the lowest of each byte on."""
    if block.table in BITS:
        return [bool(byte >> bit & 1) for byte in data for bit in range(8)][: block.count]
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data) - 1, 2)]
