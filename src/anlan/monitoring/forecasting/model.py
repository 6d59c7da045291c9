"""A short-term forecast of one series: Holt's damped linear trend (ETS A,Ad,N), from its last readings alone.

Chosen by `benchmarks/forecast.py` on synthetic tides, floods, leaks, ramps and walks: told from a probability of 0.6 on, it
gives fewer false alarms than an undamped trend or a local linear trend by Kalman filter, which takes twice as long, for
about as many crossings caught; its 80 % interval holds some 70 % of what comes. A damped trend does not run away where
a rise ends; a walk without a trend cannot be forecast and is not.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST, LEAST = 96, 24
"""So many evenly spaced values are looked at, and so many at least are needed."""
GAP = 3
"""So many missing steps in a row are bridged; what is before a longer gap is not looked at."""
TELL = 0.6
"""From this probability on a crossing is told, where the law rows say nothing else."""
Z80 = 1.2815515655446004
Numbers = NDArray[np.float64]


class TooLittle(ValueError):
    """The series says too little for a forecast; the text names why in one word."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """What will be, from one step after `start` on: mean and 80 % interval; `start`, `step` in ms, `now` the last value."""

    start: int
    step: int
    now: float
    mean: Numbers
    deviation: Numbers

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


def even(time: NDArray[np.int64], value: Numbers) -> tuple[int, Numbers]:
    """The usual step (ms) and the last values on it, without long gaps. Raises `TooLittle`."""
    if len(time) < LEAST:
        raise TooLittle("short")
    step = int(np.median(np.diff(time)))
    if step <= 0:
        raise TooLittle("crowded")
    place = (time - time[-1]) // step + (MOST - 1)
    inside = place >= 0
    sums = np.bincount(place[inside], value[inside], MOST)
    counts = np.bincount(place[inside], minlength=MOST)
    filled = np.flatnonzero(counts)
    breaks = np.flatnonzero(np.diff(filled) > GAP + 1)
    filled = filled[breaks[-1] + 1 :] if len(breaks) else filled
    if len(filled) < LEAST:
        raise TooLittle("gaps")
    return step, np.interp(np.arange(filled[0], MOST), filled, sums[filled] / counts[filled])


def forecast(time: NDArray[np.int64], value: Numbers, *, horizon: int) -> Path:
    """The path of the next `horizon` ms; time ascending. Raises `TooLittle`."""
    step, values = even(time, value)
    steps = max(1, min(MOST, -(-horizon // step)))
    scale = float(np.std(values))
    if scale < 1e-9 * max(1.0, float(np.abs(values).max())):
        raise TooLittle("flat")
    mean, deviation = _trend((values - values[-1]) / scale, steps)
    return Path(
        start=int(time[-1]),
        step=step,
        now=float(values[-1]),
        mean=values[-1] + scale * mean,
        deviation=scale * deviation,
    )


def _trend(values: Numbers, steps: int) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of each step. Raises `TooLittle` where nothing finite comes of it."""
    from pandas import Series
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = ETSModel(Series(values), error="add", trend="add", damped_trend=True).fit(disp=False, maxiter=100)
            told = fitted.get_prediction(start=len(values), end=len(values) + steps - 1)
    except (np.linalg.LinAlgError, ArithmeticError) as error:
        raise TooLittle("wild") from error
    mean, variance = np.asarray(told.predicted_mean), np.asarray(told.forecast_variance)
    if not (np.isfinite(mean).all() and np.isfinite(variance).all()):
        raise TooLittle("wild")
    return mean, np.sqrt(np.maximum(variance, 0.0))


def crossing(path: Path, limit: float, sign: int) -> Crossing:
    """When `sign` × value goes beyond `sign` × limit."""
    from scipy.special import ndtr

    beyond = sign * (path.mean - limit)
    chance = np.where(path.deviation > 0, ndtr(beyond / np.maximum(path.deviation, 1e-300)), beyond > 0)
    near, far = (path.high, path.low) if sign > 0 else (path.low, path.high)
    early, due, late = (_first(path, sign * edge, sign * limit, sign * path.now) for edge in (near, path.mean, far))
    return Crossing(early=early, due=due, late=late, chance=float(chance.max(initial=0.0)))


def _first(path: Path, values: Numbers, limit: float, now: float) -> int | None:
    """When a line that starts at `now` first reaches the limit, between two steps where it does so there."""
    reached = np.flatnonzero(values >= limit)
    if not len(reached):
        return None
    k = int(reached[0])
    before = float(values[k - 1]) if k else now
    part = (limit - before) / (float(values[k]) - before) if values[k] > before else 1.0
    return path.start + int((k + min(1.0, max(0.0, part))) * path.step)
