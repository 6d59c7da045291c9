"""The compiled loop over records of RULE_ROW, CALM_ROW, STATE_ROW, SIDE_ROW and TRANSITION, written in place."""

from typing import Any

from numpy import uint64

from anlan.rules.compiled import apart, compiled
from anlan.rules.rows import CALM_ROWS
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
BLOCK = 8192
MOST_ROWS = 6
"""Transitions that one reading can cause."""


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
def _write(out: Any, count: int, at: Any, kind: int, before: int, after: int, window: int) -> int:
    """One more row where something has moved; written in any case, as a wrong guess would cost more than the row."""
    row = out[count]
    row.reading, row.series, row.time, row.value = at
    row.kind, row.level_before, row.level_after, row.window = kind, before, after, window
    return count + (before != after)


@compiled
def _missed(rule: Any, cell: Any, out: Any, count: int, series: int, time: int) -> int:
    """Raises the silence that a sweep would have found before this reading."""
    heard = max(cell.last_time, cell.since)
    if rule.no_data_after == 0 or cell.no_data_level or heard == NEVER or elapsed(time, heard) <= rule.no_data_after:
        return count
    moment = heard + rule.no_data_after
    if not may_raise_within(rule, moment, time - 1):
        return count
    cell.no_data_level = rule.no_data_level
    return _write(out, count, (-1, series, moment, cell.last_value), NO_DATA, 0, rule.no_data_level, 0)


@compiled
def _take_windows(
    rule: Any, cell: Any, side: Any, has_side: bool, rings: Any, out: Any, count: int, at: Any, may: bool
) -> int:
    reading, series, time, value = at
    level, window, total = 0, 0, value
    if rule.windows:
        amount = value
        if rule.counter:
            amount = value - cell.last_value if value >= cell.last_value else value
            amount = 0.0 if cell.last_time == NEVER else amount
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
    rule: Any, cell: Any, side: Any, has_side: bool, rings: Any, out: Any, count: int, at: Any
) -> tuple[int, bool]:
    """One valid reading into its series: at most one transition a kind, in the order of MOST_ROWS. Also whether a
    calm reading would now change nothing but the last time and value.
    """
    time, value = at[2], at[3]
    may = may_raise(rule, time)
    if cell.no_data_level:
        count = _write(out, count, at, NO_DATA, cell.no_data_level, 0, 0)
    level, rests = level_of(rule, cell, side, has_side, time, value, may)
    count = _write(out, count, at, LEVEL, cell.level, level, 0)
    rate = rate_of(rule, cell, time, value, may)
    count = _write(out, count, at, RATE, cell.rate_level, rate, 0)
    cell.no_data_level, cell.level, cell.rate_level = 0, level, rate
    if has_side or cell.accumulation_level + cell.flat_level > 0:
        count = _take_windows(rule, cell, side, has_side, rings, out, count, at, may)
        count = _take_flat(rule, cell, side, has_side, out, count, at, may)
        rests = rests and cell.accumulation_level + cell.flat_level == 0
    cell.last_time, cell.last_value = time, value
    return count, rests & (rate == 0)


@apart
def _calm(rules: Any, memory: Any, readings: Any, oldest: int, newest: int, first: int, ledger: Any, todo: Any) -> int:
    """Takes the readings of one block that leave their series at rest; gives how many it left, as places in `todo`.

    A series of which one is left rests no more, so that all that follow of it are left too, in their order.
    """
    calm, cells, settled, end = rules[1], memory[0], memory[1], first + BLOCK
    series, time, value = readings[0][first:end], readings[1][first:end], readings[2][first:end]
    ledger, left = ledger[first:end], 0
    for i in range(len(series)):
        if series[i] < 0:
            ledger[i] = UNKNOWN_DEVICE
            continue
        s, t, v = uint64(series[i]), time[i], value[i]
        cell, rest = cells[s], calm[uint64(settled[s])]
        if (
            rest.low <= v <= rest.high
            and abs(v - cell.last_value) <= rest.step
            and uint64(t - cell.last_time - 1) < rest.gap
            and oldest <= t <= newest
        ):
            cell.last_time, cell.last_value, ledger[i] = t, v, rest.ledger
        else:
            settled[s], todo[left] = 0, first + i
            left += 1
    return left


@compiled
def judge_each(
    rules: Any, memory: Any, readings: Any, bounds: Any, gaps: bool, progress: Any, todo: Any, ledger: Any, out: Any
) -> int:
    """Goes on from `progress` (next block, places in `todo`, those of them that are done) and gives how many rows of
    `out` were written. It stops where `out` has no room for MOST_ROWS more, or a window's entries none for another.
    """
    series, time, value = readings
    cells, settled, side_of, sides, _, _ = memory
    first, left, done, count, rings = progress[0], progress[1], progress[2], 0, memory[4:]
    while done < left or first < len(series):
        if done == left:
            left, done = _calm(rules, memory, readings, bounds[0], bounds[1], first, ledger, todo), 0
            first += BLOCK
            continue
        at = i, s, t, v = todo[done], series[todo[done]], time[todo[done]], value[todo[done]]
        rule, cell, side = rules[0][uint64(rules[2][s])], cells[uint64(s)], sides[uint64(side_of[s])]
        state = _screened(rule, cell, t, v, bounds[0], bounds[1])
        if state == NORMAL:
            if count + MOST_ROWS > len(out) or (rule.windows > 0 and side.entries >= rings[0].shape[1]):
                break
            count = _missed(rule, cell, out, count, s, t) if gaps else count
            count, rests = _take(rule, cell, side, side_of[s] > 0, rings, out, count, at)
            settled[s] = 1 + rules[2][s] * CALM_ROWS + cell.level if rests else 0
            state = ALARM if cell.level + cell.rate_level + cell.accumulation_level + cell.flat_level > 0 else NORMAL
        ledger[i] = state
        done += 1
    progress[0], progress[1], progress[2] = first, left, done
    return count


@compiled
def sweep_each(rules: Any, memory: Any, now: int, gaps: bool, falls: bool, progress: Any, out: Any) -> int:
    """Series from `progress[0]` on; gives how many rows of `out` were written, and stops where it has no more room."""
    cells, settled, side_of, sides, ring_time, ring_amount = memory
    count = 0
    for s in range(progress[0], len(cells)):
        if count + MOST_ROWS > len(out):
            return count
        progress[0] = s + 1
        rule, cell, side = rules[0][rules[2][s]], cells[s], sides[side_of[s]]
        heard = max(cell.last_time, cell.since)
        silent = rule.no_data_after > 0 and NEVER < heard <= now and elapsed(now, heard) >= rule.no_data_after
        if silent and cell.no_data_level == 0:
            moment = heard + rule.no_data_after
            silent = may_raise_within(rule, moment if gaps else now, now)
        if silent and cell.no_data_level == 0:
            cell.no_data_level, settled[s] = rule.no_data_level, 0
            at = (-1, s, heard + rule.no_data_after, cell.last_value)
            count = _write(out, count, at, NO_DATA, 0, rule.no_data_level, 0)
        if falls and cell.accumulation_level and rule.windows:
            moment = max(now, cell.last_time)
            level, window = sums(rule, cell, side, (ring_time, ring_amount), moment, False)
            before, cell.accumulation_level = int(cell.accumulation_level), level
            at = (-1, s, moment, side.window_sum[window])
            count = _write(out, count, at, ACCUMULATION, before, level, window)
    return count
