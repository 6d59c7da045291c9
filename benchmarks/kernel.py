"""Readings a second on one core: the compiled kernel against a plain Python loop on the same million readings.

    python benchmarks/kernel.py [--json]

10,000 devices report 100 times, minute by minute; range, threshold with hysteresis after 3 in a row, rate of
change. Both loops give every reading its ledger state and every transition; the run fails if they disagree.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from anlan.rules import KernelState, Kind, Ledger, Level, Rule, RuleTable, Threshold, judge, warm

DEVICES, ROUNDS, MINUTE, START = 10_000, 100, 60_000, 1_800_000_000_000
RED = Threshold(raise_at=60, clear_at=55)
RULE = Rule(
    low=0,
    high=100,
    red=RED,
    samples=3,
    rate_limit=20,
    rate_level=Level.YELLOW,
)
Counts = dict[str, int]
Device = list[Any]
Row = tuple[int, int, int, int, int, int, float]
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Readings:
    series: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]


def readings_made(seed: int = 20_260_401) -> Readings:
    """Each device wanders about 50; one reading in 200 is missing, one in 100 jumps, one in 500 is a repeat."""
    random = np.random.default_rng(seed)
    shape = ROUNDS, DEVICES
    wander = np.cumsum(random.normal(0, 1.5, shape), axis=0)
    value = 50 + wander + random.normal(0, 1, shape)
    value += np.where(random.random(shape) < 0.01, random.normal(0, 40, shape), 0)
    value[random.random(shape) < 0.005] = np.nan
    minute = np.repeat(np.arange(ROUNDS), DEVICES).reshape(shape)
    minute[1:] -= random.random((ROUNDS - 1, DEVICES)) < 0.002
    series = np.tile(np.arange(DEVICES), ROUNDS)
    return Readings(series=series, time=START + MINUTE * minute.ravel(), value=value.ravel())


def devices_made() -> list[Device]:
    return [[-1, None, 0, False, False] for _ in range(DEVICES)]


def plain_loop(
    devices: list[Device], series: list[int], time: list[int], value: list[float], now: int
) -> tuple[list[int], list[Row]]:
    """What one writes without arrays: a list of state per device, local names, no call per reading."""
    low, high, samples, limit, inf = RULE.low, RULE.high, RULE.samples, RULE.rate_limit, float("inf")
    raise_at, clear_at = RED.raise_at, RED.clear_at
    newest, oldest = now + 300_000, now - 7 * 86_400_000
    normal, alarm, _, late, duplicate, out_of_range, not_a_number, _, future = map(int, Ledger)
    ledger: list[int] = []
    transitions: list[Row] = []
    for i, (s, t, v) in enumerate(zip(series, time, value, strict=True)):
        if not -inf < v < inf:
            ledger.append(not_a_number)
            continue
        if v < low or v > high:
            ledger.append(out_of_range)
            continue
        if t > newest:
            ledger.append(future)
            continue
        device = devices[s]
        last_time, last_value, run, raised, fast = device
        if t < oldest or t < last_time:
            ledger.append(late)
            continue
        if t == last_time:
            ledger.append(duplicate)
            continue
        if raised:
            if v < clear_at:
                device[2] = 0
                device[3] = raised = False
                transitions.append((i, s, t, 0, 4, 0, v))
        elif v > raise_at:
            device[2] = run = run + 1
            if run >= samples:
                device[3] = raised = True
                transitions.append((i, s, t, 0, 0, 4, v))
        elif run:
            device[2] = 0
        jumps = last_value is not None and abs(v - last_value) > limit
        if jumps != fast:
            device[4] = jumps
            transitions.append((i, s, t, 1, 2 * fast, 2 * jumps, v))
        device[0] = t
        device[1] = v
        ledger.append(alarm if raised or jumps else normal)
    return ledger, transitions


def counted(ledger: NDArray[np.uint8], kinds: NDArray[np.uint8], after: NDArray[np.uint8]) -> Counts:
    states = np.bincount(ledger, minlength=len(Ledger)).tolist()
    counts = {state.name.lower(): states[state] for state in Ledger if states[state]}
    for kind, name in ((Kind.LEVEL, "high"), (Kind.RATE, "rate")):
        counts[f"{name}_raised"] = int(((kinds == kind) & (after > 0)).sum())
        counts[f"{name}_cleared"] = int(((kinds == kind) & (after == 0)).sum())
    return counts


def timed(prepare: Callable[[], S], run: Callable[[S], T], repeats: int) -> tuple[float, T]:
    """Median seconds of `run` alone, and its last result."""
    seconds = []
    for _ in range(repeats):
        fresh = prepare()
        start = perf_counter()
        result = run(fresh)
        seconds.append(perf_counter() - start)
    return median(seconds), result


def kernel_measured(readings: Readings, now: int, repeats: int) -> tuple[float, Counts]:
    table = RuleTable.of([RULE] * DEVICES)
    columns = readings.series, readings.time, readings.value
    warm()
    seconds, verdict = timed(
        lambda: KernelState.empty(DEVICES), lambda state: judge(table, state, *columns, now=now), repeats
    )
    moved = verdict.transitions
    return seconds, counted(verdict.ledger, moved["kind"], moved["level_after"])


def plain_measured(readings: Readings, now: int, repeats: int) -> tuple[float, Counts]:
    lists = readings.series.tolist(), readings.time.tolist(), readings.value.tolist()
    seconds, (ledger, rows) = timed(devices_made, lambda devices: plain_loop(devices, *lists, now), repeats)
    kinds, after = (np.array([row[k] for row in rows], np.uint8) for k in (3, 5))
    return seconds, counted(np.array(ledger, np.uint8), kinds, after)


def measured(repeats: int) -> dict[str, Any]:
    """SystemExit if the two loops differ in one count."""
    readings = readings_made()
    now, n = int(readings.time.max()), len(readings.series)
    fast, kernel = kernel_measured(readings, now, 5 * repeats)
    slow, plain = plain_measured(readings, now, repeats)
    if kernel != plain:
        raise SystemExit(f"the loops disagree: kernel {kernel}, plain {plain}")
    return {
        "readings": n,
        "kernel_readings_per_s": round(n / fast),
        "plain_loop_readings_per_s": round(n / slow),
        "ratio": round(slow / fast, 1),
        "counts": kernel,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="of the plain loop; the kernel runs 5 times as often")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    facts = measured(given.repeats)
    if given.json:
        print(json.dumps(facts))
        return
    print(f"kernel      {facts['kernel_readings_per_s']:>14,} readings/s on one core")
    print(f"plain loop  {facts['plain_loop_readings_per_s']:>14,} readings/s on one core")
    print(f"ratio       {facts['ratio']:>14,}")
    print("equal counts", json.dumps(facts["counts"]))


if __name__ == "__main__":
    main()
