"""Holt's damped linear trend (ETS A,Ad,N), fitted by trying a fixed set of parameters: the same input, the same fit.

A forecast takes well under a millisecond, where a likelihood search takes two hundred, and its point forecasts err as
little (`benchmarks/forecast.py`). The one pass that makes the forecast also tells how every forecast from earlier
moments of the window would have erred, step by step: the series' own errors, from which its interval is made.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anlan.rules.compiled import compiled

Numbers = NDArray[np.float64]
SMOOTHING = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0])
TREND = np.array([0.0, 0.05, 0.1, 0.2, 0.4, 0.7])
DAMPING = np.array([0.8, 0.9, 0.95, 0.98])
BURN = 8
"""The first steps, in which the start still shows, say nothing about the errors."""
FIRST = 6
"""The trend at the start is taken from so many steps."""


class Fitted(NamedTuple):
    """Parameters, and what the series had come to at its end."""

    smoothing: float
    trend: float
    damping: float


class Told(NamedTuple):
    """`mean` (steps,); `errors` (moments, steps): what came less what would have been told, NaN beyond the end."""

    mean: Numbers
    errors: Numbers
    growth: Numbers
    """(steps,): the deviation of each step over that of the first, by the model."""


def told(values: Numbers, steps: int) -> Told:
    """The next `steps` of evenly spaced values, at least `FIRST` + 1 of them, all finite."""
    chosen, errors = np.empty(3), np.full((len(values), steps), np.nan)
    mean = np.empty(steps)
    _fit(values, SMOOTHING, TREND, DAMPING, chosen)
    fitted = Fitted(*chosen.tolist())
    _pass(values, *fitted, errors, mean)
    return Told(mean, errors, _growth(fitted, steps))


def _growth(fitted: Fitted, steps: int) -> Numbers:
    """Var(h) = σ² (1 + Σ (α (1 + β φ_j))²), j < h: Hyndman and Athanasopoulos, Forecasting, table of ETS variances."""
    damped = np.cumsum(fitted.damping ** np.arange(1, steps))
    return np.sqrt(1 + np.append(0.0, np.cumsum((fitted.smoothing * (1 + fitted.trend * damped)) ** 2)))


@compiled
def _fit(values: Numbers, smoothing: Numbers, trend: Numbers, damping: Numbers, chosen: Numbers) -> None:
    """The parameters with the least sum of squared errors of one step."""
    best = np.inf
    start = (values[FIRST] - values[0]) / FIRST
    for a in smoothing:
        for b in trend:
            for p in damping:
                level, slope, squares = values[0], start, 0.0
                for i in range(len(values)):
                    error = values[i] - (level + p * slope)
                    level = level + p * slope + a * error
                    slope = p * slope + a * b * error
                    if i >= BURN:
                        squares += error * error
                if squares < best:
                    best = squares
                    chosen[0], chosen[1], chosen[2] = a, b, p


@compiled
def _pass(values: Numbers, a: float, b: float, p: float, errors: Numbers, mean: Numbers) -> None:
    level, slope = values[0], (values[FIRST] - values[0]) / FIRST
    for i in range(len(values)):
        error = values[i] - (level + p * slope)
        level = level + p * slope + a * error
        slope = p * slope + a * b * error
        far, weight = 0.0, p
        for h in range(errors.shape[1]):
            far += weight
            weight *= p
            mean[h] = level + far * slope
            if i + 1 + h < len(values):
                errors[i, h] = values[i + 1 + h] - mean[h]
