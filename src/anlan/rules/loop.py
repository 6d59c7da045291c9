"""The compiled loop over records of RULE_ROW, STATE_ROW and TRANSITION, written in place."""

from typing import Any

from anlan.rules.compiled import compiled
from anlan.rules.state import RAISED
from anlan.rules.states import Kind, Ledger

NORMAL, ALARM, LATE, DUPLICATE = (
    int(Ledger.NORMAL),
    int(Ledger.ALARM),
    int(Ledger.LATE),
    int(Ledger.DUPLICATE),
)
OUT_OF_RANGE, NOT_A_NUMBER = int(Ledger.OUT_OF_RANGE), int(Ledger.NOT_A_NUMBER)
UNKNOWN_DEVICE, FUTURE = int(Ledger.UNKNOWN_DEVICE), int(Ledger.FUTURE)
LEVEL, RATE, NO_DATA = int(Kind.LEVEL), int(Kind.RATE), int(Kind.NO_DATA)
INFINITY = float("inf")


@compiled
def _screened(rule: Any, cell: Any, time: int, value: float, oldest: int, newest: int) -> int:
    """NORMAL for a valid reading. What the value alone decides comes first: it holds when sent again."""
    if not -INFINITY < value < INFINITY:
        return NOT_A_NUMBER
    if value < rule.low or value > rule.high:
        return OUT_OF_RANGE
    if time > newest:
        return FUTURE
    if time < oldest or time < cell.last_time:
        return LATE
    return DUPLICATE if time == cell.last_time else NORMAL


@compiled
def _level(rule: Any, cell: Any, signed: float) -> int:
    """The highest raised level after one more valid sample; counts the runs."""
    level = 0
    for k in range(4):
        run = cell.run[k]
        if run == RAISED:
            if signed < rule.clear_at[k]:
                run = 0
        elif signed > rule.raise_at[k]:
            run = run + 1 if run + 1 < rule.samples else RAISED
        else:
            run = 0
        cell.run[k] = run
        if run == RAISED:
            level = k + 1
    return level


@compiled
def _write(
    out: Any,
    count: int,
    reading: int,
    series: int,
    time: int,
    value: float,
    kind: int,
    before: int,
    after: int,
) -> int:
    if before == after:
        return count
    row = out[count]
    row.reading, row.series, row.time, row.value = reading, series, time, value
    row.kind, row.level_before, row.level_after = kind, before, after
    return count + 1


@compiled
def _take(rule: Any, cell: Any, out: Any, count: int, reading: int, series: int, time: int, value: float) -> int:
    """One valid reading into its series: at most one transition a kind, in the order no data, level, rate."""
    count = _write(out, count, reading, series, time, value, NO_DATA, cell.no_data_level, 0)
    level = _level(rule, cell, rule.sign * value)
    count = _write(out, count, reading, series, time, value, LEVEL, cell.level, level)
    rate = rule.rate_level if abs(value - cell.last_value) > rule.rate_limit else 0
    count = _write(out, count, reading, series, time, value, RATE, cell.rate_level, rate)
    cell.no_data_level, cell.level, cell.rate_level = 0, level, rate
    cell.last_time, cell.last_value = time, value
    return count


@compiled
def judge_each(
    table: Any,
    state: Any,
    series: Any,
    time: Any,
    value: Any,
    oldest: int,
    newest: int,
    first: int,
    ledger: Any,
    out: Any,
) -> int:
    """How many rows of `out` (three a reading at most) were written; the first reading has index `first`."""
    count = 0
    for i in range(len(series)):
        s = series[i]
        if s < 0:
            ledger[i] = UNKNOWN_DEVICE
            continue
        rule, cell = table[s], state[s]
        ledger[i] = _screened(rule, cell, time[i], value[i], oldest, newest)
        if ledger[i] == NORMAL:
            count = _take(rule, cell, out, count, first + i, s, time[i], value[i])
            if cell.level + cell.rate_level > 0:
                ledger[i] = ALARM
    return count
