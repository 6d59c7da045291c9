"""Modbus TCP and RTU over TCP."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusTcpClient

from anlan.monitoring.polling.lines import Answer
from anlan.monitoring.polling.plans import Plan, PollError
from anlan.monitoring.polling.registers import Block, blocks, value_of
from anlan.protocols import Reading

logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

Read = Callable[[Block], Awaitable[Sequence[int | bool]]]
READERS = {
    "holding": "read_holding_registers",
    "input": "read_input_registers",
    "coil": "read_coils",
    "discrete": "read_discrete_inputs",
}


class ExceptionCode(PollError):
    """The device's own refusal."""

    def __init__(self, code: int) -> None:
        super().__init__("exception", f"code {code}")
        self.code = code


class ModbusLine:
    def __init__(self, plan: Plan) -> None:
        framer = FramerType.RTU if plan.scheme == "modbus-rtu" else FramerType.SOCKET
        self._framer, self._host, self._port = framer, plan.host, plan.port
        self._client: AsyncModbusTcpClient | None = None

    async def ask(self, plan: Plan, now: int) -> Answer:
        client = await self._open(plan.timeout)
        return await ask_blocks(plan, now, lambda block: self._read(client, plan.unit, block))

    async def _open(self, timeout: int) -> AsyncModbusTcpClient:
        if self._client is None:
            self._client = AsyncModbusTcpClient(
                self._host, port=self._port, framer=self._framer, timeout=timeout, retries=0, reconnect_delay=0
            )
        if not self._client.connected and not await self._client.connect():
            raise PollError("unreachable", f"{self._host}:{self._port}")
        return self._client

    async def _read(self, client: AsyncModbusTcpClient, unit: int, block: Block) -> Sequence[int | bool]:
        try:
            reader = getattr(client, READERS[block.table])
            reply = await reader(block.start, count=block.count, device_id=unit)
        except ModbusException as error:
            raise PollError("no_answer", str(error)) from error
        except asyncio.CancelledError:
            await self.close()
            raise
        if reply.isError():
            raise ExceptionCode(getattr(reply, "exception_code", 0))
        return reply.bits[: block.count] if block.table in ("coil", "discrete") else reply.registers

    async def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


async def ask_blocks(plan: Plan, now: int, read: Read) -> Answer:
    """All points of a plan in few questions. The device's refusal of everything is raised as `ExceptionCode`."""
    answer, words = Answer(), list[str]()
    last: ExceptionCode | None = None
    for block in blocks(plan.points):
        try:
            found = await read(block)
        except ExceptionCode as error:
            last = error
            await _singly(block, answer, now, read)
            continue
        words.append(f"{block.table} {block.start}: {' '.join(f'{int(word):04x}' for word in found)}")
        _add(answer, block, found, now)
    if last and all(reading.missing for reading in answer.readings):
        raise last
    answer.raw = "\n".join(words).encode()
    return answer


async def _singly(block: Block, answer: Answer, now: int, read: Read) -> None:
    """Where a whole block is refused each of its points is asked for alone; a refused one is missing."""
    for alone in (one for point in block.points for one in blocks([point])):
        found: Sequence[int | bool] = ()
        try:
            if len(block.points) > 1:
                found = await read(alone)
        except ExceptionCode as error:
            answer.deviations.append(f"exception_{error.code}:{alone.points[0].key}")
        _add(answer, alone, found, now)


def _add(answer: Answer, block: Block, words: Sequence[int | bool], now: int) -> None:
    for point in block.points:
        value = value_of(point, block, words)
        if value != value and words:
            answer.deviations.append(f"missing:{point.key}")
        answer.readings.append(Reading(series=point.key, time=now, value=value, unit=point.unit))
