"""The way of SIP and ONVIF to the database: one thread, and what was heard counted in the ledger of frames."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import Error, InterfaceError, OperationalError, close_old_connections, connection, connections

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.counts import frames_count, unknown_count
from anlan.monitoring.moments import now_ms
from anlan.protocols import Frame, FrameError

T = TypeVar("T")
log = logging.getLogger(__name__)


def frame(source: str, device: str = "", raw: bytes = b"") -> Frame:
    return Frame(protocol=source, device=device, function="", readings=(), fields={}, reply=None, raw=raw)


class Work:
    """`count` is cheap; what was counted is written every now and then, and at the end, under the name of a source."""

    def __init__(self, source: str = "gb28181") -> None:
        self._source = source
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"ingest-{source}")
        self._counted: Counter[str] = Counter()
        self._strangers: dict[str, bytes] = {}

    def count(self, kind: str) -> None:
        """One message that ended so; "ok" for a good one."""
        self._counted[kind] += 1

    def stranger(self, code: str, raw: bytes) -> None:
        """Somebody whom nobody has registered."""
        if len(self._strangers) < 200:
            self._strangers[code] = raw

    async def do(self, run: Callable[..., T], **words: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: _ask(run, words))

    async def flush(self) -> None:
        counted, self._counted = self._counted, Counter()
        strangers, self._strangers = self._strangers, {}
        if not counted and not strangers:
            return
        try:
            await self.do(_write, source=self._source, counted=counted, strangers=strangers)
        except Error as error:
            self._counted += counted
            log.warning("counts wait: %s", str(error).strip())

    def close(self) -> None:
        self._thread.submit(connections.close_all)
        self._thread.shutdown(wait=True)


def _ask(run: Callable[..., T], words: dict[str, Any]) -> T:
    close_old_connections()
    try:
        return run(**words)
    except (OperationalError, InterfaceError):
        connection.close()
        raise


def _write(*, source: str, counted: Counter[str], strangers: dict[str, bytes]) -> None:
    arrivals = [
        Arrival(source=source, event=frame(source) if kind == "ok" else FrameError(kind), times=times)
        for kind, times in counted.items()
    ]
    frames_count(arrivals, now_ms())
    unknown_count([frame(source, code, raw) for code, raw in strangers.items()], now_ms())
