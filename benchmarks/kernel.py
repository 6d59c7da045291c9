"""Readings a second on one core: the compiled kernel against plain Python loops and bytewax on the same readings.

    python benchmarks/kernel.py [--json] [--quick]

10,000 devices report 100 times, minute by minute; valid range, threshold with hysteresis after 3 in a row, rate of change.
All of them give every reading its ledger state and every transition; the run fails if they disagree in one count.

plain loop   rows (series, time, value) and an object per device, as one writes it
tuned loop   the same with columns, lists as state and everything in local names
bytewax      stateful_flat_map keyed by device, in one worker; what comes out are transitions and ledger states

Seconds are of this thread's processor time (bytewax: of the process). They take turns, and of each the best turn counts: a
busy machine slows all of them alike.
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time, thread_time
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from anlan.rules import KernelState, Kind, Level, Rule, RuleTable, Threshold, judge, warm

DEVICES, ROUNDS, MINUTE, START = 10_000, 100, 60_000, 1_800_000_000_000
RED = Threshold(raise_at=60, clear_at=55)
RULE = Rule(low=0, high=100, red=RED, samples=3, rate_limit=20, rate_level=Level.YELLOW)
FUTURE, AGE = 300_000, 7 * 86_400_000
Counts = dict[str, int]
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Readings:
    series: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.series)

    def columns(self) -> tuple[list[int], list[int], list[float]]:
        return self.series.tolist(), self.time.tolist(), self.value.tolist()


def readings_made(devices: int = DEVICES, rounds: int = ROUNDS, seed: int = 20_260_401) -> Readings:
    """Each device wanders about 50; one reading in 200 is missing, one in 100 jumps, one in 500 is a repeat."""
    random = np.random.default_rng(seed)
    shape = rounds, devices
    wander = np.cumsum(random.normal(0, 1.5, shape), axis=0)
    value = 50 + wander + random.normal(0, 1, shape)
    value += np.where(random.random(shape) < 0.01, random.normal(0, 40, shape), 0)
    value[random.random(shape) < 0.005] = np.nan
    minute = np.repeat(np.arange(rounds), devices).reshape(shape)
    minute[1:] -= random.random((rounds - 1, devices)) < 0.002
    series = np.tile(np.arange(devices), rounds)
    return Readings(series=series, time=START + MINUTE * minute.ravel(), value=value.ravel())


class Device:
    """One device of the plain loop and of bytewax."""

    __slots__ = ("fast", "raised", "run", "time", "value")

    def __init__(self) -> None:
        self.time = -1
        self.value: float | None = None
        self.run = 0
        self.raised = False
        self.fast = False


def judged(device: Device, t: int, v: float, now: int, told: Callable[[str], None]) -> str:
    """One reading: its ledger state; `told` hears each transition."""
    if math.isnan(v) or math.isinf(v):
        return "not_a_number"
    if v < RULE.low or v > RULE.high:
        return "out_of_range"
    if t > now + FUTURE:
        return "future"
    if t < now - AGE or t < device.time:
        return "late"
    if t == device.time:
        return "duplicate"
    if device.raised:
        if v < RED.clear_at:
            device.raised, device.run = False, 0
            told("high_cleared")
    elif v > RED.raise_at:
        device.run += 1
        if device.run >= RULE.samples:
            device.raised = True
            told("high_raised")
    else:
        device.run = 0
    fast = device.value is not None and abs(v - device.value) > RULE.rate_limit
    if fast != device.fast:
        device.fast = fast
        told("rate_raised" if fast else "rate_cleared")
    device.time, device.value = t, v
    return "alarm" if device.raised or fast else "normal"


def plain_loop(devices: list[Device], rows: list[tuple[int, int, float]], now: int) -> Counts:
    transitions: list[str] = []
    ledger = [judged(devices[series], time, value, now, transitions.append) for series, time, value in rows]
    return dict(Counter(ledger) + Counter(transitions))


def tuned_loop(devices: list[list[Any]], columns: tuple[list[int], list[int], list[float]], now: int) -> Counts:
    """What one writes when every nanosecond counts: a list of state per device, local names, no call per reading."""
    low, high, samples, limit, inf = RULE.low, RULE.high, RULE.samples, RULE.rate_limit, float("inf")
    raise_at, clear_at = RED.raise_at, RED.clear_at
    newest, oldest = now + FUTURE, now - AGE
    ledger: list[str] = []
    transitions: list[str] = []
    for s, t, v in zip(*columns, strict=True):
        if not -inf < v < inf:
            ledger.append("not_a_number")
            continue
        if v < low or v > high:
            ledger.append("out_of_range")
            continue
        if t > newest:
            ledger.append("future")
            continue
        device = devices[s]
        last_time, last_value, run, raised, fast = device
        if t < oldest or t < last_time:
            ledger.append("late")
            continue
        if t == last_time:
            ledger.append("duplicate")
            continue
        if raised:
            if v < clear_at:
                device[2] = 0
                device[3] = raised = False
                transitions.append("high_cleared")
        elif v > raise_at:
            device[2] = run = run + 1
            if run >= samples:
                device[3] = raised = True
                transitions.append("high_raised")
        elif run:
            device[2] = 0
        jumps = last_value is not None and abs(v - last_value) > limit
        if jumps != fast:
            device[4] = jumps
            transitions.append("rate_raised" if jumps else "rate_cleared")
        device[0] = t
        device[1] = v
        ledger.append("alarm" if raised or jumps else "normal")
    return dict(Counter(ledger) + Counter(transitions))


def bytewax_flow(rows: list[tuple[str, tuple[int, float]]], now: int, out: list[tuple[str, str]]) -> Any:
    import bytewax.operators as op
    from bytewax.dataflow import Dataflow
    from bytewax.testing import TestingSink, TestingSource

    def step(device: Device | None, reading: tuple[int, float]) -> tuple[Device, list[str]]:
        device = Device() if device is None else device
        told: list[str] = []
        told.append(judged(device, *reading, now, told.append))
        return device, told

    flow = Dataflow("rules")
    stream = op.input("in", flow, TestingSource(rows, batch_size=1000))
    op.output("out", op.stateful_flat_map("judge", stream, step), TestingSink(out))
    return flow


def timed(prepare: Callable[[], S], run: Callable[[S], T], repeats: int, clock: Callable[[], float]) -> tuple[float, T]:
    """Seconds of the best `run` alone, and its last result."""
    seconds = []
    for _ in range(repeats):
        fresh = prepare()
        start = clock()
        result = run(fresh)
        seconds.append(clock() - start)
    return min(seconds), result


def kernel_turn(readings: Readings, devices: int, now: int) -> tuple[float, Counts]:
    table = RuleTable.of([RULE] * devices)
    columns = readings.series, readings.time, readings.value
    seconds, verdict = timed(
        lambda: KernelState.empty(devices), lambda state: judge(table, state, *columns, now=now), 5, thread_time
    )
    moved = verdict.transitions
    counts = {state.name.lower(): n for state, n in verdict.counts().items() if n}
    for kind, name in ((Kind.LEVEL, "high"), (Kind.RATE, "rate")):
        after = moved["level_after"][moved["kind"] == kind]
        counts |= {f"{name}_raised": int((after > 0).sum()), f"{name}_cleared": int((after == 0).sum())}
    return seconds, counts


def bytewax_turn(readings: Readings, now: int) -> tuple[float, Counts]:
    from bytewax.testing import run_main

    series, time, value = readings.columns()
    rows = list(zip(map(str, series), zip(time, value, strict=True), strict=True))
    out: list[tuple[str, str]] = []
    seconds, _ = timed(lambda: bytewax_flow(rows, now, out), run_main, 1, process_time)
    return seconds, dict(Counter(word for _, word in out))


def measured(repeats: int, devices: int, rounds: int) -> dict[str, Any]:
    """They take turns. SystemExit if one of them differs in one count."""
    readings = readings_made(devices, rounds)
    now, columns = int(readings.time.max()), readings.columns()
    rows = list(zip(*columns, strict=True))
    turns: dict[str, Callable[[], tuple[float, Counts]]] = {
        "kernel": lambda: kernel_turn(readings, devices, now),
        "plain_loop": lambda: timed(
            lambda: [Device() for _ in range(devices)], lambda d: plain_loop(d, rows, now), 1, thread_time
        ),
        "tuned_loop": lambda: timed(
            lambda: [[-1, None, 0, False, False] for _ in range(devices)],
            lambda d: tuned_loop(d, columns, now),
            1,
            thread_time,
        ),
        "bytewax": lambda: bytewax_turn(readings, now),
    }
    warm()
    best = dict.fromkeys(turns, math.inf)
    counts: Counts = {}
    for name, turn in list(turns.items()) * repeats:
        seconds, found = turn()
        best[name], counts = min(best[name], seconds), counts or found
        if found != counts:
            raise SystemExit(f"they disagree: kernel {counts}, {name} {found}")
    facts: dict[str, Any] = {"readings": len(readings)}
    for name, taken in best.items():
        facts[f"{name}_readings_per_s"] = round(len(readings) / taken)
        facts[f"{name}_ratio"] = round(taken / best["kernel"], 1)
    return facts | {"counts": counts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="turns; the kernel runs 5 times in each")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    facts = measured(given.repeats, DEVICES, ROUNDS // 10 if given.quick else ROUNDS)
    if given.json:
        print(json.dumps(facts))
        return
    print(f"{'':<12}{'readings/s':>14}{'kernel is':>12}")
    for name in ("kernel", "plain_loop", "tuned_loop", "bytewax"):
        speed, ratio = facts[f"{name}_readings_per_s"], facts[f"{name}_ratio"]
        print(f"{name.replace('_', ' '):<12}{speed:>14,}{ratio:>11,}x")
    print("equal counts", json.dumps(facts["counts"]))


if __name__ == "__main__":
    main()
