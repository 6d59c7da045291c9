"""How well and how fast a crossing is forecast: the local linear trend against what one would take instead.

    python benchmarks/forecast.py [--json] [--rounds 8]

Five kinds of series, always the same ones: a tide, a flood's rise, a leak, a walk, still water. From 96 readings the
next 12 are forecast with an 80 % interval. Told are the mean absolute error at the last of them, in each kind's own
deviation, and how much of what came lay in the interval: 80 % would be right. The rivals are damped Holt with
statsmodels' own interval, a straight line through the last 24 readings, and "it stays as it is".
"""

import argparse
import json
import warnings
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.forecasting.model import Z80, _trend

Numbers = NDArray[np.float64]
Forecast = Callable[[Numbers], tuple[Numbers, Numbers, Numbers]]
SEEN, AHEAD = 96, 12


def kinds() -> dict[str, Numbers]:
    random, t = np.random.default_rng(1), np.arange(240)
    return {
        "tide": 2 + 0.8 * np.sin(2 * np.pi * t / 149) + random.normal(0, 0.02, 240),
        "flood": 1 + 2.5 / (1 + np.exp(-(t - 140) / 18)) + random.normal(0, 0.015, 240),
        "leak": 5 + np.where(t > 120, (t - 120) * 0.15, 0) + random.normal(0, 0.4, 240),
        "walk": 2 + np.cumsum(random.normal(0, 0.02, 240)),
        "still": 2 + random.normal(0, 0.02, 240),
    }


def trend(values: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    scale = float(np.std(values))
    mean, deviation = _trend((values - values[-1]) / scale, AHEAD)
    mean, deviation = values[-1] + scale * mean, scale * deviation
    return mean, mean - Z80 * deviation, mean + Z80 * deviation


def holt(values: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    import pandas as pd
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    fitted = ETSModel(pd.Series(values), error="add", trend="add", damped_trend=True).fit(disp=False, maxiter=100)
    told = fitted.get_prediction(start=len(values), end=len(values) + AHEAD - 1).summary_frame(alpha=0.2)
    return told["mean"].to_numpy(), told["pi_lower"].to_numpy(), told["pi_upper"].to_numpy()


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
    errors, held, seconds = [], [], 0.0
    for values in kinds().values():
        for cut in np.linspace(SEEN, len(values) - AHEAD, rounds).astype(int):
            begun = perf_counter()
            mean, low, high = forecast(values[cut - SEEN : cut])
            seconds += perf_counter() - begun
            came = values[cut : cut + AHEAD]
            errors.append(abs(mean - came)[-1] / np.std(values))
            held.append(((low <= came) & (came <= high)).mean())
    return {
        "error": round(float(np.mean(errors)), 3),
        "held_percent": round(100 * float(np.mean(held)), 1),
        "ms_each": round(1000 * seconds / len(errors), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=8)
    asked = parser.parse_args()
    ways = {"local linear trend": trend, "damped Holt": holt, "straight line": line, "stays as it is": stays}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: dict[str, Any] = {name: score(way, asked.rounds) for name, way in ways.items()}
    ours = found["local linear trend"]
    for name, one in found.items():
        one["error_ratio"] = round(one["error"] / ours["error"], 2)
    if asked.json:
        print(json.dumps(found))
        return
    for name, one in found.items():
        print(
            f"{name:20} error {one['error']:.3f} ({one['error_ratio']:.2f}x ours), "
            f"held {one['held_percent']} % of 80 %, {one['ms_each']} ms each"
        )


if __name__ == "__main__":
    main()
