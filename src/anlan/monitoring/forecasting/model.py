"""A short-term forecast of one series: Holt's damped linear trend with an interval made from its own past errors.

Chosen by `benchmarks/forecast.py` on synthetic rain, tides, temperatures, leaks and noise. A damped trend does not run away
where a rise ends; a walk without a trend cannot be forecast and is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.forecasting.calibration import AS_IS, half_widths, spread
from anlan.monitoring.forecasting.holt import told
from anlan.monitoring.forecasting.soundness import MOST, TooLittle, even, moving, without_jumps

TELL = 0.6
"""From this probability on a crossing is told, where the law rows say nothing else."""
Z80 = 1.2815515655446004
Numbers = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Path:
    """What will be, from one step after `start` on: mean and 80 % interval; `start`, `step` in ms, `now` the last value.

    `deviation` is that of the normal distribution whose 80 % interval it is. `bare` is the same path forecast as if the
    greatest jumps of the history had not been; None where nothing is left without them.
    """

    start: int
    step: int
    now: float
    mean: Numbers
    deviation: Numbers
    bare: "Path | None" = None

    @property
    def low(self) -> Numbers:
        return self.mean - Z80 * self.deviation

    @property
    def high(self) -> Numbers:
        return self.mean + Z80 * self.deviation


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """When a limit will be crossed, ms; `early` and `late` where the interval's edges cross it, None for not in sight.

    `chance` is the highest probability, over the steps, of lying beyond the limit.
    """

    early: int | None
    due: int | None
    late: int | None
    chance: float


def forecast(time: Times, value: Numbers, *, horizon: int, scales: Sequence[float] = AS_IS) -> Path:
    """The path of the next `horizon` ms; time ascending, values finite. Raises `TooLittle`."""
    step, values = even(time, value)
    if (len(values) - 1) * step < horizon:
        raise TooLittle("short")
    moving(values)
    steps = max(1, min(MOST, -(-horizon // step)))
    path = _path(int(time[-1]), step, values, steps, scales)
    smooth = without_jumps(values)
    bare = _path(path.start, step, smooth, steps, scales) if np.ptp(smooth) > 0 else None
    return Path(start=path.start, step=step, now=path.now, mean=path.mean, deviation=path.deviation, bare=bare)


def _path(start: int, step: int, values: Numbers, steps: int, scales: Sequence[float]) -> Path:
    """Raises `TooLittle` where nothing finite comes of it."""
    scale = float(np.std(values)) or 1.0
    found = told((values - values[-1]) / scale, steps)
    half = half_widths(found) * spread(scales, steps)
    if not (np.isfinite(found.mean).all() and np.isfinite(half).all()):
        raise TooLittle("wild")
    return Path(
        start=start,
        step=step,
        now=float(values[-1]),
        mean=values[-1] + scale * found.mean,
        deviation=scale * half / Z80,
    )


def crossing(path: Path, limit: float, sign: int) -> Crossing:
    """When `sign` × value goes beyond `sign` × limit."""
    from scipy.special import ndtr

    beyond = sign * (path.mean - limit)
    chance = np.where(path.deviation > 0, ndtr(beyond / np.maximum(path.deviation, 1e-300)), beyond > 0)
    near, far = (path.high, path.low) if sign > 0 else (path.low, path.high)
    early, due, late = (_first(path, sign * edge, sign * limit, sign * path.now) for edge in (near, path.mean, far))
    return Crossing(early=early, due=due, late=late, chance=float(chance.max()))


def _first(path: Path, values: Numbers, limit: float, now: float) -> int | None:
    """When a line that starts at `now` first reaches the limit, between two steps where it does so there."""
    reached = np.flatnonzero(values >= limit)
    if not len(reached):
        return None
    k = int(reached[0])
    before = float(values[k - 1]) if k else now
    part = (limit - before) / (float(values[k]) - before) if values[k] > before else 1.0
    return path.start + int((k + min(1.0, max(0.0, part))) * path.step)
