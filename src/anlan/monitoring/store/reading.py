"""What is stored, as arrays and rows: chunks, the log and aged files of one snapshot, put together."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.store import aged
from anlan.monitoring.store.blocks import Columns, unpack
from anlan.monitoring.store.log import HEAD, log_after, opened
from anlan.monitoring.store.moments import day_of, day_start
from anlan.monitoring.store.order import Bucket, envelope, settled, valid
from anlan.monitoring.store.sql import run
from anlan.rules.states import Ledger

EVER = 2**62
TOGETHER = 200
"""Series that a scan reads at once."""
CHUNK, LOG, AGED = 0, 1, 2

_PARTS = """
select 0, c.id, c.number, c.data, c.series_id
from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) w(id, low, high, night)
cross join lateral (
    select * from monitoring_readingchunk
    where series_id = w.id and last_time >= w.low and last_time < w.night and first_time < w.high
    order by last_time) c
union all
select 1, position, number, case when position = any(%s::bigint[]) then null else data end, 0
from monitoring_readinglog where last_time >= %s and first_time < %s
union all
select 2, id, number, convert_to(path, 'UTF8'), block
from monitoring_readingfile where block = any(%s::bigint[]) and last_time >= %s and first_time < %s
order by 1, 2
"""
_NEAR = """
select w.id, coalesce(min(c.first_time), -%s::bigint)::bigint from unnest(%s::bigint[]) w(id) left join lateral (
    select first_time from monitoring_readingchunk where series_id = w.id order by last_time desc limit 2) c on true
group by w.id
"""


class Arrays(NamedTuple):
    """Readings of one series in order of time: epoch ms, value (NaN where there was none), ledger state."""

    time: NDArray[np.int64]
    value: NDArray[np.float64]
    state: NDArray[np.uint8]


def _parts(ids: Sequence[int], lows: Sequence[int], highs: Sequence[int]) -> list[tuple[int, Columns]]:
    """Columns that may hold [low, high) of each series, each with its place in the order of arrival."""
    low, high = min(lows), max(highs)
    nights = [min(EVER, day_start(day_of(high - 1) + 1)) for high in highs]
    blocks = sorted({aged.block_of(series_id) for series_id in ids})
    head = HEAD.rows()
    rows = run(_PARTS, [ids, lows, highs, nights, list(head), low, high, blocks, low, high])
    found = [(LOG, head[row[1]] if row[3] is None else opened(*row[1:4])) for row in rows if row[0] == LOG]
    chunks = [row for row in rows if row[0] == CHUNK]
    found.append((CHUNK, _unpacked([(row[4], row[2], row[3]) for row in chunks])))
    found += [(AGED, aged.read(row[3].decode(), ids)) for row in rows if row[0] == AGED]
    return found


def _unpacked(rows: Sequence[tuple[int, int, bytes]]) -> Columns:
    names = [f"series {series_id}" for series_id, _, _ in rows]
    return unpack([data for _, _, data in rows], [number for _, number, _ in rows], names)


def _columns(ids: Sequence[int], lows: Sequence[int], highs: Sequence[int]) -> Columns:
    """Of each series all of [low, high), settled. A file that was replaced meanwhile is looked for again."""
    try:
        parts = _parts(ids, lows, highs)
    except FileNotFoundError:
        parts = _parts(ids, lows, highs)
    return settled(Columns.joined([_within(part, ids, min(lows), max(highs)) for _, part in sorted(parts, key=_age)]))


def _age(part: tuple[int, Columns]) -> int:
    return {AGED: 0, CHUNK: 1, LOG: 2}[part[0]]


def _within(columns: Columns, ids: Sequence[int], low: int, high: int) -> Columns:
    which = (columns.time >= low) & (columns.time < high)
    which &= columns.series == ids[0] if len(ids) == 1 else np.isin(columns.series, ids)
    return columns if which.all() else columns.take(which)


def arrays(series_id: int, *, start: int, end: int, valid_only: bool = True) -> Arrays:
    """The readings of a series from `start` up to and without `end` (ms)."""
    found = _columns([series_id], [start], [end])
    if valid_only and not (measured := valid(found.state)).all():
        found = found.take(measured)
    return Arrays(found.time, found.value, found.state)


def scan(series_ids: Iterable[int], *, start: int, end: int, valid_only: bool = True) -> Iterator[tuple[int, Arrays]]:
    """`arrays` of many series, those with readings only, in order of their ids."""
    ids = sorted(set(series_ids))
    for first in range(0, len(ids), TOGETHER):
        some = ids[first : first + TOGETHER]
        found = _columns(some, [start] * len(some), [end] * len(some))
        found = found.take(valid(found.state)) if valid_only else found
        edges = np.searchsorted(found.series, some), np.searchsorted(found.series, some, "right")
        for series_id, a, b in zip(some, *(edge.tolist() for edge in edges), strict=True):
            if b > a:
                yield series_id, Arrays(found.time[a:b], found.value[a:b], found.state[a:b])


def readings(
    series_id: int, *, start: int, end: int, limit: int = 100_000, valid_only: bool = True
) -> list[tuple[int, float, int]]:
    """(time, value, ledger state) of a series from `start` up to and without `end` (ms), in order of time."""
    return _rows(arrays(series_id, start=start, end=end, valid_only=valid_only), slice(None, limit))


def _rows(found: Arrays, which: slice) -> list[tuple[int, float, int]]:
    return list(zip(*(column[which].tolist() for column in found), strict=True))


def latest(series_ids: Sequence[int], *, count: int = 1, since: int = 0) -> dict[int, list[tuple[int, float, int]]]:
    """The newest `count` measurements of each series since a moment (ms), oldest first."""
    found: dict[int, list[tuple[int, float, int]]] = {series_id: [] for series_id in series_ids}
    lows = dict(run(_NEAR, [EVER, list(found)]))
    for low in (None, since):
        wanted = [series_id for series_id, rows in found.items() if len(rows) < count]
        if wanted:
            start = [max(since, lows[series_id]) if low is None else low for series_id in wanted]
            some = _columns(wanted, start, [EVER] * len(wanted))
            found.update(_newest(some.take(valid(some.state)), wanted, count))
    return found


def _newest(columns: Columns, ids: Sequence[int], count: int) -> Iterator[tuple[int, list[tuple[int, float, int]]]]:
    for series_id in ids:
        a, b = np.searchsorted(columns.series, [series_id, series_id + 1]).tolist()
        piece = slice(max(a, b - count), b)
        yield series_id, _rows(Arrays(*columns[1:]), piece)


def known(series: NDArray[np.int64], time: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of these (series, moment) already hold a measurement."""
    if not len(series):
        return np.zeros(0, bool)
    order = np.lexsort((time, series))
    ids, first = np.unique(series[order], return_index=True)
    last = np.append(first[1:], len(order)) - 1
    found = _columns(ids.tolist(), time[order][first].tolist(), (time[order][last] + 1).tolist())
    found = found.take(valid(found.state) & np.isin(found.time, time))
    pairs = set(zip(found.series.tolist(), found.time.tolist(), strict=True))
    return np.array([pair in pairs for pair in zip(series.tolist(), time.tolist(), strict=True)], bool)


def envelopes(series_ids: Sequence[int], *, start: int, end: int, buckets: int) -> dict[int, list[Bucket]]:
    """What a chart needs of many readings: at most so many slices of [start, end) a series, none of them empty."""
    found: dict[int, list[Bucket]] = {series_id: [] for series_id in series_ids}
    for series_id, some in scan(series_ids, start=start, end=end):
        found[series_id] = envelope(some.time, some.value, start=start, end=end, buckets=buckets)
    return found


def count() -> dict[Ledger, int]:
    """How many readings are stored in each state; reads everything."""
    numbers = np.zeros(len(Ledger), np.int64)
    for _, some in scan(series_stored(), start=-EVER, end=EVER, valid_only=False):
        numbers += np.bincount(some.state, minlength=len(Ledger))
    return {state: int(numbers[state]) for state in Ledger if numbers[state]}


def series_stored() -> set[int]:
    """The ids of all series of which anything is stored."""
    ids = {row[0] for row in run("select distinct series_id from monitoring_readingchunk")}
    for row in log_after(0):
        ids.update(np.unique(row.series).tolist())
    for (path,) in run("select path from monitoring_readingfile"):
        ids.update(aged.series_in(path))
    return ids
