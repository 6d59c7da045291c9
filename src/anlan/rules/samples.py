"""One valid sample against the levels, the rate and the flatness of a rule, compiled."""

from typing import Any

from anlan.rules.checks import MOST_SAMPLES
from anlan.rules.compiled import compiled
from anlan.rules.schedule_at import elapsed
from anlan.rules.state import NEVER, RAISED


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
        if elapsed(time, side.pending[k]) < rule.clear_duration:
            return max(run - 1, -MOST_SAMPLES)
    if -run < rule.clear_samples:
        return run - 1
    return 0


@compiled
def _counted(rule: Any, side: Any, k: int, run: int, time: int, beyond: bool) -> int:
    """The run of a level that is not raised after one more sample."""
    ones = run + 1
    if rule.history_mask:
        side.history[k] = (side.history[k] << 1 | beyond) & rule.history_mask
        bits, ones = side.history[k], 0
        while bits:
            bits &= bits - 1
            ones += 1
    if not beyond:
        side.pending[k] = NEVER
        return 0
    if rule.duration and side.pending[k] == NEVER:
        side.pending[k] = time
    if ones >= rule.samples and (not rule.duration or elapsed(time, side.pending[k]) >= rule.duration):
        return RAISED
    return 0 if rule.history_mask else min(run + 1, MOST_SAMPLES)


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
def level_of(rule: Any, cell: Any, side: Any, has_side: bool, time: int, value: float, may: bool) -> tuple[int, bool]:
    """The highest raised level after one more valid sample, and whether no level is between two states."""
    level, raised, rests = 0, 0, True
    for k in range(4):
        if rule.given >> k & 1:
            run = _moved(rule, cell, side, has_side, k, time, value, may)
            rests = rests & ((run == 0) | (run == RAISED)) & (not has_side or side.history[k] == 0)
            level, raised = (k + 1, raised | 1 << k) if run < 0 else (level, raised)
        elif cell.run[k]:
            cell.run[k] = 0
    return level, rests & (raised == rule.given & (1 << level) - 1)


@compiled
def rate_of(rule: Any, cell: Any, last: Any, time: int, value: float, may: bool) -> int:
    step = abs(value - last.value)
    if rule.rate_per > 0:
        fast = step * rule.rate_per > rule.rate_limit * elapsed(time, last.time)
    else:
        fast = step > rule.rate_limit
    return rule.rate_level if fast & (may | (cell.rate_level > 0)) else 0


@compiled
def flat_of(rule: Any, cell: Any, side: Any, time: int, value: float, may: bool) -> int:
    if not abs(value - side.flat_value) <= rule.flat_tolerance:
        side.flat_value, side.flat_since = value, time
        return 0
    long = elapsed(time, side.flat_since) >= rule.flat_after
    return rule.flat_level if long and (may or cell.flat_level > 0) else 0
