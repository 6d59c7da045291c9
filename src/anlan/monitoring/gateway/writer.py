"""The one writer: takes what is there, makes it durable in a thread, and only then lets it be acknowledged.

What pages show of it is written in another thread, so that no batch waits for that.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import InterfaceError, InternalError, OperationalError, close_old_connections, connection, connections

from anlan.monitoring.arrivals import Arrival, Messages
from anlan.monitoring.gateway.inbox import Inbox, Item
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.moments import now_ms
from anlan.monitoring.projections import PROJECTIONS
from anlan.protocols import FrameError

AWAY = (OperationalError, InterfaceError, InternalError)
"""The database cannot be asked now; the batch is not at fault."""
IDLE = 1.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
FEW, BREATH, GATHER = 200, 0.003, 0.02
"""With more than a few readings there, and more coming with each breath (s), batches begin so many seconds apart: a batch by
itself costs as much as hundreds of messages in one.
"""
log = logging.getLogger(__name__)


class Writer:
    """While one batch is being committed the next one gathers: the slower the database, the larger the batches."""

    def __init__(self, inbox: Inbox, most: int) -> None:
        self._inbox = inbox
        self._most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-writer")
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="ingest-shown")
        self._showing: asyncio.Future[None] | None = None
        self._began = 0.0

    async def run(self) -> None:
        """For ever; ends by being cancelled."""
        try:
            while True:
                await self._one_batch()
        finally:
            for thread in (self._thread, self._beside):
                thread.submit(connections.close_all)
                thread.shutdown(wait=True)

    async def _one_batch(self) -> None:
        """Where nothing has come for a while, what is shown of the last batches is written."""
        try:
            async with asyncio.timeout(IDLE):
                await self._inbox.some()
        except TimeoutError:
            return self._show(PROJECTIONS.idle)
        await self._gather()
        items = await self._inbox.take(self._most)
        await self._keep(items)
        self._inbox.release(items)
        return self._show(PROJECTIONS.flush_if_due)

    async def _gather(self) -> None:
        before = FEW
        while before < self._inbox.load < self._most and time.monotonic() - self._began < GATHER:
            before = self._inbox.load
            await asyncio.sleep(BREATH)
        self._began = time.monotonic()

    def _show(self, work: Callable[[int], None]) -> None:
        if PROJECTIONS.due(now_ms()) and (self._showing is None or self._showing.done()):
            self._showing = asyncio.get_running_loop().run_in_executor(self._beside, _shown, work)

    async def _keep(self, items: list[Item]) -> None:
        """Returns when each item is durable, or counted as refused where it alone breaks a batch."""
        try:
            await self._patiently([item.arrival for item in items])
        except Exception:  # noqa: BLE001
            await self._divide(items)
        else:
            for item in items:
                item.kept()

    async def _divide(self, items: list[Item]) -> None:
        """Each half by itself, down to the frame or message that cannot be stored: a broker is told to keep it no longer,
        a device gets no answer.
        """
        if len(items) > 1:
            half = len(items) // 2
            await self._keep(items[:half])
            return await self._keep(items[half:])
        item = items[0]
        if isinstance(item.arrival, Messages) and len(item.arrival) > 1:
            first, second = item.arrival.halves()
            await self._keep([Item(arrival=first)])
            return await self._keep([Item(arrival=second, kept=item.kept)])
        log.exception("a frame of %s cannot be stored", item.arrival.source)
        refused = Arrival(source=item.arrival.source, event=FrameError("refused", "it cannot be stored"))
        await self._patiently([refused])
        return item.kept() if isinstance(item.arrival, Messages) else None

    async def _patiently(self, arrivals: list[Arrival | Messages]) -> None:
        """Tries for as long as the database is away."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, _store, arrivals)
            except AWAY as error:
                log.warning("the database is away, %d frames wait: %s", len(arrivals), str(error).strip())
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)


def _shown(work: Callable[[int], None]) -> None:
    close_old_connections()
    work(now_ms())


def _store(arrivals: list[Arrival | Messages]) -> None:
    close_old_connections()
    try:
        readings_store(batch=arrivals, show=False)
    except AWAY:
        connection.close()
        raise
