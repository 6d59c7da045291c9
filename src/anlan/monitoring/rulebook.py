"""All rules of this moment as the kernel's arrays, read again as soon as the database says that one has changed.

What judges a series is, in this order: its device's own rule, the rule of the nearest area around the device for
its kind of device, the rule of the kind everywhere. In each, a rule for the very key comes before one for its kind of
key ("*:fire" for "part-1-3-9:fire"). A dynamic bound only tightens what is found so. Schedules that name workdays or
holidays go by the holidays table, as it was when the rules were read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.holidays import calendar_in_force
from anlan.monitoring.models import Device, DynamicBound, ThresholdRule
from anlan.monitoring.stamps import version_of
from anlan.rules import Rule, RuleTable
from anlan.rules.workdays import dated

Named = dict[tuple[int, str], int]


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """Row 0 of `table` lets every finite number pass; a series without a rule has that one.

    `ids` are the rows' rule ids, 0 for row 0. `by_area` holds (depth of the area, row) for each device within one.
    """

    version: int
    table: RuleTable
    ids: tuple[int, ...]
    by_device: Named
    by_kind: dict[tuple[str, str], int]
    by_area: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    bounded: Named = field(default_factory=dict)
    retired: frozenset[int] = frozenset()

    def row(self, device_id: int, kind: str, key: str) -> int:
        """The row that judges a series; 0 where none does."""
        return self.bounded.get((device_id, key)) or self.static_row(device_id, kind, key)

    def static_row(self, device_id: int, kind: str, key: str) -> int:
        """The same without dynamic bounds; nothing judges a retired device."""
        if device_id in self.retired:
            return 0
        names = (key, family(key))
        for name in names:
            if (found := self.by_device.get((device_id, name))) is not None:
                return found
        around = [self.by_area[device_id, name] for name in names if (device_id, name) in self.by_area]
        if around:
            return max(around, key=lambda place: place[0])[1]
        return self.by_kind.get((kind, names[0]), 0) or self.by_kind.get((kind, names[1]), 0)

    def table_of(self, rows: NDArray[np.int64]) -> RuleTable:
        return self.table.take(rows)


def family(key: str) -> str:
    """What a key has in common with those of its kind: "*:" and what follows its last colon."""
    return "*:" + key.rpartition(":")[2]


_current: list[Rulebook] = []


def rulebook() -> Rulebook:
    """The rules in force, from this process's memory where the version still stands."""
    version = version_of("select version from monitoring_rulestamp")
    if not _current or _current[0].version != version:
        rows = ThresholdRule.objects.filter(active=True).select_related("area").order_by("id")
        _current[:] = [rulebook_of(list(rows), version=version, bounds=bounds_in_force())]
    return _current[0]


def bounds_in_force() -> list[DynamicBound]:
    return list(DynamicBound.objects.exclude(raise_at=None).select_related("series__device").order_by("id"))


def rulebook_of(rules: Sequence[ThresholdRule], *, version: int = 0, bounds: Sequence[DynamicBound] = ()) -> Rulebook:
    """A rulebook of these active rules, whether they are saved or not."""
    days = calendar_in_force() if any(rule.by_kind_of_day for rule in rules) else ()
    kernel = [Rule(), *(dated(rule.as_rule(), days) for rule in rules)]
    book = Rulebook(
        version=version,
        table=RuleTable.of(kernel),
        ids=(0, *(rule.pk or 0 for rule in rules)),
        by_device={(rule.device_id, rule.key): i for i, rule in enumerate(rules, 1) if rule.device_id},
        by_kind={(r.device_kind, r.key): i for i, r in enumerate(rules, 1) if not (r.device_id or r.area_id)},
        by_area=_by_area(rules),
        retired=frozenset(Device.objects.filter(life="retired").values_list("id", flat=True)),
    )
    return _bounded(book, kernel, bounds) if bounds else book


def _by_area(rules: Sequence[ThresholdRule]) -> dict[tuple[int, str], tuple[int, int]]:
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for i, rule in enumerate(rules, 1):
        if rule.area is None:
            continue
        depth = rule.area.path.count(".")
        inside = Device.objects.filter(area__path__startswith=rule.area.path, kind=rule.device_kind)
        for device_id in inside.values_list("id", flat=True):
            place = (device_id, rule.key)
            found[place] = max(found.get(place, (0, 0)), (depth, i))
    return found


def _bounded(book: Rulebook, kernel: list[Rule], bounds: Sequence[DynamicBound]) -> Rulebook:
    """The same book with a row of its own for each series whose rule takes a dynamic bound."""
    ids, named = list(book.ids), {}
    for bound in bounds:
        device, key = bound.series.device, bound.series.key
        row = book.static_row(device.pk, device.kind, key)
        if book.ids[row] == bound.rule_id and (tight := bound.tighten(kernel[row])) is not None:
            named[device.pk, key] = len(kernel)
            kernel.append(tight)
            ids.append(bound.rule_id)
    return Rulebook(
        version=book.version,
        table=RuleTable.of(kernel),
        ids=tuple(ids),
        by_device=book.by_device,
        by_kind=book.by_kind,
        by_area=book.by_area,
        bounded=named,
        retired=book.retired,
    )
