"""One snapshot of chunks, log and aged files, as columns in which each moment of a series stands once."""

import logging
from collections.abc import Sequence

import numpy as np

from anlan.monitoring.store import aged
from anlan.monitoring.store.blocks import Columns, StoreError, unpack
from anlan.monitoring.store.head import HEAD, View
from anlan.monitoring.store.log import opened
from anlan.monitoring.store.moments import day_of, day_start
from anlan.monitoring.store.order import settled
from anlan.monitoring.store.sql import Rows, run

EVER = 2**62
TRIES = 3
AGED, CHUNK, LOG, FLOOR = 0, 1, 2, 3
log = logging.getLogger(__name__)

_OTHERS = """
union all
select 2, position, number, case when last_time >= %s and first_time < %s then data end,
    ((pg_snapshot_xmin(pg_current_snapshot())::text::bigint - xmin::text::bigint) & 4294967295)
        between 1 and 2147483647
from monitoring_readinglog where position > %s
union all
select 3, coalesce(min(position), 9223372036854775807), 0, null, false from monitoring_readinglog
union all
select 0, id, 0, convert_to(path, 'UTF8'), false
from monitoring_readingfile where block = any(%s::bigint[]) and last_time >= %s and first_time < %s
order by 1, 2
"""
_ONE = (
    """
select 1, id, number, data, false from monitoring_readingchunk
where series_id = %s and last_time >= %s and last_time < %s and first_time < %s
"""
    + _OTHERS
)
_MANY = (
    """
select 1, c.id, c.number, c.data, false
from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) w(id, low, night, high)
cross join lateral (
    select * from monitoring_readingchunk
    where series_id = w.id and last_time >= w.low and last_time < w.night and first_time < w.high) c
"""
    + _OTHERS
)
"""Rows of the kinds above: place in the order of arrival, number, data, and whether a row of the log is committed
and so are all before it. A chunk lies within one Beijing day, which bounds the search from above."""


def columns_of(ids: Sequence[int], lows: Sequence[int], highs: Sequence[int], lost: list[str] | None = None) -> Columns:
    """Of each series (ascending) all from the least low up to and without the greatest high, at least what lies
    within its own; settled. A file that was replaced meanwhile is looked for again.

    With `lost`, damaged and missing files are named there and the rest is given; without, they are a StoreError.
    """
    for left in range(TRIES - 1, -1, -1):
        try:
            return settled(Columns.joined(_parts(ids, lows, highs, lost, again=left > 0)))
        except FileNotFoundError as error:
            missing = error
    raise StoreError(f"an aged file is missing: {missing}")


def _aged(path: str, ids: Sequence[int], lost: list[str] | None, again: bool) -> Columns:
    try:
        return aged.read(path, ids)
    except (StoreError, FileNotFoundError) as error:
        if lost is None or (again and isinstance(error, FileNotFoundError)):
            raise
        log.error("served without the aged file %s: %s", path, error)
        lost.append(path)
        return Columns.empty()


def _parts(
    ids: Sequence[int], lows: Sequence[int], highs: Sequence[int], lost: list[str] | None, *, again: bool
) -> list[Columns]:
    """In the order of arrival: files, chunks, the log."""
    view, low, high = HEAD.view(), min(lows), max(highs)
    rows = _rows(view, ids, lows, highs)
    chunks = [row for row in rows if row[0] == CHUNK]
    fresh = [(row[1], opened(*row[1:4])) for row in rows if row[0] == LOG and row[3] is not None]
    floor = next(row[1] for row in rows if row[0] == FLOOR)
    parts = [_aged(row[3].decode(), ids, lost, again) for row in rows if row[0] == AGED]
    parts.append(_unpacked(ids, chunks))
    parts = [_within(part, ids, low, high) for part in parts if len(part.time)]
    parts += [one.within(ids, low, high, floor - 1) for one in view.runs]
    parts += [_within(columns, ids, low, high) for _, columns in fresh]
    _remember(view, rows, dict(fresh), floor)
    return parts


def _rows(view: View, ids: Sequence[int], lows: Sequence[int], highs: Sequence[int]) -> Rows:
    low, high = min(lows), max(highs)
    blocks = sorted({aged.block_of(series_id) for series_id in ids})
    others = [low, high, view.newest, blocks, low, high]
    nights = [min(EVER, day_start(day_of(high - 1) + 1)) for high in highs]
    if len(ids) == 1:
        return run(_ONE, [ids[0], low, nights[0], high, *others])
    return run(_MANY, [list(ids), list(lows), nights, list(highs), *others])


def _remember(view: View, rows: Rows, fresh: dict[int, Columns], floor: int) -> None:
    """Keeps the rows of the log that follow what is known without a gap."""
    kept = []
    for kind, position, _, data, committed in rows:
        if kind == LOG:
            if data is None or not committed:
                break
            kept.append((position, fresh[position]))
    if kept:
        HEAD.extend(view.newest, kept, floor - 1)


def _unpacked(ids: Sequence[int], rows: Rows) -> Columns:
    names = [f"chunk {row[1]}" for row in rows]
    if len(ids) == 1:
        names = [f"series {ids[0]}, {name}" for name in names]
    return unpack([row[3] for row in rows], [row[2] for row in rows], names)


def _within(columns: Columns, ids: Sequence[int], low: int, high: int) -> Columns:
    which = (columns.time >= low) & (columns.time < high)
    which &= columns.series == ids[0] if len(ids) == 1 else np.isin(columns.series, ids)
    return columns if which.all() else columns.take(which)
