"""The task that asks: one loop a device, so that none waits for another's answer."""

import asyncio
import logging
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

from django.db import Error, connections

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.gateway.inbox import Inbox, Item
from anlan.monitoring.moments import now_ms
from anlan.monitoring.polling.dtu import Door
from anlan.monitoring.polling.lines import Answer, Line, Lines, Shared
from anlan.monitoring.polling.meters import MeterLine
from anlan.monitoring.polling.modbus import ModbusLine
from anlan.monitoring.polling.opcua import OpcLine
from anlan.monitoring.polling.plans import Outcome, Plan, PollError, faults, outcomes_note, plans_load
from anlan.monitoring.polling.rtu import RtuLine
from anlan.protocols import Event, Frame, FrameError

AT_ONCE = 256
"""Questions under way at the same time."""
LONGEST_PAUSE = 300.0
DOUBLINGS = 5
RELOAD = 2.0
SOURCE = "dtu"
log = logging.getLogger(__name__)


class Pollers:
    """Follows the plans as the rows say at any time. A failing device is asked less and less often, up to 5 min."""

    def __init__(self, inbox: Inbox, reload: float = RELOAD) -> None:
        self._inbox, self._reload = inbox, reload
        self._door = Door(self._refused)
        self._lines = Lines(self._line)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[Plan, asyncio.Task[None]] = {}
        self._outcomes: list[Outcome] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-poll")

    def _line(self, plan: Plan) -> Line:
        if plan.protocol == "cjt188":
            return MeterLine(plan, self._door)
        if plan.protocol == "opcua":
            return OpcLine(plan)
        return RtuLine(plan, self._door) if plan.dials_in else ModbusLine(plan)

    async def run(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """For ever; ends by being cancelled. `port` is where DTUs dial in, 0: nowhere."""
        try:
            if port:
                await self._door.listen(host, port)
            while True:
                await self._follow()
                await asyncio.sleep(self._reload)
        finally:
            await self._stop(set(self._tasks))
            await self._door.close()
            self._thread.submit(connections.close_all)
            self._thread.shutdown(wait=True)

    async def _follow(self) -> None:
        """Writes what happened, and takes up what has changed; nothing changes while the database is away."""
        outcomes, self._outcomes = self._outcomes, []
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, outcomes_note, outcomes)
            plans = await loop.run_in_executor(self._thread, plans_load)
        except Error as error:
            self._outcomes = (outcomes + self._outcomes)[-10_000:]
            log.warning("no plans to poll: %s", str(error).strip())
            return
        wanted = set(plans or ())
        self._door.known = {plan.host for plan in wanted if plan.dials_in}
        await self._stop(self._tasks.keys() - wanted)
        for plan in wanted - self._tasks.keys():
            self._tasks[plan] = asyncio.create_task(self._poll(plan))

    async def _stop(self, plans: set[Plan]) -> None:
        tasks = [self._tasks.pop(plan) for plan in list(plans)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _poll(self, plan: Plan) -> None:
        """The first questions of many devices are spread over their period, at most ten seconds of it."""
        if fault := faults(plan):
            await self._failed(plan, PollError("plan", fault))
            return
        shared = self._lines.take(plan)
        try:
            await asyncio.sleep(zlib.crc32(plan.code.encode()) % 1000 / 1000 * min(plan.period / 2, 10.0))
            failures = 0
            while True:
                begun = time.monotonic()
                failures = 0 if await self._once(plan, shared) else failures + 1
                pause = min(plan.period * 2 ** min(failures, DOUBLINGS), max(LONGEST_PAUSE, plan.period))
                await asyncio.sleep(max(0.05, begun + pause - time.monotonic()))
        finally:
            await self._lines.leave(plan)

    async def _once(self, plan: Plan, shared: Shared) -> bool:
        """Whether the device answered. A line that failed is closed, so that its next user begins afresh."""
        async with shared.turn:
            try:
                async with self._room:
                    async with asyncio.timeout(plan.timeout):
                        answer = await shared.line.ask(plan, now_ms())
            except PollError as error:
                trouble = error
            except TimeoutError:
                trouble = PollError("no_answer", f"{plan.timeout} s")
            except OSError as error:
                trouble = PollError("unreachable", error.strerror or str(error))
            except Exception as error:
                log.exception("polling %s", plan.code)
                trouble = PollError("format", repr(error))
            else:
                await self._succeeded(plan, answer)
                return True
            if trouble.kind != "exception":
                await shared.line.close()
        await self._failed(plan, trouble)
        return False

    async def _succeeded(self, plan: Plan, answer: Answer) -> None:
        frame = Frame(
            protocol=plan.protocol,
            device=plan.code,
            function="poll",
            readings=tuple(answer.readings),
            fields=answer.fields | {"address": plan.address},
            reply=None,
            raw=answer.raw,
            deviations=tuple(answer.deviations),
        )
        await self._tell(plan, frame, "")

    async def _refused(self, kind: str, detail: str) -> None:
        """A line that no plan names, or that may not come from there, is counted and closed."""
        await self._inbox.put(Item(arrival=Arrival(source=SOURCE, event=FrameError(kind, detail))))

    async def _failed(self, plan: Plan, trouble: PollError) -> None:
        said = f"{trouble.kind}: {trouble.detail}" if trouble.detail else trouble.kind
        await self._tell(plan, FrameError(trouble.kind, trouble.detail), said)

    async def _tell(self, plan: Plan, event: Event, error: str) -> None:
        """The plan's row speaks of a poll when what it gave is durable."""
        outcome = Outcome(device_id=plan.device_id, time=now_ms(), error=error)
        arrival = Arrival(source=plan.protocol, event=event)
        await self._inbox.put(Item(arrival=arrival, kept=lambda: self._outcomes.append(outcome)))
