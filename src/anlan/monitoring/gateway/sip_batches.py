"""What comes in singly is stored together: while one batch is being committed, the next one gathers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from django.db import Error

from anlan.monitoring.gateway.sip_work import log

T = TypeVar("T")
R = TypeVar("R")
LARGEST = 500


class Batches(Generic[T, R]):
    """`store` takes a batch and gives one result for each of it. Where the database fails, all of the batch learn it."""

    def __init__(self, store: Callable[[list[T]], Awaitable[list[R]]]) -> None:
        self._store = store
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._come = asyncio.Event()

    async def put(self, one: T) -> R:
        """Its result, once it is durable. Raises the database's `Error`."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, future))
        self._come.set()
        return await future

    async def run(self) -> None:
        """For ever; ends by being cancelled."""
        while True:
            await self._come.wait()
            batch, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            if not self._waiting:
                self._come.clear()
            await self._settle(batch)

    async def _settle(self, batch: "list[tuple[T, asyncio.Future[R]]]") -> None:
        try:
            results = await self._store([one for one, _future in batch])
        except Error as error:
            log.warning("%d messages are not stored: %s", len(batch), str(error).strip())
            for _one, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_one, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
