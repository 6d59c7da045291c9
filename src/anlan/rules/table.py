"""The rules of n series as arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.rules.declaration import Rule
from anlan.rules.rows import CALM_ROW, CALM_ROWS, RULE_ROW, calm_of, row_of

FREE = row_of(Rule())


class RuleTable:
    """Which rule judges which series. Series of equal rules share one row of `distinct` (RULE_ROW, a few hundred
    bytes); `row` (int32, length n) says which. `rows` and `set_rows` read and write the rules of few series as
    RULE_ROW, which are self-contained and may be kept as bytes; `table["high"]` is a copy of one column, and `cells`
    one of all of them, both of length n and read-only. A series whose rule is changed keeps its state: its next
    reading keeps or clears what is raised.
    """

    def __init__(self, cells: NDArray[np.void]) -> None:
        self.distinct = np.zeros(0, RULE_ROW)
        self.calm = np.zeros(1, CALM_ROW)
        self.calm["low"], self.calm["high"] = np.inf, -np.inf
        self.row = np.zeros(0, np.int32)
        self.version = 0
        self._known: dict[bytes, int] = {}
        self._rows_of([FREE])
        self._extend(len(cells))
        self.set_rows(slice(None), cells)

    @classmethod
    def empty(cls, n: int) -> "RuleTable":
        """n series for which every finite number is normal."""
        table = cls(np.zeros(0, RULE_ROW))
        table.grow(n)
        return table

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "RuleTable":
        """Series i gets rules[i]."""
        made = {rule: row_of(rule) for rule in dict.fromkeys(rules)}
        table = cls.empty(len(rules))
        table.row[:] = table._rows_of([made[rule] for rule in rules])
        return table

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, column: str) -> NDArray[Any]:
        return _read_only(self.distinct[column][self.row])

    @property
    def cells(self) -> NDArray[np.void]:
        return _read_only(self.distinct[self.row])

    @property
    def nbytes(self) -> int:
        return self.distinct.nbytes + self.calm.nbytes + self.row.nbytes

    def rows(self, idx: Any) -> NDArray[np.void]:
        """A copy of the rules of these series (indices or a mask), as RULE_ROW."""
        return self.distinct[np.array(self.row[idx], ndmin=1)]

    def set_rows(self, idx: Any, rows: NDArray[np.void]) -> None:
        self.row[idx] = self._rows_of(list(np.array(rows, RULE_ROW, ndmin=1)))
        self.version += 1

    def set(self, i: Any, rule: Rule) -> None:
        """One rule for one series or several (an index or indices)."""
        self.row[i] = self._rows_of([row_of(rule)])[0]
        self.version += 1

    def take(self, idx: Any) -> "RuleTable":
        """A table of its own with the rules of these series, in this order."""
        return RuleTable(self.rows(idx))

    def grow(self, n: int) -> None:
        """To n series in all. ValueError if that were fewer."""
        if n < len(self):
            raise ValueError(f"a table of {len(self)} series cannot grow to {n}")
        self._extend(n - len(self))

    def _extend(self, more: int) -> None:
        self.row = np.concatenate([self.row, np.zeros(more, np.int32)])

    def _rows_of(self, rows: Sequence[np.void]) -> list[int]:
        """The places of these among the distinct ones, which only ever become more."""
        fresh: dict[bytes, np.void] = {}
        places = []
        for row in rows:
            key = row.tobytes()
            if key not in self._known:
                self._known[key] = len(self._known)
                fresh[key] = row
            places.append(self._known[key])
        if fresh:
            more = np.array(list(fresh.values()), RULE_ROW)
            self.distinct = np.concatenate([self.distinct, more])
            self.calm = np.concatenate([self.calm, *(calm_of(row) for row in more)])
            assert len(self.calm) == 1 + CALM_ROWS * len(self.distinct)
        return places


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
