"""The compiled loop over records of RULE_ROW, CALM_ROW, STATE_ROW, SIDE_ROW and TRANSITION, written in place."""

from typing import Any

from numpy import uint64

from anlan.rules.calm import calm
from anlan.rules.compiled import compiled
from anlan.rules.raw import put, rarely, take
from anlan.rules.rows import CALM_ROWS, CALM_WORDS
from anlan.rules.samples import flat_of, level_of, rate_of
from anlan.rules.schedule_at import elapsed, may_raise, may_raise_within
from anlan.rules.state import NEVER
from anlan.rules.states import Kind, Ledger
from anlan.rules.sums import enter, sums

NORMAL, ALARM = int(Ledger.NORMAL), int(Ledger.ALARM)
LATE, DUPLICATE = int(Ledger.LATE), int(Ledger.DUPLICATE)
OUT_OF_RANGE, NOT_A_NUMBER = int(Ledger.OUT_OF_RANGE), int(Ledger.NOT_A_NUMBER)
UNKNOWN_DEVICE, FUTURE = int(Ledger.UNKNOWN_DEVICE), int(Ledger.FUTURE)
LEVEL, RATE, NO_DATA = int(Kind.LEVEL), int(Kind.RATE), int(Kind.NO_DATA)
ACCUMULATION, FLAT = int(Kind.ACCUMULATION), int(Kind.FLAT)
INFINITY, NAN = float("inf"), float("nan")
MOST_ROWS = 6
"""Transitions that one reading can cause."""


@compiled
def _screened(rule: Any, last: Any, time: int, value: float, oldest: int, newest: int) -> int:
    """NORMAL for a valid reading. What the value alone decides comes first: it holds when sent again."""
    if not -INFINITY < value < INFINITY:
        return NOT_A_NUMBER
    if value < rule.low or value > rule.high:
        return OUT_OF_RANGE
    if time > newest:
        return FUTURE
    if time < oldest or time < last.time:
        return LATE
    return DUPLICATE if time == last.time else NORMAL


@compiled
def _write(out: Any, count: int, at: Any, kind: int, before: int, after: int, window: int) -> int:
    """One more row where something has moved; written in any case, as a wrong guess would cost more than the row."""
    row = out[uint64(count)]
    row.reading, row.series, row.time, row.value = at
    row.kind, row.level_before, row.level_after, row.window = kind, before, after, window
    return count + (before != after)


@compiled
def _missed(rule: Any, cell: Any, last: Any, out: Any, count: int, series: int, time: int) -> int:
    """Raises the silence that a sweep would have found before this reading."""
    heard = max(last.time, cell.since)
    if rule.no_data_after == 0 or cell.no_data_level or heard == NEVER or elapsed(time, heard) <= rule.no_data_after:
        return count
    moment = heard + rule.no_data_after
    if not may_raise_within(rule, moment, time - 1):
        return count
    cell.no_data_level = rule.no_data_level
    return _write(out, count, (-1, series, moment, last.value), NO_DATA, 0, rule.no_data_level, 0)


@compiled
def _take_windows(
    rule: Any, cell: Any, last: Any, side: Any, has_side: bool, rings: Any, out: Any, count: int, at: Any, may: bool
) -> int:
    reading, series, time, value = at
    level, window, total = 0, 0, value
    if rule.windows:
        amount = value
        if rule.counter:
            amount = value - last.value if value >= last.value else value
            amount = 0.0 if last.time == NEVER else amount
        enter(rule, side, rings, time, amount)
        level, window = sums(rule, cell, side, rings, time, may)
        total = side.window_sum[window]
    elif has_side:
        side.entries = 0
        for w in range(4):
            side.window_sum[w], side.window_level[w] = 0, 0
    before, cell.accumulation_level = int(cell.accumulation_level), level
    return _write(out, count, (reading, series, time, total), ACCUMULATION, before, level, window)


@compiled
def _take_flat(rule: Any, cell: Any, side: Any, has_side: bool, out: Any, count: int, at: Any, may: bool) -> int:
    level = 0
    if rule.flat_after:
        level = flat_of(rule, cell, side, at[2], at[3], may)
    elif has_side:
        side.flat_value, side.flat_since = NAN, NEVER
    before, cell.flat_level = int(cell.flat_level), level
    return _write(out, count, at, FLAT, before, level, 0)


@compiled
def _take(
    rule: Any, cell: Any, last: Any, side: Any, has_side: bool, rings: Any, out: Any, count: int, at: Any
) -> tuple[int, int, int]:
    """One valid reading into its series: at most one transition a kind, in the order of MOST_ROWS. Also its ledger state, and
    the level at which a calm reading would now change nothing but the last time and value, or -1.
    """
    time, value = at[2], at[3]
    may = may_raise(rule, time)
    if rarely(cell.no_data_level != 0):
        count = _write(out, count, at, NO_DATA, cell.no_data_level, 0, 0)
        cell.no_data_level = 0
    level, rests = level_of(rule, cell, side, has_side, time, value, may)
    rate = rate_of(rule, cell, last, time, value, may)
    if (level != cell.level) | (rate != cell.rate_level):
        count = _write(out, count, at, LEVEL, cell.level, level, 0)
        count = _write(out, count, at, RATE, cell.rate_level, rate, 0)
        cell.level, cell.rate_level = level, rate
    raised = level + rate
    if has_side or rarely(cell.accumulation_level + cell.flat_level > 0):
        count = _take_windows(rule, cell, last, side, has_side, rings, out, count, at, may)
        count = _take_flat(rule, cell, side, has_side, out, count, at, may)
        raised += cell.accumulation_level + cell.flat_level
    last.time, last.value = time, value
    return count, ALARM if raised > 0 else NORMAL, level if rests & (raised == level) else -1


@compiled
def judge_each(
    rules: Any, memory: Any, readings: Any, bounds: Any, gaps: bool, progress: Any, ledger: Any, out: Any
) -> int:
    """Goes on from the reading `progress` and gives how many rows of `out` were written. It stops where `out` has no room
    for MOST_ROWS more, or a window's entries none for another.
    """
    (oldest, newest), i, count = bounds, progress[0], 0
    span = uint64(newest - oldest) + uint64(1) if newest >= oldest else uint64(0)
    distinct, row_of, _ = rules
    cells, _, settled, last_of, side_of, sides, ring_time, ring_amount = memory
    while True:
        i = calm(rules, memory, readings, oldest, span, i, ledger)
        if i >= len(ledger):
            break
        at = i, s, t, v = i, take(readings[0], i), take(readings[1], i), take(readings[2], i)
        state = UNKNOWN_DEVICE
        if s >= 0:
            row, beside = take(row_of, s), take(side_of, s)
            rule, cell, last, side = distinct[uint64(row)], cells[uint64(s)], last_of[uint64(s)], sides[uint64(beside)]
            state = _screened(rule, last, t, v, oldest, newest)
            if state == NORMAL:
                if count + MOST_ROWS > len(out) or (rule.windows > 0 and side.entries >= ring_time.shape[1]):
                    break
                count = _missed(rule, cell, last, out, count, s, t) if gaps else count
                if beside > 0:
                    count, state, level = _take(rule, cell, last, side, True, (ring_time, ring_amount), out, count, at)
                else:
                    count, state, level = _take(rule, cell, last, side, False, (ring_time, ring_amount), out, count, at)
                put(settled, s + 1, CALM_WORDS * (1 + row * CALM_ROWS + level) if level >= 0 else 0)
        put(ledger, i, state)
        i += 1
    progress[0] = i
    return count


@compiled
def sweep_each(rules: Any, memory: Any, now: int, gaps: bool, falls: bool, progress: Any, out: Any) -> int:
    """Series from `progress[0]` on; gives how many rows of `out` were written, and stops where it has no more room."""
    cells, _, settled, last_of, side_of, sides, ring_time, ring_amount = memory
    count = 0
    for s in range(progress[0], len(cells)):
        if count + MOST_ROWS > len(out):
            return count
        progress[0] = s + 1
        rule, cell, last, side = rules[0][rules[1][s]], cells[s], last_of[s], sides[side_of[s]]
        heard = max(last.time, cell.since)
        silent = rule.no_data_after > 0 and NEVER < heard <= now and elapsed(now, heard) >= rule.no_data_after
        if silent and cell.no_data_level == 0:
            moment = heard + rule.no_data_after
            silent = may_raise_within(rule, moment if gaps else now, now)
        if silent and cell.no_data_level == 0:
            cell.no_data_level, settled[s + 1] = rule.no_data_level, 0
            at = (-1, s, heard + rule.no_data_after, last.value)
            count = _write(out, count, at, NO_DATA, 0, rule.no_data_level, 0)
        if falls and cell.accumulation_level and rule.windows:
            moment = max(now, last.time)
            level, window = sums(rule, cell, side, (ring_time, ring_amount), moment, False)
            before, cell.accumulation_level = int(cell.accumulation_level), level
            at = (-1, s, moment, side.window_sum[window])
            count = _write(out, count, at, ACCUMULATION, before, level, window)
    return count
