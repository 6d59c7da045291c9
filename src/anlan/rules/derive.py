"""Series made of others: difference, ratio, and drift against neighbours; the kernel judges them like any other.

Inputs are the readings of each series as (time in ms ascending, value) arrays, NaN where the value is missing. What
comes out is a series of the same form. It has a reading at each time of the first series, held against the latest
reading of the others at or before that time if that is at most `max_age` ms older; where there is none, or it is not a
number, the derived one is NaN, and ends in the ledger as such.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Track:
    """The readings of one series: `time` (ms, ascending) and `value`, both of length n. ValueError otherwise."""

    time: Times
    value: Values

    def __post_init__(self) -> None:
        if len(self.time) != len(self.value):
            raise ValueError(f"{len(self.time)} times and {len(self.value)} values")
        if (np.diff(self.time) < 0).any():
            raise ValueError("times of a series must ascend")

    def at(self, time: Times, max_age: int) -> Values:
        """The latest value at or before each moment, NaN where it is older than `max_age` or there is none."""
        if not len(self.time):
            return np.full(len(time), np.nan)
        place = np.searchsorted(self.time, time, side="right") - 1
        found = np.where(place >= 0, self.value[place], np.nan)
        return np.where(time - self.time[place] <= max_age, found, np.nan)


def difference(a: Track, b: Track, *, max_age: int) -> Track:
    """a - b at the times of a, in the unit of both."""
    return Track(time=a.time, value=_finite(a.value - b.at(a.time, max_age)))


def ratio(a: Track, b: Track, *, max_age: int) -> Track:
    """a / b at the times of a; NaN where b is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return Track(time=a.time, value=_finite(a.value / b.at(a.time, max_age)))


def drift(a: Track, neighbours: Sequence[Track], *, max_age: int, fewest: int = 2) -> Track:
    """a less the median of its neighbours at the times of a; NaN where fewer than `fewest` of them have a value.

    The median holds as long as less than half of the neighbours are wrong themselves.
    """
    around = np.array([_finite(one.at(a.time, max_age)) for one in neighbours]).reshape(len(neighbours), len(a.time))
    known = np.isfinite(around).sum(axis=0)
    ordered = np.sort(around, axis=0)
    middle = np.full(len(a.time), np.nan)
    enough = np.flatnonzero(known >= max(1, fewest))
    half = known[enough] // 2
    upper, lower = ordered[half, enough], ordered[np.maximum(half - 1, 0), enough]
    middle[enough] = np.where(known[enough] % 2, upper, lower + (upper - lower) / 2)
    return Track(time=a.time, value=_finite(a.value - middle))


def _finite(value: Values) -> Values:
    return np.where(np.isfinite(value), value, np.nan)
