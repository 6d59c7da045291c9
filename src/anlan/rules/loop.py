"""The compiled loop over records of RULE_ROW, CALM_ROW, STATE_ROW, SIDE_ROW and TRANSITION, written in place."""

from typing import Any

from numpy import uint64

from anlan.rules.checks import MOST_SAMPLES
from anlan.rules.compiled import apart, compiled
from anlan.rules.rows import CALM_ROWS
from anlan.rules.schedule import BEIJING, DAY_MINUTES
from anlan.rules.state import NEVER, RAISED
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
def _in_season(rule: Any, day: int) -> bool:
    """Whether the day, counted from 1970-01-01, lies in the season; the civil calendar from days, H. Hinnant 2013."""
    shifted = day + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted_month = (5 * of_year + 2) // 153
    day_of_month = of_year - (153 * shifted_month + 2) // 5
    month = shifted_month + 2 if shifted_month < 10 else shifted_month - 10
    place, first, last = month * 31 + day_of_month, rule.season[0], rule.season[1]
    return first <= place <= last if first <= last else place >= first or place <= last


@compiled
def _may_raise(rule: Any, time: int) -> bool:
    """Whether the moment lies in the rule's schedule."""
    if not rule.scheduled:
        return True
    minute = (time + BEIJING) // 60_000
    day = minute // DAY_MINUTES
    of_day = minute - day * DAY_MINUTES
    weekday = (day + 3) % 7
    inside = rule.spans == 0
    for k in range(rule.spans):
        start, length = int(rule.span_start[k]), int(rule.span_length[k])
        today = rule.span_days[k] >> weekday & 1 and start <= of_day < start + length
        yesterday = rule.span_days[k] >> (weekday + 6) % 7 & 1 and of_day + DAY_MINUTES < start + length
        inside = inside or today or yesterday
    return inside and _in_season(rule, day)


@compiled
def _cleared(rule: Any, side: Any, k: int, run: int, time: int, past: bool) -> int:
    """The run of a raised level after one more sample."""
    if not past:
        if rule.clear_duration:
            side.pending[k] = NEVER
        return RAISED
    if rule.clear_duration:
        if side.pending[k] == NEVER:
            side.pending[k] = time
        if time - side.pending[k] < rule.clear_duration:
            return max(run - 1, -MOST_SAMPLES)
    if -run < rule.clear_samples:
        return run - 1
    return 0


@compiled
def _counted(rule: Any, side: Any, k: int, run: int, time: int, beyond: bool) -> int:
    """The run of a level that is not raised after one more sample."""
    if rule.history_mask:
        side.history[k] = (side.history[k] << 1 | beyond) & rule.history_mask
        bits, ones = side.history[k], 0
        while bits:
            bits &= bits - 1
            ones += 1
        return RAISED if beyond and ones >= rule.samples else 0
    if not beyond:
        if rule.duration:
            side.pending[k] = NEVER
        return 0
    if rule.duration:
        if side.pending[k] == NEVER:
            side.pending[k] = time
        if time - side.pending[k] < rule.duration:
            return min(run + 1, MOST_SAMPLES)
    return run + 1 if run + 1 < rule.samples else RAISED


@compiled
def _remember(rule: Any, side: Any, k: int, changed: bool, is_raised: bool) -> None:
    """Forgets what the rule, at this level as it now is, has no use for."""
    if changed or not (rule.clear_duration if is_raised else rule.duration):
        side.pending[k] = NEVER
    if changed or not rule.history_mask:
        side.history[k] = 0


@compiled
def _simply(rule: Any, run: int, beyond: bool, past: bool) -> int:
    """`_cleared` and `_counted` of a rule of consecutive samples alone, as choices without branches."""
    longer = RAISED if run + 1 >= rule.samples else run + 1
    fewer = 0 if -run >= rule.clear_samples else run - 1
    up, down = longer if beyond else 0, fewer if past else RAISED
    return down if run < 0 else up


@compiled
def _moved(rule: Any, cell: Any, side: Any, has_side: bool, k: int, time: int, value: float, may: bool) -> int:
    """The run of a given level after one more valid sample."""
    run = cell.run[k]
    beyond = (value < rule.raise_low[k]) | (value > rule.raise_high[k])
    past = (rule.clear_low[k] < value) & (value < rule.clear_high[k])
    if rule.inside:
        beyond = (rule.raise_low[k] < value) & (value < rule.raise_high[k])
        past = (value < rule.clear_low[k]) | (value > rule.clear_high[k])
    if not has_side:
        after = _simply(rule, run, beyond & may, past)
    else:
        is_raised = run < 0
        after = (
            _cleared(rule, side, k, run, time, past) if is_raised else _counted(rule, side, k, run, time, beyond & may)
        )
        _remember(rule, side, k, is_raised != (after < 0), after < 0)
    cell.run[k] = after
    return after


@compiled
def _level_of(rule: Any, cell: Any, side: Any, has_side: bool, time: int, value: float, may: bool) -> tuple[int, bool]:
    """The highest raised level after one more valid sample, and whether no level is between two states."""
    level, raised, rests = 0, 0, True
    for k in range(4):
        if rule.given >> k & 1:
            run = _moved(rule, cell, side, has_side, k, time, value, may)
            rests = rests & ((run == 0) | (run == RAISED)) & (side.history[k] == 0)
            level, raised = (k + 1, raised | 1 << k) if run < 0 else (level, raised)
        elif cell.run[k]:
            cell.run[k] = 0
    return level, rests & (raised == rule.given & (1 << level) - 1)


@compiled
def _rate_of(rule: Any, cell: Any, time: int, value: float, may: bool) -> int:
    step = abs(value - cell.last_value)
    if rule.rate_per > 0:
        fast = step * rule.rate_per > rule.rate_limit * (time - cell.last_time)
    else:
        fast = step > rule.rate_limit
    return rule.rate_level if fast & (may | (cell.rate_level > 0)) else 0


@compiled
def _flat_of(rule: Any, cell: Any, side: Any, time: int, value: float, may: bool) -> int:
    if not abs(value - side.flat_value) <= rule.flat_tolerance:
        side.flat_value, side.flat_since = value, time
        return 0
    long = time - side.flat_since >= rule.flat_after
    return rule.flat_level if long and (may or cell.flat_level > 0) else 0


@compiled
def _enter(rule: Any, side: Any, times: Any, amounts: Any, time: int, amount: float) -> None:
    """One more entry, joined to the newest where both are of one slot; what no window reaches goes."""
    mask = times.shape[1] - 1
    oldest = time - rule.window_length[rule.windows - 1]
    while side.entries > 0 and times[side.ring, side.head & mask] <= oldest:
        side.head, side.entries = (side.head + 1) & mask, side.entries - 1
    if amount == 0:
        return
    place = (side.head + side.entries - 1) & mask
    slot = rule.window_slot
    if side.entries > 0 and times[side.ring, place] // slot == time // slot:
        amounts[side.ring, place] += amount
    else:
        side.entries += 1
        place = (place + 1) & mask
        amounts[side.ring, place] = amount
    times[side.ring, place] = time


@compiled
def _sum(side: Any, times: Any, amounts: Any, oldest: int) -> float:
    """The entries after `oldest`, added from the newest on."""
    mask, total = times.shape[1] - 1, 0.0
    for back in range(side.entries):
        place = (side.head + side.entries - 1 - back) & mask
        if times[side.ring, place] <= oldest:
            break
        total += amounts[side.ring, place]
    return total


@compiled
def _window_level(rule: Any, w: int, before: int, total: float) -> int:
    for k in range(3, -1, -1):
        keeps = before > k and rule.window_raise[w, k] < INFINITY and not total < rule.window_clear[w, k]
        if total > rule.window_raise[w, k] or keeps:
            return k + 1
    return 0


@compiled
def _sums(rule: Any, cell: Any, side: Any, times: Any, amounts: Any, time: int, may: bool) -> tuple[int, int]:
    """The level of all windows and the window that decides: of those at the level, or left by it, the shortest."""
    level = decides = left = 0
    for w in range(4):
        before = int(side.window_level[w])
        after, total = 0, 0.0
        if w < rule.windows:
            total = _sum(side, times, amounts, time - rule.window_length[w])
            after = _window_level(rule, w, before, total)
            after = after if may else min(before, after)
        side.window_sum[w], side.window_level[w] = total, after
        if after > level:
            level, decides = after, w
        if before == cell.accumulation_level and left == 0:
            left = w + 1
    return level, decides if level else left - 1


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
    window: int,
) -> int:
    """One more row where something has moved; written in any case, as a wrong guess would cost more than the row."""
    row = out[count]
    row.reading, row.series, row.time, row.value = reading, series, time, value
    row.kind, row.level_before, row.level_after, row.window = kind, before, after, window
    return count + (before != after)


@compiled
def _missed(rule: Any, cell: Any, out: Any, count: int, series: int, time: int) -> int:
    """Raises the silence that a sweep would have found before this reading."""
    heard = max(cell.last_time, cell.since)
    if rule.no_data_after == 0 or cell.no_data_level or heard == NEVER or time - heard <= rule.no_data_after:
        return count
    moment = heard + rule.no_data_after
    if not _may_raise(rule, moment):
        return count
    cell.no_data_level = rule.no_data_level
    return _write(out, count, -1, series, moment, cell.last_value, NO_DATA, 0, rule.no_data_level, 0)


@compiled
def _take_windows(
    rule: Any, cell: Any, side: Any, has_side: bool, times: Any, amounts: Any, out: Any, count: int,
    reading: int, series: int, time: int, value: float, may: bool,
) -> int:  # fmt: skip
    level = window = 0
    total = value
    if rule.windows:
        amount = value
        if rule.counter:
            amount = value - cell.last_value if value >= cell.last_value else value
            amount = 0.0 if cell.last_time == NEVER else amount
        _enter(rule, side, times, amounts, time, amount)
        level, window = _sums(rule, cell, side, times, amounts, time, may)
        total = side.window_sum[window]
    elif has_side:
        side.entries = 0
        for w in range(4):
            side.window_sum[w], side.window_level[w] = 0, 0
    before, cell.accumulation_level = int(cell.accumulation_level), level
    return _write(out, count, reading, series, time, total, ACCUMULATION, before, level, window)


@compiled
def _take_flat(
    rule: Any, cell: Any, side: Any, has_side: bool, out: Any, count: int,
    reading: int, series: int, time: int, value: float, may: bool,
) -> int:  # fmt: skip
    level = 0
    if rule.flat_after:
        level = _flat_of(rule, cell, side, time, value, may)
    elif has_side:
        side.flat_value, side.flat_since = NAN, NEVER
    before, cell.flat_level = int(cell.flat_level), level
    return _write(out, count, reading, series, time, value, FLAT, before, level, 0)


@compiled
def _take(
    rule: Any, cell: Any, side: Any, has_side: bool, times: Any, amounts: Any, out: Any, count: int,
    reading: int, series: int, time: int, value: float,
) -> tuple[int, bool]:  # fmt: skip
    """One valid reading into its series: at most one transition a kind, in the order of MOST_ROWS. Also whether a
    calm reading would now change nothing but the last time and value.
    """
    may = _may_raise(rule, time)
    if cell.no_data_level:
        count = _write(out, count, reading, series, time, value, NO_DATA, cell.no_data_level, 0, 0)
    level, rests = _level_of(rule, cell, side, has_side, time, value, may)
    count = _write(out, count, reading, series, time, value, LEVEL, cell.level, level, 0)
    rate = _rate_of(rule, cell, time, value, may)
    count = _write(out, count, reading, series, time, value, RATE, cell.rate_level, rate, 0)
    cell.no_data_level, cell.level, cell.rate_level = 0, level, rate
    if has_side or cell.accumulation_level + cell.flat_level > 0:
        count = _take_windows(rule, cell, side, has_side, times, amounts, out, count, reading, series, time, value, may)
        count = _take_flat(rule, cell, side, has_side, out, count, reading, series, time, value, may)
        rests = rests and cell.accumulation_level + cell.flat_level == 0
    cell.last_time, cell.last_value = time, value
    return count, rests & (rate == 0)


@compiled
def _full(rule: Any, side: Any, times: Any) -> bool:
    return rule.windows > 0 and side.entries >= times.shape[1]


@apart
def _calm(
    rules: Any, memory: Any, series: Any, time: Any, value: Any, oldest: int, newest: int, first: int, ledger: Any,
    todo: Any,
) -> int:  # fmt: skip
    """Takes the readings of one block that leave their series at rest; gives how many it left, as places in `todo`.

    A series of which one is left rests no more, so that all that follow of it are left too, in their order.
    """
    calm, cells, settled, end = rules[1], memory[0], memory[1], first + BLOCK
    series, time, value, ledger = series[first:end], time[first:end], value[first:end], ledger[first:end]
    left = 0
    for i in range(len(series)):
        if series[i] < 0:
            ledger[i] = UNKNOWN_DEVICE
            continue
        s, t, v = uint64(series[i]), time[i], value[i]
        cell, rest = cells[s], calm[uint64(settled[s])]
        if (
            rest.low <= v <= rest.high and abs(v - cell.last_value) <= rest.step
            and uint64(t - cell.last_time - 1) < rest.gap and oldest <= t <= newest
        ):  # fmt: skip
            cell.last_time, cell.last_value, ledger[i] = t, v, rest.ledger
        else:
            settled[s], todo[left] = 0, first + i
            left += 1
    return left


@compiled
def judge_each(
    rules: Any, memory: Any, series: Any, time: Any, value: Any, oldest: int, newest: int, gaps: bool,
    progress: Any, todo: Any, ledger: Any, out: Any,
) -> int:  # fmt: skip
    """Goes on from `progress` (next block, places in `todo`, those of them that are done) and gives how many rows of
    `out` were written. It stops where `out` has no room for MOST_ROWS more, or a window's entries none for another.
    """
    distinct, _, row = rules
    cells, settled, side_of, sides, times, amounts = memory
    first, left, done = progress[0], progress[1], progress[2]
    count, last = 0, len(out) - MOST_ROWS
    while done < left or first < len(series):
        if done == left:
            left, done = _calm(rules, memory, series, time, value, oldest, newest, first, ledger, todo), 0
            first += BLOCK
            continue
        i = todo[done]
        s, t, v = uint64(series[i]), time[i], value[i]
        rule, cell, side = distinct[uint64(row[s])], cells[s], sides[uint64(side_of[s])]
        state = _screened(rule, cell, t, v, oldest, newest)
        if state == NORMAL:
            if count > last or _full(rule, side, times):
                break
            count = _missed(rule, cell, out, count, series[i], t) if gaps else count
            count, rests = _take(rule, cell, side, side_of[s] > 0, times, amounts, out, count, i, series[i], t, v)
            settled[s] = 1 + row[s] * CALM_ROWS + cell.level if rests else 0
            state = ALARM if cell.level + cell.rate_level + cell.accumulation_level + cell.flat_level > 0 else NORMAL
        ledger[i] = state
        done += 1
    progress[0], progress[1], progress[2] = first, left, done
    return count


@compiled
def sweep_each(rules: Any, memory: Any, now: int, progress: Any, out: Any) -> int:
    """Series from `progress[0]` on; gives how many rows of `out` were written, and stops where it has no more room."""
    distinct, _, row = rules
    cells, settled, side_of, sides, times, amounts = memory
    count = 0
    for s in range(progress[0], len(cells)):
        if count + MOST_ROWS > len(out):
            return count
        progress[0] = s + 1
        rule, cell, side = distinct[row[s]], cells[s], sides[side_of[s]]
        heard = max(cell.last_time, cell.since)
        silent = rule.no_data_after > 0 and heard != NEVER and heard <= now - rule.no_data_after
        if silent and cell.no_data_level == 0 and _may_raise(rule, now):
            cell.no_data_level, settled[s] = rule.no_data_level, 0
            end = heard + rule.no_data_after
            count = _write(out, count, -1, s, end, cell.last_value, NO_DATA, 0, rule.no_data_level, 0)
        if cell.accumulation_level and rule.windows:
            level, window = _sums(rule, cell, side, times, amounts, now, False)
            total, before = side.window_sum[window], int(cell.accumulation_level)
            cell.accumulation_level = level
            count = _write(out, count, -1, s, now, total, ACCUMULATION, before, level, window)
    return count
