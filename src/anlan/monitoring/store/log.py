"""The log: one row a batch, durable with the batch's transaction, in the one order in which batches were judged."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.store.blocks import Columns, pack, plain, unpack
from anlan.monitoring.store.sql import run

WRITERS = 0x616E_0003
"""The advisory lock of whoever appends, until its transaction ends: so positions ascend in the order of commits."""

_APPEND = """
with alone as materialized (select pg_advisory_xact_lock(%s::bigint))
insert into monitoring_readinglog (first_time, last_time, number, data)
select %s::bigint, %s::bigint, %s::int, %s::bytea from alone returning position
"""
_AFTER = "select position, number, data from monitoring_readinglog where position > %s order by position limit %s"


class LogRow(NamedTuple):
    """A batch as it was appended."""

    position: int
    series: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    state: NDArray[np.uint8]


def append(
    series: NDArray[np.int64], time: NDArray[np.int64], value: NDArray[np.float64], state: NDArray[np.uint8]
) -> int:
    """Adds readings in any order to the log, in the caller's transaction; gives the row's position.

    Other writers wait until that transaction ends. ValueError for no readings.
    """
    columns = plain(series, time, value, state)
    if not len(columns.time):
        raise ValueError("a batch without readings is not logged")
    number = len(columns.time)
    (data,) = pack(columns, np.array([0, number], np.int64))
    first, last = int(columns.time.min()), int(columns.time.max())
    return int(run(_APPEND, [WRITERS, first, last, number, data])[0][0])


def log_head() -> int:
    """The newest position, 0 before the first."""
    rows = run("select coalesce(max(position), (select folded from monitoring_storestate)) from monitoring_readinglog")
    return int(rows[0][0])


def log_after(position: int, most: int = 1_000) -> Iterator[LogRow]:
    """The rows after a position that are still in the log, in order; read in pieces of `most` rows."""
    while rows := run(_AFTER, [position, most]):
        for at, number, data in rows:
            yield LogRow(at, *opened(at, number, data))
        position = rows[-1][0]


def opened(position: int, number: int, data: bytes) -> Columns:
    """The readings of a row of the log."""
    return unpack([data], [number], [f"log row {position}"])
