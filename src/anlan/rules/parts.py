"""What a rule is made of: thresholds, bands, windows and the error that a contradiction raises."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from anlan.rules.states import Level

T = TypeVar("T")


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
class Band:
    """Two bounds with hysteresis, for the directions inside and outside.

    inside: raised while raise_low < value < raise_high, cleared by a value < clear_low or > clear_high.
    outside: raised by a value < raise_low or > raise_high, cleared while clear_low < value < clear_high.
    """

    raise_low: float
    raise_high: float
    clear_low: float
    clear_high: float


@dataclass(frozen=True, kw_only=True)
class Levels(Generic[T]):
    """One thing for each warning colour, any of them left out."""

    blue: T | None = None
    yellow: T | None = None
    orange: T | None = None
    red: T | None = None

    def thresholds(self) -> list[tuple[Level, T]]:
        """Those that are given, from blue to red."""
        pairs = zip(list(Level)[1:], (self.blue, self.yellow, self.orange, self.red), strict=True)
        return [(level, threshold) for level, threshold in pairs if threshold is not None]


@dataclass(frozen=True, kw_only=True)
class Window(Levels[Threshold]):
    """Levels of the sum over the trailing `length` ms, by the times of the readings: (t - length, t]."""

    length: int
