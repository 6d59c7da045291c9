"""All rules of this moment as the kernel's arrays, read again as soon as the database says that one has changed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.models import RuleStamp, ThresholdRule
from anlan.rules import Rule, RuleTable


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """Row 0 of `table` lets every finite number pass; a series without a rule has that one."""

    version: int
    table: RuleTable
    by_device: dict[tuple[int, str], int]
    by_kind: dict[tuple[str, str], int]

    def row(self, device_id: int, kind: str, key: str) -> int:
        """The row that judges a series: the device's own rule, else that of its kind, else row 0.

        In each, a rule for the very key comes before one for its kind of key ("*:fire" for "part-1-3-9:fire").
        """
        for name in (key, family(key)):
            if (found := self.by_device.get((device_id, name))) is not None:
                return found
        return self.by_kind.get((kind, key), 0) or self.by_kind.get((kind, family(key)), 0)

    def table_of(self, rows: NDArray[np.int64]) -> RuleTable:
        return self.table.take(rows)


def family(key: str) -> str:
    """What a key has in common with those of its kind: "*:" and what follows its last colon."""
    return "*:" + key.rpartition(":")[2]


_current: list[Rulebook] = []


def rulebook() -> Rulebook:
    """The rules in force, from this process's memory where the version still stands."""
    version = RuleStamp.objects.values_list("version", flat=True).first() or 0
    if not _current or _current[0].version != version:
        _current[:] = [_read(version)]
    return _current[0]


def _read(version: int) -> Rulebook:
    rows = list(ThresholdRule.objects.filter(active=True).order_by("id"))
    return Rulebook(
        version=version,
        table=RuleTable.of([Rule(), *(row.as_rule() for row in rows)]),
        by_device={(row.device_id, row.key): i for i, row in enumerate(rows, 1) if row.device_id},
        by_kind={(row.device_kind, row.key): i for i, row in enumerate(rows, 1) if not row.device_id},
    )
