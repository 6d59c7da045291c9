"""How wide an interval must be to hold 80 %: first from the series' own past errors, then by what it did hold.

Of the errors that the same forecast would have made within the window, step by step, the 80 % quantile is half the
interval (split conformal; the quantile of (1 + 1/n) 80 % for n errors). Where a step has too few errors of its own it
grows as the model's deviation does. What came afterwards then widens or narrows it, a third of the horizon at a time
(conformal tracking of a quantile): a scale is multiplied by exp(rate · (missed − 20 %)), so that in the long run 80 %
are held whatever the series does. A series that has not been checked often takes the scales usual for its rule.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.forecasting.holt import BURN, Told

Numbers = NDArray[np.float64]
Times = NDArray[np.int64]
HELD = 0.8
ENOUGH = 12
"""A step's own errors count from so many on."""
BANDS = 3
RATE = 0.15
LEAST, MOST = 0.25, 8.0
SEASONED = 6
"""A series that was checked so often goes by its own scales."""
AS_IS = (1.0,) * BANDS


def half_widths(told: Told) -> Numbers:
    """Half the 80 % interval of each step, from the errors within the window."""
    steps = told.errors.shape[1]
    own = max(1, min(steps, len(told.errors) - BURN - ENOUGH))
    errors = np.abs(told.errors[BURN : len(told.errors) - own, :own])
    level = min(1.0, HELD * (1 + 1 / len(errors)))
    near = np.quantile(errors, level, axis=0)
    return np.append(near, near[-1] * told.growth[own:] / told.growth[own - 1])


def spread(scales: Sequence[float], steps: int) -> Numbers:
    """The scale of each step; bands are thirds of the horizon."""
    return np.asarray(scales, np.float64)[np.arange(steps) * BANDS // steps]


def missed(path: Sequence[Sequence[float]], time: Times, value: Numbers) -> list[float | None]:
    """By bands, the share of readings that came and lay outside [ms, mean, low, high] rows; None where none came."""
    at, _mean, low, high = np.array(path, np.float64).T
    inside = (time > at[0] - (at[1] - at[0] if len(at) > 1 else 1)) & (time <= at[-1])
    time, value = time[inside], value[inside]
    band = np.minimum(np.searchsorted(at, time), len(at) - 1) * BANDS // len(at)
    out = (value < np.interp(time, at, low)) | (value > np.interp(time, at, high))
    return [float(out[band == k].mean()) if (band == k).any() else None for k in range(BANDS)]


def tracked(scales: Sequence[float], shares: Sequence[float | None]) -> list[float]:
    """The scales after one more path was checked."""
    moved = (
        scale if share is None else scale * float(np.exp(RATE * (share - (1 - HELD))))
        for scale, share in zip(scales, shares, strict=True)
    )
    return [round(min(MOST, max(LEAST, scale)), 4) for scale in moved]


def usual(of_others: Sequence[Sequence[float]]) -> list[float]:
    """The median of what others of the kind came to; as it is where there are none."""
    return np.median(np.array(of_others), axis=0).tolist() if len(of_others) else list(AS_IS)
