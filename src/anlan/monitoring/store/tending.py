"""From the log to chunks: the readings of one series and day in a row or a few, so that a range is few rows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray
from psycopg import Cursor

from anlan.monitoring.store.blocks import Columns, pack, unpack
from anlan.monitoring.store.moments import DAY, SHIFT
from anlan.monitoring.store.order import settled
from anlan.monitoring.store.sql import run

FULL = 240
"""Readings in a chunk at most."""
PIECE = 1_000_000
"""Readings of the log folded in one transaction, or one row of more."""
EVER = 2**62
PACKERS = 0x616E_0002
"""The advisory lock of whoever folds or ages."""

_LOG = """
select position, number, data from (
    select position, number, data, sum(number) over (order by position) - number before
    from monitoring_readinglog where position <= %s) l
where before < %s order by position
"""
_OPEN = """
select c.id, c.series_id, c.number, c.data from unnest(%s::bigint[]) w(id)
cross join lateral (
    select * from monitoring_readingchunk where series_id = w.id order by last_time desc limit 1) c
where c.number < %s
"""
_COPY = """
copy monitoring_readingchunk (series_id, first_time, last_time, number, data) from stdin (format binary)
"""


class Tended(NamedTuple):
    """What was folded: rows of the log, their readings, the chunks written."""

    rows: int = 0
    readings: int = 0
    chunks: int = 0


def due(*, now: int, least: int, minutes: float) -> bool:
    """Whether the log holds so many readings, or its oldest have lain there for so long at `now` (ms)."""
    number, oldest = run(
        "select coalesce(sum(number), 0)::bigint, coalesce(extract(epoch from min(at)) * 1000, 0)::bigint"
        " from monitoring_readinglog"
    )[0]
    return bool(number >= least or (number and oldest <= now - int(60_000 * minutes)))


def tend(*, keep_after: int | None = None) -> Tended:
    """Folds the log up to the position `keep_after` (None: all) into chunks; does nothing while another packer works.

    Rows that a checkpoint of the kernel's state comes after must stay: see `keeping.readings_pack`. Each transaction
    moves a piece: whenever it is ended, every reading is stored once.
    """
    done = Tended()
    while (step := _step(EVER if keep_after is None else keep_after)).rows:
        done = Tended(*(a + b for a, b in zip(done, step, strict=True)))
    return done


def _step(limit: int) -> Tended:
    with transaction.atomic():
        if not run("select pg_try_advisory_xact_lock(%s::bigint)", [PACKERS])[0][0]:
            return Tended()
        rows = run(_LOG, [limit, PIECE])
        if not rows:
            return Tended()
        columns = unpack([r[2] for r in rows], [r[1] for r in rows], [f"log row {r[0]}" for r in rows])
        written = _fold(columns)
        run("delete from monitoring_readinglog where position <= %s", [rows[-1][0]])
        run("update monitoring_storestate set folded = %s", [rows[-1][0]])
        return Tended(len(rows), len(columns.time), written)


def _fold(columns: Columns) -> int:
    """Writes the readings as chunks, those of the newest chunk of a series with them while it is small."""
    open_chunks = run(_OPEN, [np.unique(columns.series).tolist(), FULL // 2])
    if open_chunks:
        names = [f"series {row[1]}" for row in open_chunks]
        old = unpack([row[3] for row in open_chunks], [row[2] for row in open_chunks], names)
        run("delete from monitoring_readingchunk where id = any(%s::bigint[])", [[row[0] for row in open_chunks]])
        columns = Columns.joined([old, columns])
    columns = settled(columns)
    return chunks_write(columns, starts_of(columns))


def starts_of(columns: Columns) -> NDArray[np.int64]:
    """Where chunks begin, and the end: a new one for each series, Beijing day and FULL readings."""
    number = len(columns.time)
    days = (columns.time + SHIFT) // DAY
    new = np.ones(number, bool)
    new[1:] = (np.diff(columns.series) != 0) | (np.diff(days) != 0)
    groups = np.flatnonzero(new)
    lengths = np.diff(np.append(groups, number))
    within = np.arange(number) - np.repeat(groups, lengths)
    return np.append(np.flatnonzero(within % FULL == 0), number)


def chunks_write(columns: Columns, starts: NDArray[np.int64]) -> int:
    """One chunk a group of ordered readings."""
    blocks = pack(columns, starts)
    firsts, lasts = starts[:-1], starts[1:] - 1
    _copy(
        columns.series[firsts].tolist(),
        columns.time[firsts].tolist(),
        columns.time[lasts].tolist(),
        np.diff(starts).tolist(),
        blocks,
    )
    return len(blocks)


def _copy(*columns: Sequence[object]) -> None:
    with (
        connection.wrap_database_errors,
        Cursor(connection.connection) as cursor,
        cursor.copy(_COPY) as copy,
    ):
        copy.set_types(["int8", "int8", "int8", "int4", "bytea"])
        for row in zip(*columns, strict=True):
            copy.write_row(row)
