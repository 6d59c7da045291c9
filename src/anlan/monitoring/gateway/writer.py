"""The one writer: takes what is there, makes it durable in a thread, and only then lets it be acknowledged."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.db import InterfaceError, InternalError, OperationalError, close_old_connections, connection, connections

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.gateway.inbox import Inbox, Item
from anlan.monitoring.ingest import readings_store
from anlan.protocols import FrameError

AWAY = (OperationalError, InterfaceError, InternalError)
"""The database cannot be asked now; the batch is not at fault."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
log = logging.getLogger(__name__)


class Writer:
    """While one batch is being committed the next one gathers: the slower the database, the larger the batches."""

    def __init__(self, inbox: Inbox, most: int) -> None:
        self._inbox = inbox
        self._most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-writer")

    async def run(self) -> None:
        """For ever; ends by being cancelled."""
        try:
            while True:
                items = await self._inbox.take(self._most)
                await self._keep(items)
                self._inbox.release(items)
        finally:
            self._thread.submit(connections.close_all)
            self._thread.shutdown(wait=True)

    async def _keep(self, items: list[Item]) -> None:
        """Returns when each item is durable, or counted as refused where it alone breaks a batch."""
        try:
            await self._patiently([item.arrival for item in items])
        except Exception:
            if len(items) == 1:
                log.exception("a frame of %s cannot be stored", items[0].arrival.source)
                error = FrameError("refused", "it cannot be stored")
                await self._patiently([Arrival(source=items[0].arrival.source, event=error)])
                return
            half = len(items) // 2
            await self._keep(items[:half])
            await self._keep(items[half:])
            return
        for item in items:
            item.kept()

    async def _patiently(self, arrivals: list[Arrival]) -> None:
        """Tries for as long as the database is away."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, _store, arrivals)
            except AWAY as error:
                log.warning("the database is away, %d frames wait: %s", len(arrivals), str(error).strip())
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)


def _store(arrivals: list[Arrival]) -> None:
    close_old_connections()
    try:
        readings_store(batch=arrivals)
    except AWAY:
        connection.close()
        raise
