"""The rules of n series as arrays."""

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.rules.declaration import Rule

RULE_ROW = np.dtype(
    [
        ("low", "f8"),
        ("high", "f8"),
        ("sign", "f8"),
        ("rate_limit", "f8"),
        ("raise_at", "f8", (4,)),
        ("clear_at", "f8", (4,)),
        ("no_data_after", "i8"),
        ("samples", "i4"),
        ("rate_level", "u1"),
        ("no_data_level", "u1"),
        ("reserved", "u2"),
    ],
    align=True,
)


class RuleTable:
    """One row a series. `cells` holds the rows side by side (a series is two cache lines), `table["high"]`
    is a live view of one column. Thresholds are stored times `sign`; a level without one never rises.
    """

    def __init__(self, cells: NDArray[np.void]) -> None:
        self.cells = cells

    @classmethod
    def empty(cls, n: int) -> "RuleTable":
        """n series for which every finite number is normal."""
        return cls(np.full(n, np.array(_row(Rule()), RULE_ROW)))

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "RuleTable":
        """Series i gets rules[i]."""
        return cls(np.array([_row(rule) for rule in rules], RULE_ROW))

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.cells[column]

    def set(self, i: int, rule: Rule) -> None:
        """The state of the series stays: its next reading keeps or clears what is raised."""
        self.cells[i] = _row(rule)

    def grow(self, n: int) -> None:
        """To n series in all; views taken before see the old arrays. ValueError if that were fewer."""
        if n < len(self):
            raise ValueError(f"a table of {len(self)} series cannot grow to {n}")
        self.cells = np.concatenate([self.cells, self.empty(n - len(self)).cells])


def _row(rule: Rule) -> tuple[Any, ...]:
    raise_at, clear_at = [inf] * 4, [inf] * 4
    for level, threshold in rule.thresholds():
        raise_at[level - 1] = rule.sign * threshold.raise_at
        clear_at[level - 1] = rule.sign * threshold.clear_at
    return (
        rule.low,
        rule.high,
        rule.sign,
        rule.rate_limit,
        raise_at,
        clear_at,
        rule.no_data_after,
        rule.samples,
        rule.rate_level,
        rule.no_data_level,
        0,
    )
