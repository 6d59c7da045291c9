"""Alarms of one place within a short time as one line: what a person reads first is the event, not the sensors."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring.models import Alarm

MOST = 5000
"""Standing alarms that are looked at for groups; what is beyond is listed one by one."""
LEAST = {"facility": 2, "enterprise": 2, "device": 2, "area": 3}
"""From so many alarms on a place is one line; an area is wide, so it takes more, and of one kind."""


class Standing(NamedTuple):
    """What grouping needs of an alarm."""

    id: int
    kind: int
    level: int
    raised_at: datetime
    unseen: bool
    device: tuple[int, str]
    facility: tuple[int | None, str | None]
    enterprise: tuple[int | None, str | None]
    area: tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class AlarmGroup:
    """One line of the list; a single alarm is a group of one. `ids` from the most serious, then the newest."""

    ids: tuple[int, ...]
    place: str
    kinds: frozenset[int]
    level: int
    unseen: int
    devices: int
    first_at: datetime
    last_at: datetime

    @property
    def key(self) -> int:
        """The oldest alarm's id: it stays while others join."""
        return min(self.ids)

    @property
    def title(self) -> str:
        """What happened at the place, in words: "8 个传感器无数据"."""
        if len(self.kinds) == 1:
            kind = Alarm.Kind(next(iter(self.kinds)))
            if kind in Alarm.FAULTS:
                return _("%(count)d 个传感器%(kind)s") % {"count": self.devices, "kind": kind.label}
            return _("%(count)d 条%(kind)s报警") % {"count": len(self.ids), "kind": kind.label}
        return _("%(count)d 条报警") % {"count": len(self.ids)}


def group_minutes() -> int:
    try:
        return int(law_value("alarm_group_minutes"))
    except (NoSuchRule, TypeError, ValueError):
        return 30


def standing_of(rows: QuerySet[Alarm]) -> list[Standing]:
    """Alarms as tuples, at most so many, from the most serious and the newest."""
    device, facility, enterprise = "device__name", "device__facility__name", "device__enterprise__name"
    found = rows.values_list(
        "pk", "kind", "level", "raised_at", "acknowledged_at", "device_id", device, "device__facility_id", facility,
        "device__enterprise_id", enterprise, "area_id", "area__name",
    )[:MOST]  # fmt: skip
    return [
        Standing(pk, kind, level, at, seen is None, (d, dn), (f, fn), (e, en), (a, an))
        for pk, kind, level, at, seen, d, dn, f, fn, e, en, a, an in found
    ]


def groups_of(rows: Sequence[Standing], minutes: int) -> list[AlarmGroup]:
    """Every alarm in exactly one group: of its facility, else enterprise, else device, else area and kind.

    Alarms of a place belong together while each follows the one before within so many minutes.
    """
    left, made = list(rows), list[AlarmGroup]()
    for place in LEAST:
        taken: set[int] = set()
        for members in _clusters(left, place, timedelta(minutes=minutes)):
            if len(members) >= LEAST[place]:
                made.append(_group(members, str(getattr(members[0], place)[1])))
                taken |= {row.id for row in members}
        left = [row for row in left if row.id not in taken]
    made += [_group([row], row.device[1]) for row in left]
    return sorted(made, key=lambda g: (-g.level, -g.last_at.timestamp(), -g.key))


def _clusters(rows: Iterable[Standing], place: str, gap: timedelta) -> list[list[Standing]]:
    by_place: dict[Any, list[Standing]] = defaultdict(list)
    for row in rows:
        key = getattr(row, place)[0]
        if key is not None:
            by_place[key, row.kind if place == "area" else None].append(row)
    found: list[list[Standing]] = []
    for members in by_place.values():
        members.sort(key=lambda row: row.raised_at)
        found.append([members[0]])
        for before, row in pairwise(members):
            if row.raised_at - before.raised_at > gap:
                found.append([])
            found[-1].append(row)
    return found


def _group(rows: Sequence[Standing], place: str) -> AlarmGroup:
    ordered = sorted(rows, key=lambda row: (-row.level, -row.raised_at.timestamp(), -row.id))
    return AlarmGroup(
        ids=tuple(row.id for row in ordered),
        place=place,
        kinds=frozenset(row.kind for row in rows),
        level=ordered[0].level,
        unseen=sum(row.unseen for row in rows),
        devices=len({row.device[0] for row in rows}),
        first_at=min(row.raised_at for row in rows),
        last_at=max(row.raised_at for row in rows),
    )
