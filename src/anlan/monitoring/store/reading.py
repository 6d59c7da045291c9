"""What is stored, as arrays and rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.store import aged
from anlan.monitoring.store.blocks import Columns
from anlan.monitoring.store.log import log_after
from anlan.monitoring.store.order import Bucket, envelope, valid
from anlan.monitoring.store.parts import EVER, columns_of
from anlan.monitoring.store.sql import run
from anlan.rules.states import Ledger

TOGETHER = 200
"""Series that a scan reads at once."""
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


def arrays(series_id: int, *, start: int, end: int, valid_only: bool = True) -> Arrays:
    """The readings of a series from `start` up to and without `end` (ms)."""
    found = columns_of([series_id], [start], [end])
    if valid_only and not (measured := valid(found.state)).all():
        found = found.take(measured)
    return Arrays(found.time, found.value, found.state)


def scan(
    series_ids: Iterable[int], *, start: int, end: int, valid_only: bool = True, lost: list[str] | None = None
) -> Iterator[tuple[int, Arrays]]:
    """`arrays` of many series, those with readings only, in order of their ids. With `lost`, damaged files are named
    there and the rest is given.
    """
    ids = sorted(set(series_ids))
    for first in range(0, len(ids), TOGETHER):
        some = ids[first : first + TOGETHER]
        found = columns_of(some, [start] * len(some), [end] * len(some), lost)
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
    """The newest `count` measurements of each series since a moment (ms), oldest first, of what can be read."""
    found: dict[int, list[tuple[int, float, int]]] = {series_id: [] for series_id in series_ids}
    lows: dict[int, int] = dict(run(_NEAR, [EVER, list(found)]))
    for low in (None, since):
        wanted = [series_id for series_id, rows in found.items() if len(rows) < count]
        if wanted:
            start = [max(since, lows[series_id]) if low is None else low for series_id in wanted]
            some = columns_of(wanted, start, [EVER] * len(wanted), [])
            found.update(_newest(some.take(valid(some.state)), wanted, count))
    return found


def _newest(columns: Columns, ids: Sequence[int], count: int) -> Iterator[tuple[int, list[tuple[int, float, int]]]]:
    for series_id in ids:
        a, b = np.searchsorted(columns.series, [series_id, series_id + 1]).tolist()
        piece = slice(max(a, b - count), b)
        yield series_id, _rows(Arrays(*columns[1:]), piece)


def known(series: NDArray[np.int64], time: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of these (series, moment) already hold a measurement, as far as can be read: what comes late for a damaged
    file is kept beside it.
    """
    if not len(series):
        return np.zeros(0, bool)
    order = np.lexsort((time, series))
    ids, first = np.unique(series[order], return_index=True)
    last = np.append(first[1:], len(order)) - 1
    found = columns_of(ids.tolist(), time[order][first].tolist(), (time[order][last] + 1).tolist(), [])
    found = found.take(valid(found.state) & np.isin(found.time, time))
    pairs = set(zip(found.series.tolist(), found.time.tolist(), strict=True))
    return np.array([pair in pairs for pair in zip(series.tolist(), time.tolist(), strict=True)], bool)


def envelopes(
    series_ids: Sequence[int], *, start: int, end: int, buckets: int, lost: list[str] | None = None
) -> dict[int, list[Bucket]]:
    """What a chart needs of many readings: at most so many slices of [start, end) a series, none of them empty.
    `lost` as in `scan`.
    """
    found: dict[int, list[Bucket]] = {series_id: [] for series_id in series_ids}
    for series_id, some in scan(series_ids, start=start, end=end, lost=lost):
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
