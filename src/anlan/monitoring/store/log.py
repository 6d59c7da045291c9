"""The log: one row a batch, durable with the batch's transaction, in the one order in which batches were judged."""

from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.store.blocks import Columns, pack, plain, unpack
from anlan.monitoring.store.sql import run

KEPT = 2_000_000
"""Readings of the log that a process keeps unpacked."""

_APPEND = """
insert into monitoring_readinglog (first_time, last_time, number, data) values (%s, %s, %s, %s) returning position
"""
_AFTER = "select position, number, data from monitoring_readinglog where position > %s order by position limit %s"


class LogRow(NamedTuple):
    """A batch as it was appended."""

    position: int
    series: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    state: NDArray[np.uint8]


class _Head:
    """The newest rows of the log as this process last read them; the first read goes first."""

    def __init__(self) -> None:
        self._rows: OrderedDict[int, Columns] = OrderedDict()
        self._load = 0
        self._alone = Lock()

    def keep(self, position: int, columns: Columns) -> None:
        with self._alone:
            if position in self._rows:
                return
            self._rows[position] = columns
            self._load += len(columns.time)
            while self._load > KEPT:
                self._load -= len(self._rows.popitem(last=False)[1].time)

    def rows(self) -> dict[int, Columns]:
        with self._alone:
            return dict(self._rows)


HEAD = _Head()


def append(
    series: NDArray[np.int64], time: NDArray[np.int64], value: NDArray[np.float64], state: NDArray[np.uint8]
) -> int:
    """Adds readings in any order to the log, in the caller's transaction; gives the row's position.

    Positions ascend in the order of commits only where the caller holds a lock. ValueError for no readings.
    """
    columns = plain(series, time, value, state)
    if not len(columns.time):
        raise ValueError("a batch without readings is not logged")
    number = len(columns.time)
    (data,) = pack(columns, np.array([0, number], np.int64))
    first, last = int(columns.time.min()), int(columns.time.max())
    return int(run(_APPEND, [first, last, number, data])[0][0])


def log_head() -> int:
    """The newest position, 0 before the first."""
    rows = run("select coalesce(max(position), (select folded from monitoring_storestate)) from monitoring_readinglog")
    return int(rows[0][0])


def log_after(position: int, most: int = 1_000) -> Iterator[LogRow]:
    """The rows after a position that are still in the log, in order; read in pieces of `most` rows."""
    while rows := run(_AFTER, [position, most]):
        for at, number, data in rows:
            yield LogRow(at, *_opened(at, number, data))
        position = rows[-1][0]


def opened(position: int, number: int, data: bytes) -> Columns:
    """The readings of a row of the log, kept in this process's memory."""
    columns = _opened(position, number, data)
    HEAD.keep(position, columns)
    return columns


def _opened(position: int, number: int, data: bytes) -> Columns:
    return unpack([data], [number], [f"log row {position}"])
