"""Which of several readings of one moment counts, and what a chart needs of many."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.store.blocks import Columns
from anlan.rules.compiled import compiled
from anlan.rules.states import Ledger

VALID = (Ledger.NORMAL, Ledger.ALARM, Ledger.SUPPRESSED, Ledger.LATE)
"""States whose value is a measurement; the others are kept as evidence."""
_IS_VALID = np.isin(np.arange(256), [int(s) for s in VALID])


class Bucket(NamedTuple):
    """The least and the greatest measurement of a slice of time, with their moments (ms)."""

    low: float
    low_time: int
    high: float
    high_time: int
    number: int


def valid(state: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where the value is a measurement."""
    return _IS_VALID[state]


def settled(columns: Columns) -> Columns:
    """In order of series and time, each moment once: a measurement before others, then the first that came."""
    series, time = columns.series, columns.time
    same, forward = series[1:] == series[:-1], time[1:] > time[:-1]
    if ((series[1:] > series[:-1]) | (same & forward)).all():
        return columns
    order = np.lexsort((~valid(columns.state), time, series))
    columns = columns.take(order)
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(columns.series) != 0) | (np.diff(columns.time) != 0)
    return columns if first.all() else columns.take(first)


def envelope(
    time: NDArray[np.int64], value: NDArray[np.float64], *, start: int, end: int, buckets: int
) -> list[Bucket]:
    """The slices of [start, end) in which there is a value, in order; times ascend, NaN is passed over."""
    low = np.full(buckets, np.inf)
    high = np.full(buckets, -np.inf)
    low_time, high_time, number = (np.zeros(buckets, np.int64) for _ in range(3))
    _fill(time, value, start, end - start, buckets, low, low_time, high, high_time, number)
    some = np.flatnonzero(number)
    columns = (column[some].tolist() for column in (low, low_time, high, high_time, number))
    return [Bucket(*row) for row in zip(*columns, strict=True)]


@compiled
def _fill(
    time: NDArray[np.int64],
    value: NDArray[np.float64],
    start: int,
    span: int,
    buckets: int,
    low: NDArray[np.float64],
    low_time: NDArray[np.int64],
    high: NDArray[np.float64],
    high_time: NDArray[np.int64],
    number: NDArray[np.int64],
) -> None:
    for i in range(len(time)):
        if np.isnan(value[i]):
            continue
        b = min(buckets - 1, int((time[i] - start) * (buckets / span)))
        if number[b] == 0 or value[i] < low[b]:
            low[b], low_time[b] = value[i], time[i]
        if number[b] == 0 or value[i] > high[b]:
            high[b], high_time[b] = value[i], time[i]
        number[b] += 1
