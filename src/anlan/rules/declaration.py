"""What a rule is, before it becomes rows of arrays."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from anlan.rules.checks import check
from anlan.rules.parts import Band, Levels, RuleError, Threshold, Window
from anlan.rules.schedule import Schedule
from anlan.rules.states import Level

__all__ = ["Band", "Direction", "Rule", "RuleError", "Threshold", "Window"]

Direction = Literal["above", "below", "inside", "outside"]


@dataclass(frozen=True, kw_only=True)
class Rule(Levels[Threshold | Band]):
    """The rule of one series, in the unit of its values; times in ms, 0 is off. Raises RuleError (a ValueError).

    Valid range: a value below `low` or above `high` is no measurement; the limits themselves are.

    Levels (blue to red): "above" raises at value > raise_at and clears at value < clear_at, "below" the other
    way round; "inside" and "outside" take a Band. A level is raised by `samples` consecutive valid readings beyond
    it, or by `samples` of the last `within` (at most 60) of which the newest is beyond; with a `duration` only once it has
    been beyond without a break for that long as well (first to last reading). It is cleared by `clear_samples` consecutive readings past its clearing value over at
    least `clear_duration`; another between starts the count anew. What is raised counts no further.

    Rate: raised while |value - previous valid value| > rate_limit, or with `rate_per` > 0 while that step divided
    by the time it took is more than `rate_limit` in `rate_per` ms.

    Windows (at most four): the sum of the valid readings of each is held against its levels; `counter` says that
    values are the stand of a counter, whose rises are summed (a fall is a reset to 0). Readings of one
    1440th of the longest window are one entry of the time of the last of them.

    Flat: raised when all readings of `flat_after` have stayed within `flat_tolerance` of the first of them.
    No data: a silence of `no_data_after` is too long. Schedule: outside of it nothing is raised.
    """

    low: float = -inf
    high: float = inf
    direction: Direction = "above"
    samples: int = 1
    within: int = 0
    duration: int = 0
    clear_samples: int = 1
    clear_duration: int = 0
    rate_limit: float = inf
    rate_per: int = 0
    rate_level: Level = Level.BLUE
    windows: tuple[Window, ...] = ()
    counter: bool = False
    flat_after: int = 0
    flat_tolerance: float = 0.0
    flat_level: Level = Level.BLUE
    no_data_after: int = 0
    no_data_level: Level = Level.BLUE
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        check(self)

    @property
    def sign(self) -> int:
        """-1 for below, else 1: for above and below, sign x value always rises towards danger."""
        return -1 if self.direction == "below" else 1
