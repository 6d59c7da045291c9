"""What a rule is, before it becomes rows of arrays."""

from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite, isnan
from typing import Literal

from anlan.rules.states import Level

MOST_SAMPLES = 1_000_000


class RuleError(ValueError):
    """A rule that contradicts itself: `code` is fixed for translation, the text is for a log."""

    def __init__(self, code: str, text: str, level: Level = Level.NONE) -> None:
        super().__init__(text)
        self.code = code
        self.level = level


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Raised strictly beyond `raise_at`, cleared strictly past `clear_at`, unchanged between."""

    raise_at: float
    clear_at: float


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The rule of one series, in the unit of its values; times in ms. Raises RuleError (a ValueError).

    A value below `low` or above `high` is no measurement; the limits themselves are. "above" raises at
    value > raise_at and clears at value < clear_at, "below" the other way round. `samples` consecutive
    valid readings beyond raise_at raise a level, one past clear_at clears it. The rate is raised while
    |value - previous valid value| > rate_limit. A silence of `no_data_after` is too long, 0 allows any.
    """

    low: float = -inf
    high: float = inf
    direction: Literal["above", "below"] = "above"
    blue: Threshold | None = None
    yellow: Threshold | None = None
    orange: Threshold | None = None
    red: Threshold | None = None
    samples: int = 1
    rate_limit: float = inf
    rate_level: Level = Level.BLUE
    no_data_after: int = 0
    no_data_level: Level = Level.BLUE

    def __post_init__(self) -> None:
        _check_range(self)
        _check_counts(self)
        for level, threshold in self.thresholds():
            _check_hysteresis(level, threshold, self.sign)
        for (low, lower), (high, higher) in pairwise(self.thresholds()):
            _check_order(low, lower, high, higher, self.sign)

    @property
    def sign(self) -> int:
        """1 for above, -1 for below: sign x value always rises towards danger."""
        return 1 if self.direction == "above" else -1

    def thresholds(self) -> list[tuple[Level, Threshold]]:
        """Those that are given, from blue to red."""
        pairs = zip(list(Level)[1:], (self.blue, self.yellow, self.orange, self.red), strict=True)
        return [(level, threshold) for level, threshold in pairs if threshold is not None]


def _check_range(rule: Rule) -> None:
    if rule.direction not in ("above", "below"):
        raise RuleError("direction", f"direction is above or below, not {rule.direction!r}")
    if isnan(rule.low) or isnan(rule.high) or rule.low > rule.high:
        raise RuleError("range", f"the valid range {rule.low} to {rule.high} is empty")


def _check_counts(rule: Rule) -> None:
    if not 1 <= rule.samples <= MOST_SAMPLES:
        raise RuleError("samples", f"samples is 1 to {MOST_SAMPLES}, not {rule.samples}")
    if isnan(rule.rate_limit) or rule.rate_limit < 0:
        raise RuleError("rate_limit", f"rate_limit is 0 or more, not {rule.rate_limit}")
    if rule.no_data_after < 0:
        raise RuleError("no_data_after", f"no_data_after is 0 (off) or more ms, not {rule.no_data_after}")
    if rule.rate_limit < inf and rule.rate_level == Level.NONE:
        raise RuleError("rate_level", "a rate limit needs a level above NONE")
    if rule.no_data_after and rule.no_data_level == Level.NONE:
        raise RuleError("no_data_level", "no_data_after needs a level above NONE")


def _check_hysteresis(level: Level, threshold: Threshold, sign: int) -> None:
    name, up, down = level.name.lower(), threshold.raise_at, threshold.clear_at
    if not (isfinite(up) and isfinite(down)):
        raise RuleError("finite", f"{name} needs two finite numbers, not {up} and {down}", level)
    if sign * down > sign * up:
        raise RuleError("hysteresis", f"{name} would clear at {down} although it is raised at {up}", level)


def _check_order(low: Level, lower: Threshold, high: Level, higher: Threshold, sign: int) -> None:
    """A higher level lies strictly further out, and does not outlast a lower one."""
    names = f"{high.name.lower()} must lie beyond {low.name.lower()}"
    if sign * higher.raise_at <= sign * lower.raise_at:
        raise RuleError("order", f"{names}: raised at {higher.raise_at} and {lower.raise_at}", high)
    if sign * higher.clear_at < sign * lower.clear_at:
        raise RuleError("order", f"{names}: cleared at {higher.clear_at} and {lower.clear_at}", high)
