"""Whether a series' history bears a forecast at all. What does not is refused by a name that is counted and shown.

A forecast is told to a person at night: it must not hang on one step, on a handful of readings or on gaps.
"""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Times = NDArray[np.int64]
MOST, LEAST = 96, 24
"""So many evenly spaced values are looked at, and so many at least are needed."""
GAP = 3
"""So many missing steps in a row are bridged; what is before a longer gap is not looked at."""
BRIDGED = 0.25
"""Of the values no greater share may be bridged."""
MOVES = 8
"""So many of the values at least differ from the one before."""
JUMPS, NEAR = 4, 6
"""A forecast must stand without the so many greatest changes, each put to what is usual among the last changes."""


class TooLittle(ValueError):
    """The series says too little for a forecast; the text names why in one word."""


def even(time: Times, value: Numbers) -> tuple[int, Numbers]:
    """The usual step (ms) and the last values on it, without long gaps; time ascending. Raises `TooLittle`."""
    if len(time) < LEAST:
        raise TooLittle("short")
    step = usual_step(time)
    if step <= 0:
        raise TooLittle("crowded")
    place = (time - time[-1]) // step + (MOST - 1)
    inside = place >= 0
    sums = np.bincount(place[inside], value[inside], MOST)
    counts = np.bincount(place[inside], minlength=MOST)
    filled = _unbroken(np.flatnonzero(counts))
    return step, np.interp(np.arange(filled[0], MOST), filled, sums[filled] / counts[filled])


def usual_step(time: Times) -> int:
    """The median distance of readings; several sent at once count as one. 0 where all are of one moment."""
    gaps = np.diff(time)
    return int(np.median(gaps[gaps >= np.quantile(gaps, 0.75) / 4]))


def _unbroken(filled: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places after the last long gap. Raises `TooLittle` where they are few or mostly bridged."""
    breaks = np.flatnonzero(np.diff(filled) > GAP + 1)
    filled = filled[breaks[-1] + 1 :] if len(breaks) else filled
    if len(filled) < LEAST:
        raise TooLittle("gaps")
    if len(filled) < (1 - BRIDGED) * (MOST - filled[0]):
        raise TooLittle("irregular")
    return filled


def moving(values: Numbers) -> None:
    """Raises `TooLittle` where they hardly ever change: a handful of steps is no course."""
    least = 1e-9 * max(1.0, float(np.abs(values).max()))
    if np.count_nonzero(np.abs(np.diff(values)) > least) < MOVES:
        raise TooLittle("flat")


def without_jumps(values: Numbers) -> Numbers:
    """The same values as if their greatest changes had not been; they end where they did."""
    change = np.diff(values)
    greatest = np.argsort(-np.abs(change), kind="stable")[:JUMPS]
    rest = np.delete(change, greatest)
    change[greatest] = np.median(rest[-NEAR:])
    return values[-1] - np.append(np.cumsum(change[::-1])[::-1], 0.0)
