"""How well and how fast a crossing is forecast, and what its 80 % interval holds, against what one would take instead.

    python benchmarks/forecast.py [--json] [--rounds 2]

Series of five kinds, always the same ones: a level that rain drives, with its recession; a tide; a temperature by day and
night; a gas with leaks; flat noise. From 96 readings the next 12 are forecast with an 80 % interval. Told are the mean absolute
error at the last of them, in each kind's own deviation; what the interval held of what came, of each kind; and of the
crossings of the level that 15 % of all values pass, noise set aside, how many of those told came and how many of those
that came were told.
Ours follows a series as the product does and is judged at every third reading; the rivals, which are slow, at every
thirtieth; errors are compared at the same ones. The rivals are the same damped trend fitted by maximum likelihood with
its own interval (statsmodels' ETS), a local linear trend by Kalman filter, a straight line through the last 24
readings, and "it stays as it is".
"""

import argparse
import json
import warnings
from collections import Counter
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from anlan.monitoring.forecasting.calibration import AS_IS, missed, tracked
from anlan.monitoring.forecasting.model import TELL, Z80, forecast

Numbers = NDArray[np.float64]
Interval = tuple[Numbers, Numbers, Numbers]
SEEN, AHEAD, LONG = 96, 12, 900
OURS_EACH, RIVALS_EACH = 3, 30


def rain_level(random: np.random.Generator) -> Numbers:
    """Storms fill a reservoir that empties by itself; a quarter of a storm runs off late."""
    inflow = np.zeros(LONG)
    for start in np.flatnonzero(random.random(LONG) < 1 / 120):
        inflow[start : start + random.integers(4, 20)] += random.gamma(2, 0.04)
    late, level = np.zeros(LONG), np.zeros(LONG)
    for t in range(1, LONG):
        late[t] = late[t - 1] + (inflow[t] - late[t - 1]) / 4
        level[t] = level[t - 1] * (1 - 1 / 45) + late[t]
    return 0.3 + level + random.normal(0, 0.006, LONG)


def tide(random: np.random.Generator) -> Numbers:
    t = np.arange(LONG)
    lunar, solar = (2 * np.pi * (t + random.integers(150)) / period for period in (149, 144))
    return 2 + 0.8 * np.sin(lunar) + 0.25 * np.sin(solar) + random.normal(0, 0.02, LONG)


def temperature(random: np.random.Generator) -> Numbers:
    t, weather = np.arange(LONG), np.zeros(LONG)
    for k in range(1, LONG):
        weather[k] = 0.995 * weather[k - 1] + random.normal(0, 0.12)
    day = 4 * np.sin(2 * np.pi * (t + random.integers(144)) / 144)
    return 24 + day + weather + random.normal(0, 0.05, LONG)


def leaking_gas(random: np.random.Generator) -> Numbers:
    gas, left, rate, now = np.zeros(LONG), 0, 0.0, 0.0
    for t in range(LONG):
        if not left and random.random() < 1 / 200:
            left, rate = int(random.integers(15, 50)), random.uniform(0.1, 0.6)
        now = now + rate if left else now * 0.85
        left, gas[t] = max(0, left - 1), now
    return np.maximum(0, 2 + gas + random.normal(0, 0.25, LONG))


def noisy_flat(random: np.random.Generator) -> Numbers:
    return np.round(2 + random.normal(0, 0.05, LONG), 2)


KINDS = (rain_level, tide, temperature, leaking_gas, noisy_flat)


class Ours:
    """The product's forecast of one series after another, with the scales that it learns on the way."""

    def __init__(self) -> None:
        self.scales: list[float] = list(AS_IS)
        self.watched: list[list[float]] = []

    def __call__(self, values: Numbers, cut: int) -> Interval:
        time = np.arange(cut - SEEN, cut, dtype=np.int64)
        if self.watched and self.watched[-1][0] < cut:
            self.scales = tracked(self.scales, missed(self.watched, np.arange(cut), values[:cut]))
            self.watched = []
        path = forecast(time, values[cut - SEEN : cut], horizon=AHEAD, scales=self.scales)
        rows = zip(range(cut, cut + AHEAD), path.mean, path.low, path.high, strict=True)
        self.watched = self.watched or [list(row) for row in rows]
        return path.mean, path.low, path.high


def likelihood(values: Numbers, cut: int) -> Interval:
    from pandas import Series
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    seen = values[cut - SEEN : cut]
    scale = float(np.std(seen))
    fitted = ETSModel(Series((seen - seen[-1]) / scale), error="add", trend="add", damped_trend=True).fit(disp=False)
    told = fitted.get_prediction(start=SEEN, end=SEEN + AHEAD - 1)
    mean = seen[-1] + scale * np.asarray(told.predicted_mean)
    half = Z80 * scale * np.sqrt(np.asarray(told.forecast_variance))
    return mean, mean - half, mean + half


def kalman(values: Numbers, cut: int) -> Interval:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    seen = values[cut - SEEN : cut]
    scale = float(np.std(seen))
    told = UnobservedComponents((seen - seen[-1]) / scale, "lltrend").fit(disp=False, maxiter=50).get_forecast(AHEAD)
    mean = seen[-1] + scale * np.asarray(told.predicted_mean)
    half = Z80 * scale * np.sqrt(np.asarray(told.var_pred_mean))
    return mean, mean - half, mean + half


def line(values: Numbers, cut: int) -> Interval:
    y, t, ahead = values[cut - 24 : cut], np.arange(24), np.arange(24, 24 + AHEAD)
    fit = np.polyfit(t, y, 1)
    mean, spread = np.polyval(fit, ahead), float(np.std(y - np.polyval(fit, t)))
    half = Z80 * spread * np.sqrt(1 + 1 / 24 + (ahead - t.mean()) ** 2 / ((t - t.mean()) ** 2).sum())
    return mean, mean - half, mean + half


def stays(values: Numbers, cut: int) -> Interval:
    seen = values[cut - SEEN : cut]
    half = Z80 * float(np.std(np.diff(seen))) * np.sqrt(np.arange(1, AHEAD + 1))
    mean = np.full(AHEAD, seen[-1])
    return mean, mean - half, mean + half


class Tally:
    """What one way came to."""

    def __init__(self) -> None:
        self.errors: list[float] = []
        self.held: dict[str, list[float]] = {}
        self.crossings: Counter[tuple[bool, bool]] = Counter()
        self.seconds, self.asked = 0.0, 0

    def add(self, kind: str, values: Numbers, cut: int, told: Interval) -> None:
        mean, low, high = told
        came, limit = values[cut : cut + AHEAD], float(np.quantile(values, 0.85))
        self.held.setdefault(kind, []).append(float(((low <= came) & (came <= high)).mean()))
        if (cut - SEEN) % RIVALS_EACH:
            return
        self.errors.append(float(abs(mean - came)[-1] / np.std(values)))
        if kind != noisy_flat.__name__ and values[cut - 1] <= limit:
            chance = ndtr((mean - limit) / np.maximum((high - mean) / Z80, 1e-12)).max()
            self.crossings[bool(chance >= TELL and (mean > limit).any()), bool((came > limit).any())] += 1

    def told(self) -> dict[str, Any]:
        both = self.crossings[True, True]
        held = {kind: round(100 * float(np.mean(shares)), 1) for kind, shares in self.held.items()}
        return {
            "error": round(float(np.mean(self.errors)), 3),
            "held_percent": round(float(np.mean(list(held.values()))), 1),
            "held_percent_by_kind": held,
            "right_percent": round(100 * both / max(1, both + self.crossings[True, False]), 1),
            "caught_percent": round(100 * both / max(1, both + self.crossings[False, True]), 1),
            "ms_each": round(1000 * self.seconds / self.asked, 2),
        }


def score(way: Callable[[], Callable[[Numbers, int], Interval]], rounds: int, every: int) -> dict[str, Any]:
    tally = Tally()
    for kind in KINDS:
        for seed in range(rounds):
            values, tell = kind(np.random.default_rng(seed)), way()
            for cut in range(SEEN, LONG - AHEAD, every):
                begun = perf_counter()
                told = tell(values, cut)
                tally.seconds, tally.asked = tally.seconds + perf_counter() - begun, tally.asked + 1
                tally.add(kind.__name__, values, cut, told)
    return tally.told()


RIVALS = {"likelihood fit": likelihood, "local linear trend": kalman, "straight line": line, "stays as it is": stays}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    Ours()(tide(np.random.default_rng(0)), SEEN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {"damped trend": score(Ours, asked.rounds, OURS_EACH)}
        for name, way in RIVALS.items():
            found[name] = score(lambda way=way: way, asked.rounds, RIVALS_EACH)  # type: ignore[misc]
    ours = found["damped trend"]
    for one in found.values():
        one["error_ratio"] = round(one["error"] / ours["error"], 2)
        one["time_ratio"] = round(one["ms_each"] / ours["ms_each"], 1)
    if asked.json:
        print(json.dumps(found))
        return
    for name, one in found.items():
        print(
            f"{name:20} error {one['error']:.3f} ({one['error_ratio']:.2f}x ours), held {one['held_percent']} % of 80 %, "
            f"told right {one['right_percent']} %, caught {one['caught_percent']} %, "
            f"{one['ms_each']} ms each ({one['time_ratio']}x ours)"
        )
        print(" " * 21 + ", ".join(f"{kind} {share} %" for kind, share in one["held_percent_by_kind"].items()))


if __name__ == "__main__":
    main()
