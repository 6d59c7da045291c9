"""The two entrances to the kernel: readings are judged, silence is swept."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.rules.loop import judge_each
from anlan.rules.state import NEVER, KernelState
from anlan.rules.states import Kind, Ledger
from anlan.rules.table import RuleTable
from anlan.rules.transition import TRANSITION

PIECE = 65_536
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
) -> Verdict:
    """Judge readings in the order given and move `state`; times in ms, series -1 is an unknown device.

    The ledger state is the first that fits of: UNKNOWN_DEVICE; NOT_A_NUMBER (NaN, infinite); OUT_OF_RANGE;
    FUTURE (time > now + future_tolerance); LATE (before the last valid reading, or before now - max_age);
    DUPLICATE (time of the last valid reading, whatever the value); ALARM (the series is left with a level or
    rate raised); NORMAL. Only the last two touch the state. One owner at a time: the loop runs without the GIL.
    ValueError for arrays of unequal length, IndexError for a series beyond the table: then nothing is judged.
    """
    readings = [_plain(series, "i8"), _plain(time, "i8"), _plain(value, "f8")]
    _check(table, state, readings)
    oldest, newest = max(now - max_age, NEVER + 1), min(now + future_tolerance, LAST)
    ledger = np.empty(len(series), np.uint8)
    out = np.zeros(3 * min(len(series), PIECE), TRANSITION)
    parts = [out[:0]]
    for first in range(0, len(series), PIECE):
        piece = slice(first, first + PIECE)
        s, t, v = (column[piece] for column in readings)
        count = judge_each(table.cells, state.cells, s, t, v, oldest, newest, first, ledger[piece], out)
        parts.append(out[:count].copy())
    return Verdict(ledger=ledger, transitions=np.concatenate(parts))


def sweep(table: RuleTable, state: KernelState, now: int) -> NDArray[np.void]:
    """Raise NO_DATA, once, for every series that at `now` has been silent for `no_data_after` ms or longer.

    Silence counts from the last valid reading or `state.since`, whichever is later, and not at all where both
    are NEVER. The transition's time is when the allowed silence ended, its value the last valid one or NaN.
    """
    allowed, heard = table["no_data_after"], np.maximum(state.last_time, state.since)
    watched = (allowed > 0) & (state.no_data_level == 0) & (heard != NEVER)
    silent = np.flatnonzero(watched & (heard <= now - allowed))
    rows = np.zeros(len(silent), TRANSITION)
    rows["reading"], rows["series"], rows["kind"] = -1, silent, Kind.NO_DATA
    rows["time"], rows["value"] = heard[silent] + allowed[silent], state.last_value[silent]
    rows["level_after"] = table["no_data_level"][silent]
    state.no_data_level[silent] = rows["level_after"]
    return rows


def warm() -> None:
    """Compile, or load from the cache, so that the first real batch does not wait for it."""
    unknown, value = np.full(1, -1), np.zeros(1)
    judge(RuleTable.empty(0), KernelState.empty(0), unknown, unknown, value, now=0)


def _plain(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    """One memory layout for all callers, read-only ones too, so that one compiled version serves them."""
    plain = np.require(array, dtype, ["C", "A"]).view()
    plain.flags.writeable = False
    return plain


def _check(table: RuleTable, state: KernelState, readings: list[NDArray[Any]]) -> None:
    sizes = {len(column) for column in readings}
    if len(sizes) > 1 or len(table) != len(state):
        raise ValueError(f"columns of {sorted(sizes)} readings, a table of {len(table)}, a state of {len(state)}")
    if len(readings[0]) and readings[0].max() >= len(table):
        raise IndexError(f"series {readings[0].max()} in a table of {len(table)}")
