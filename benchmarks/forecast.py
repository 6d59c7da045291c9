"""How well and how fast a crossing is forecast: Holt's damped trend against what one would take instead.

    python benchmarks/forecast.py [--json] [--rounds 8]

Series of five kinds, always the same ones: a tide, a flood's rise, a leak, a ramp, a walk. From 96 readings the
next 12 are forecast with an 80 % interval. Told are the mean absolute error at the last of them, in each kind's own
deviation, how much of what came lay in the interval (80 % would be right), and of the crossings of the level that 15 % of
all values pass, how many of those told came and how many of those that came were told. The rivals are a local linear trend by
Kalman filter, a straight line through the last 24 readings, and "it stays as it is".
"""

import argparse
import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from anlan.monitoring.forecasting.model import TELL, Z80, _trend

Numbers = NDArray[np.float64]
Forecast = Callable[[Numbers], tuple[Numbers, Numbers, Numbers]]
SEEN, AHEAD = 96, 12


def kinds(rounds: int) -> Iterator[Numbers]:
    t = np.arange(240)
    for seed in range(1, rounds + 1):
        random = np.random.default_rng(seed)
        yield 2 + 0.8 * np.sin(2 * np.pi * (t + random.integers(150)) / 149) + random.normal(0, 0.02, 240)
        rise = (t - random.integers(120, 190)) / random.integers(8, 25)
        yield 1 + 2.5 / (1 + np.exp(-rise)) + random.normal(0, 0.015, 240)
        yield 5 + np.where(t > 120, (t - 120) * 0.15, 0) + random.normal(0, 0.4, 240)
        yield 1 + 0.02 * t + random.normal(0, 0.01, 240)
        yield 2 + np.cumsum(random.normal(0, 0.02, 240))


def trend(values: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    scale = float(np.std(values))
    mean, deviation = _trend((values - values[-1]) / scale, AHEAD)
    mean, deviation = values[-1] + scale * mean, scale * deviation
    return mean, mean - Z80 * deviation, mean + Z80 * deviation


def kalman(values: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    scale = float(np.std(values))
    told = (
        UnobservedComponents((values - values[-1]) / scale, "lltrend").fit(disp=False, maxiter=50).get_forecast(AHEAD)
    )
    mean = values[-1] + scale * np.asarray(told.predicted_mean)
    half = Z80 * scale * np.sqrt(np.asarray(told.var_pred_mean))
    return mean, mean - half, mean + half


def line(values: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    y, t, ahead = values[-24:], np.arange(24), np.arange(24, 24 + AHEAD)
    fit = np.polyfit(t, y, 1)
    mean, spread = np.polyval(fit, ahead), float(np.std(y - np.polyval(fit, t)))
    half = Z80 * spread * np.sqrt(1 + 1 / 24 + (ahead - t.mean()) ** 2 / ((t - t.mean()) ** 2).sum())
    return mean, mean - half, mean + half


def stays(values: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    half = Z80 * float(np.std(np.diff(values))) * np.sqrt(np.arange(1, AHEAD + 1))
    mean = np.full(AHEAD, values[-1])
    return mean, mean - half, mean + half


def score(forecast: Forecast, rounds: int) -> dict[str, float]:
    errors, held, seconds, crossings = [], [], 0.0, Counter[tuple[bool, bool]]()
    for values in kinds(rounds):
        limit = float(np.quantile(values, 0.85))
        for cut in range(SEEN, len(values) - AHEAD, 12):
            begun = perf_counter()
            mean, low, high = forecast(values[cut - SEEN : cut])
            seconds += perf_counter() - begun
            came = values[cut : cut + AHEAD]
            errors.append(abs(mean - came)[-1] / np.std(values))
            held.append(((low <= came) & (came <= high)).mean())
            if values[cut - 1] <= limit:
                chance = ndtr((mean - limit) / np.maximum((high - mean) / Z80, 1e-12)).max()
                crossings[bool(chance >= TELL and (mean > limit).any()), bool((came > limit).any())] += 1
    told, there = crossings[True, True] + crossings[True, False], crossings[True, True] + crossings[False, True]
    return {
        "error": round(float(np.mean(errors)), 3),
        "held_percent": round(100 * float(np.mean(held)), 1),
        "right_percent": round(100 * crossings[True, True] / max(1, told), 1),
        "caught_percent": round(100 * crossings[True, True] / max(1, there), 1),
        "ms_each": round(1000 * seconds / len(errors), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    ways = {"damped trend": trend, "local linear trend": kalman, "straight line": line, "stays as it is": stays}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: dict[str, Any] = {name: score(way, asked.rounds) for name, way in ways.items()}
    ours = found["damped trend"]
    for one in found.values():
        one["error_ratio"] = round(one["error"] / ours["error"], 2)
    if asked.json:
        print(json.dumps(found))
        return
    for name, one in found.items():
        print(
            f"{name:20} error {one['error']:.3f} ({one['error_ratio']:.2f}x ours), "
            f"held {one['held_percent']} % of 80 %, "
            f"told right {one['right_percent']} %, caught {one['caught_percent']} %, {one['ms_each']} ms each"
        )


if __name__ == "__main__":
    main()
