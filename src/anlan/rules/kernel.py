"""The two entrances to the kernel: readings are judged, silence is swept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.rules.loop import MOST_ROWS, judge_each, sweep_each
from anlan.rules.state import NEVER, KernelState
from anlan.rules.states import Ledger
from anlan.rules.table import RuleTable
from anlan.rules.transition import TRANSITION

ROOM = 32_768
LAST = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`ledger` is one Ledger number a reading; `transitions` are TRANSITION rows in reading order."""

    ledger: NDArray[np.uint8]
    transitions: NDArray[np.void]

    def counts(self) -> dict[Ledger, int]:
        """Readings in each state, zeros included; they add up to the batch."""
        numbers = np.bincount(self.ledger, minlength=len(Ledger)).tolist()
        return {state: numbers[state] for state in Ledger}


def judge(
    table: RuleTable,
    state: KernelState,
    series: NDArray[np.int64],
    time: NDArray[np.int64],
    value: NDArray[np.float64],
    *,
    now: int,
    future_tolerance: int = 300_000,
    max_age: int = 86_400_000 * 7,
    gaps: bool = False,
) -> Verdict:
    """Judge readings in the order given and move `state`; times in ms, series -1 is an unknown device.

    The ledger state is the first that fits of: UNKNOWN_DEVICE; NOT_A_NUMBER (NaN, infinite); OUT_OF_RANGE;
    FUTURE (time > now + future_tolerance); LATE (before the last valid reading, or before now - max_age);
    DUPLICATE (time of the last valid reading, whatever the value); ALARM (the series is left with a level,
    rate, sum or flatness raised); NORMAL. Only the last two touch the state. With `gaps`, for what has no clock to
    sweep by, a reading after too long a silence raises NO_DATA at the moment it became so and clears it, if the
    schedule has held at any moment between.

    One owner at a time: the loop runs without the GIL. Keep one table and one state for all series, `grow` both for new
    ones, and change rules by `table.set` or `table.set_rows`; `state.rows(idx)` and `state.set_rows(idx, rows)` undo
    what a failed transaction had judged, `to_bytes(state)` and `from_bytes` make and read a checkpoint.
    ValueError for arrays of unequal length, IndexError for a series beyond the table: then nothing is judged.
    """
    columns = _known(series, len(table)), _plain(time, "i8"), _plain(value, "f8")
    _check(table, state, columns)
    bounds = max(now - max_age, NEVER + 1), min(now + future_tolerance, LAST)
    ledger = np.empty(len(series), np.uint8)
    progress = np.zeros(1, np.int64)

    def run(out: NDArray[np.void]) -> int:
        return judge_each(_rules(table), _memory(state), columns, bounds, gaps, progress, ledger, out)

    def done() -> bool:
        return bool(progress[0] >= len(series))

    return Verdict(ledger=ledger, transitions=_gathered(state, len(series), run, done))


def sweep(table: RuleTable, state: KernelState, now: int, *, gaps: bool = False, sums: bool = True) -> NDArray[np.void]:
    """What only time tells: raises NO_DATA, once, for every series that at `now` has been silent for `no_data_after`
    ms or longer, and lowers or clears the ACCUMULATION of sums that have fallen.

    Silence counts from the last valid reading or `state.since`, whichever is later, and not at all where both
    are NEVER. The transition's time is when the allowed silence ended, its value the last valid one or NaN; of a
    sum that has fallen it is `now` (or the last reading's, where that is later). Rows are TRANSITION, in order of series.

    Silence is raised where the schedule holds at `now`; with `gaps`, for what has no clock, where it has held at any
    moment since the silence became too long: then it is the same however often one sweeps. Without `sums` they stay.
    """
    _check(table, state, (np.zeros(0, np.int64),))

    progress = np.zeros(1, np.int64)

    def run(out: NDArray[np.void]) -> int:
        return sweep_each(_rules(table), _memory(state), now, gaps, sums, progress, out)

    return _gathered(state, len(state), run, lambda: bool(progress[0] >= len(state)))


def _gathered(
    state: KernelState, n: int, run: Callable[[NDArray[np.void]], int], done: Callable[[], bool]
) -> NDArray[np.void]:
    """All transitions, a buffer at a time; a run that stops with room in it wants room for a window's entries."""
    out = np.empty(MOST_ROWS + min(MOST_ROWS * n, ROOM), TRANSITION)
    parts: list[NDArray[np.void]] = []
    while not done():
        count = run(out)
        if done() and not parts:
            return out[:count]
        parts.append(out[:count].copy())
        if not done() and count <= len(out) - MOST_ROWS:
            state.widen()
    return np.concatenate(parts) if parts else out[:0]


def _rules(table: RuleTable) -> tuple[NDArray[Any], ...]:
    return table.distinct, table.row, table.calm.view("i8")


def _memory(state: KernelState) -> tuple[NDArray[Any], ...]:
    last, beside = state.last, (state.side, state.sides, state.ring_time, state.ring_amount)
    return state.cells, last.view("i8"), state.settled, last, *beside


def warm() -> None:
    """Compile, or load from the cache, so that the first real batch does not wait for it."""
    unknown, value = np.full(1, -1), np.zeros(1)
    judge(RuleTable.empty(0), KernelState.empty(0), unknown, unknown, value, now=0)


def _plain(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    """One memory layout for all callers, read-only ones too, so that one compiled version serves them."""
    plain = np.require(array, dtype, ["C", "A"]).view()
    plain.flags.writeable = False
    return plain


def _known(series: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """With -1 for each that is unknown."""
    plain = _plain(series, "i8")
    if not len(plain) or plain.view("u8").max() < n:
        return plain
    if plain.max() >= n:
        raise IndexError(f"series {plain.max()} in a table of {n}")
    return _plain(np.maximum(plain, -1), "i8")


def _check(table: RuleTable, state: KernelState, readings: tuple[NDArray[Any], ...]) -> None:
    sizes = {len(column) for column in readings}
    if len(sizes) > 1 or len(table) != len(state):
        raise ValueError(f"columns of {sorted(sizes)} readings, a table of {len(table)}, a state of {len(state)}")
    state.prepare(table)
