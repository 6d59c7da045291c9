"""The doors' memory of devices' credentials: looked at again each second, and whenever somebody new knocks."""

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

from django.db import Error, close_old_connections, connections
from django.utils import timezone

from anlan.monitoring.life.accesses import (
    Access,
    Identity,
    Refusals,
    Standing,
    Use,
    accesses_load,
    accesses_note,
    code_issue,
    code_proven,
    standing,
)
from anlan.monitoring.life.proofs import secret_digest

LOOK = 1.0
PATIENCE = 2.0
"""Seconds for which a connection waits for a look; then what was known before holds."""
AGAIN = 60.0
"""A device that comes in the same way from the same address is written down so seldom."""
MOST = 50_000
T = TypeVar("T")
log = logging.getLogger(__name__)


class Keys:
    """Of one process; used from its event loop only."""

    def __init__(self) -> None:
        self._held: dict[Identity, Access] = {}
        self._standing: Standing | None = None
        self._look: asyncio.Task[None] | None = None
        self._used: dict[Identity, Use] = {}
        self._written: OrderedDict[Identity, tuple[float, str, str]] = OrderedDict()
        self._refused: dict[Identity, Refusals] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-keys")

    def of(self, identity: Identity) -> Access | None:
        """None for a device that nobody knows, or that has nothing to prove."""
        return self._held.get(identity)

    async def run(self) -> None:
        """For ever; ends by being cancelled, and writes first what it has noted."""
        try:
            while True:
                await asyncio.sleep(LOOK)
                await self.fresh()
                await self._write()
        finally:
            self._thread.submit(self._last_words)
            self._thread.shutdown(wait=True)

    async def fresh(self) -> None:
        """A look that begins after this moment, shared by all who wait; without any before it is waited for."""
        before = self._look
        if before is not None and not before.done():
            await asyncio.wait({before}, timeout=PATIENCE)
        if self._look is before or self._look is None:
            self._look = asyncio.create_task(self._see())
        await asyncio.wait({self._look}, timeout=PATIENCE)
        while self._standing is None:
            await asyncio.sleep(0.2)
            if self._look.done():
                self._look = asyncio.create_task(self._see())

    async def _see(self) -> None:
        try:
            found = await self._in_thread(partial(_look, self._standing))
        except Error as error:
            log.warning("no look at the devices' credentials: %s", str(error).strip())
            return
        if found is not None:
            self._standing, self._held = found

    async def issue(self, identity: Identity, access: Access, *, again: bool) -> str:
        """A new code for a device that registers; empty where it has one. Raises the database's errors."""
        code = await self._in_thread(partial(code_issue, access.device_id, again=again))
        if code:
            digest = secret_digest(access.device_id, code)
            self._held[identity] = replace(access, secret=digest, proven=False)
        return code

    async def proven(self, identity: Identity, access: Access) -> None:
        """It has shown its code for the first time."""
        with contextlib.suppress(Error):
            await self._in_thread(partial(code_proven, access.device_id, access.secret))
            self._held[identity] = replace(access, proven=True)

    def used(self, identity: Identity, way: str, address: str) -> None:
        """It came in; written once a minute, or when anything about it is new."""
        at, *before = self._written.get(identity, (0.0, "", ""))
        now = time.monotonic()
        if before == [way, address] and at and now - at < AGAIN:
            return
        if len(self._used) >= MOST:
            return
        self._written[identity] = (now, way, address)
        self._written.move_to_end(identity)
        if len(self._written) > MOST:
            self._written.popitem(last=False)
        self._used[identity] = Use(timezone.now(), way, address)

    def refused(self, identity: Identity, kind: str, address: str) -> None:
        before = self._refused.get(identity)
        if before is None and len(self._refused) >= MOST:
            return
        self._refused[identity] = Refusals(before.number + 1 if before else 1, timezone.now(), kind, address)

    async def _write(self) -> None:
        """What cannot be written now is tried again with what comes then."""
        used, refused = self._used, self._refused
        if not used and not refused:
            return
        self._used, self._refused = {}, {}
        try:
            await self._in_thread(partial(accesses_note, used, refused))
        except Error as error:
            log.warning("who came and went is written later: %s", str(error).strip())
            self._used = used | self._used
            for identity, one in refused.items():
                later = self._refused.get(identity)
                self._refused[identity] = later._replace(number=later.number + one.number) if later else one

    def _last_words(self) -> None:
        with contextlib.suppress(Error):
            accesses_note(self._used, self._refused)
        connections.close_all()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        def run() -> T:
            close_old_connections()
            return work()

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)


def _look(known: Standing | None) -> tuple[Standing, dict[Identity, Access]] | None:
    """None where nothing has changed."""
    now = standing()
    return None if now == known else (now, accesses_load())
