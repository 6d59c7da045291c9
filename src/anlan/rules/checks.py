"""Why a rule contradicts itself."""

from collections.abc import Sequence
from itertools import pairwise
from math import inf, isfinite, isnan
from typing import TYPE_CHECKING

from anlan.rules.parts import Band, RuleError, Threshold
from anlan.rules.states import Level

if TYPE_CHECKING:
    from anlan.rules.declaration import Rule

MOST_SAMPLES = 1_000_000
MOST_WITHIN = 60
MOST_WINDOWS = 4
SHORTEST_WINDOW = 1_440
LONGEST_TIME = 2**53
"""Some 285,000 years in ms: longer cannot be meant."""
Given = Sequence[tuple[Level, Threshold | Band]]


def check(rule: "Rule") -> None:
    """Raises the first RuleError that there is."""
    _check_range(rule)
    _check_counts(rule)
    _check_times(rule)
    _check_kinds(rule)
    banded = rule.direction in ("inside", "outside")
    for level, limit in rule.thresholds():
        if isinstance(limit, Band) is not banded:
            wanted = "a Band" if banded else "a Threshold"
            raise RuleError("band", f"{rule.direction} needs {wanted} at {level.name.lower()}", level)
    _check_levels(rule.thresholds(), rule.direction)
    _check_windows(rule)


def _check_range(rule: "Rule") -> None:
    if rule.direction not in ("above", "below", "inside", "outside"):
        raise RuleError("direction", f"direction is above, below, inside or outside, not {rule.direction!r}")
    if isnan(rule.low) or isnan(rule.high) or rule.low > rule.high:
        raise RuleError("range", f"the valid range {rule.low} to {rule.high} is empty")


def _check_counts(rule: "Rule") -> None:
    for name in ("samples", "clear_samples"):
        if not 1 <= (count := getattr(rule, name)) <= MOST_SAMPLES:
            raise RuleError(name, f"{name} is 1 to {MOST_SAMPLES}, not {count}")
    if rule.within and not rule.samples <= rule.within <= MOST_WITHIN:
        raise RuleError("within", f"within is {rule.samples} (samples) to {MOST_WITHIN}, not {rule.within}")


def _check_times(rule: "Rule") -> None:
    for name in ("duration", "clear_duration", "rate_per", "flat_after", "no_data_after"):
        if not 0 <= (time := getattr(rule, name)) <= LONGEST_TIME:
            raise RuleError(name, f"{name} is 0 (off) or more ms, not {time}")


def _check_kinds(rule: "Rule") -> None:
    if isnan(rule.rate_limit) or rule.rate_limit < 0:
        raise RuleError("rate_limit", f"rate_limit is 0 or more, not {rule.rate_limit}")
    if not 0 <= rule.flat_tolerance < inf:
        raise RuleError("flat_tolerance", f"flat_tolerance is 0 or more, not {rule.flat_tolerance}")
    if rule.rate_limit < inf and rule.rate_level == Level.NONE:
        raise RuleError("rate_level", "a rate limit needs a level above NONE")
    for name in ("flat", "no_data"):
        if getattr(rule, f"{name}_after") and getattr(rule, f"{name}_level") == Level.NONE:
            raise RuleError(f"{name}_level", f"{name}_after needs a level above NONE")


def _check_windows(rule: "Rule") -> None:
    lengths = [window.length for window in rule.windows]
    if len(lengths) > MOST_WINDOWS or sorted(set(lengths)) != lengths:
        raise RuleError("windows", f"at most {MOST_WINDOWS} windows, from the shortest to the longest, not {lengths}")
    if not all(SHORTEST_WINDOW <= length <= LONGEST_TIME for length in lengths):
        raise RuleError("windows", f"a window is {SHORTEST_WINDOW} to {LONGEST_TIME} ms long, not {lengths}")
    for window in rule.windows:
        _check_levels(window.thresholds(), "above")


def _check_levels(given: Given, direction: str) -> None:
    for level, limit in given:
        _check_hysteresis(level, limit, direction)
    for (low, lower), (high, higher) in pairwise(given):
        _check_order(low, lower, high, higher, direction)


def limits(limit: Threshold | Band, direction: str) -> tuple[float, float, float, float]:
    """raise_low, raise_high, clear_low, clear_high such that beyond is outside [raise_low, raise_high] and past is
    inside (clear_low, clear_high); for "inside" it is the other way round.
    """
    if isinstance(limit, Band):
        return limit.raise_low, limit.raise_high, limit.clear_low, limit.clear_high
    if direction == "below":
        return limit.raise_at, inf, limit.clear_at, inf
    return -inf, limit.raise_at, -inf, limit.clear_at


def _check_hysteresis(level: Level, limit: Threshold | Band, direction: str) -> None:
    name = level.name.lower()
    numbers = vars(limit).values()
    if not all(isfinite(number) for number in numbers):
        raise RuleError("finite", f"{name} needs finite numbers, not {' and '.join(map(str, numbers))}", level)
    raise_low, raise_high, clear_low, clear_high = limits(limit, direction)
    if isinstance(limit, Band) and (raise_low >= raise_high or clear_low >= clear_high):
        raise RuleError("band", f"{name}: a band needs a low end below its high end", level)
    overlap = clear_low < raise_low or clear_high > raise_high
    if direction == "inside":
        overlap = clear_low > raise_low or clear_high < raise_high
    if overlap:
        raise RuleError("hysteresis", f"{name} would clear where it is raised: {limit}", level)


def _check_order(low: Level, lower: Threshold | Band, high: Level, higher: Threshold | Band, direction: str) -> None:
    """A higher level lies strictly further out, and does not outlast a lower one."""
    turn = -1 if direction == "inside" else 1
    pairs = zip(limits(lower, direction), limits(higher, direction), (-turn, turn, -turn, turn), strict=True)
    raise_low, raise_high, clear_low, clear_high = (
        (side * b > side * a) - (side * b < side * a) for a, b, side in pairs
    )
    names = f"{high.name.lower()} must lie beyond {low.name.lower()}"
    if min(raise_low, raise_high) < 0 or max(raise_low, raise_high) == 0:
        raise RuleError("order", f"{names}: raised at {_told(higher, 'raise')} and {_told(lower, 'raise')}", high)
    if min(clear_low, clear_high) < 0:
        raise RuleError("order", f"{names}: cleared at {_told(higher, 'clear')} and {_told(lower, 'clear')}", high)


def _told(limit: Threshold | Band, word: str) -> str:
    if isinstance(limit, Band):
        return f"{getattr(limit, word + '_low')} to {getattr(limit, word + '_high')}"
    return str(getattr(limit, f"{word}_at"))
