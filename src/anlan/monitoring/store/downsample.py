"""Fewer points that look like all: the largest triangle of each slice, and always both extremes.

S. Steinarsson, Downsampling Time Series for Visual Representation, University of Iceland, 2013 (LTTB). That method
alone may lose the one peak for which people look at a chart, so the least and the greatest are taken beside it.
"""

import numpy as np
from numpy.typing import NDArray

from anlan.rules.compiled import compiled

LEAST = 4


@compiled
def _triangles(time: NDArray[np.int64], value: NDArray[np.float64], chosen: NDArray[np.int64]) -> None:
    """Fills `chosen` with the first, one of each slice of those between, and the last place."""
    number, slices = len(time), len(chosen) - 2
    before = 0
    for k in range(slices):
        first, last = 1 + k * (number - 2) // slices, 1 + (k + 1) * (number - 2) // slices
        end = min(number, 1 + (k + 2) * (number - 2) // slices)
        x = y = 0.0
        for i in range(last, max(end, last + 1)):
            x += float(time[i] - time[0])
            y += value[i] / (max(end, last + 1) - last)
        x /= max(end, last + 1) - last
        x0, y0, largest = float(time[before] - time[0]), value[before], -1.0
        for i in range(first, last):
            area = abs((x0 - x) * (value[i] - y0) - (x0 - float(time[i] - time[0])) * (y - y0))
            if area > largest:
                largest, chosen[k + 1] = area, i
        before = chosen[k + 1]
    chosen[0], chosen[len(chosen) - 1] = 0, number - 1


def downsample(
    time: NDArray[np.int64], value: NDArray[np.float64], *, points: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """At most so many of the readings, in order: the first, the last, the least, the greatest, and what shapes the line.

    Times (ms) ascend; NaN and infinities are left out. ValueError for fewer than 4 points.
    """
    if points < LEAST:
        raise ValueError(f"a line takes at least {LEAST} points, not {points}")
    finite = np.isfinite(value)
    if not finite.all():
        time, value = time[finite], value[finite]
    if len(time) <= points:
        return time, value
    extremes = [int(value.argmin()), int(value.argmax())]
    chosen = np.zeros(points - len({*extremes} - {0, len(time) - 1}), np.int64)
    scale = max(abs(float(value[place])) for place in extremes) or 1.0
    _triangles(time, value / scale, chosen)
    places = np.unique(np.concatenate([chosen, extremes]))
    return time[places], value[places]
