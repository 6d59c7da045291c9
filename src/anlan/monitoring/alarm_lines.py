"""The list of alarms: groups of what stands, then what was cleared; read page by page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from django.db import connection
from django.db.models import Q, QuerySet

from anlan.monitoring.grouping import AlarmGroup, group_minutes, groups_of, standing_of
from anlan.monitoring.models import Alarm
from anlan.monitoring.models.alarm import HIDDEN
from anlan.monitoring.wording import series_title

MOST_OPEN = 300
"""Alarms of one opened group that are shown; the others are found by the list of its place."""


@dataclass(kw_only=True)
class AlarmLine:
    """A group with the alarms that are shown of it: one where it is closed or stands for a single alarm."""

    group: AlarmGroup | None
    hides: int = 0
    alarms: list[Alarm] = field(default_factory=list)

    @property
    def is_many(self) -> bool:
        return self.group is not None and len(self.group.ids) > 1


class AlarmLines(Sequence[AlarmLine]):
    """What a paginator cuts into pages: only the alarms of the page at hand are read."""

    def __init__(self, rows: QuerySet[Alarm], *, grouped: bool, open_keys: set[int]) -> None:
        standing = Q(cleared_at=None, shelved_until=None) & ~HIDDEN
        self.groups = groups_of(standing_of(rows.filter(standing)), group_minutes()) if grouped else []
        self.rest = rows.exclude(standing) if grouped else rows
        self.open_keys = open_keys
        self._length = len(self.groups) + self.rest.count()

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> AlarmLine: ...
    @overload
    def __getitem__(self, place: slice) -> list[AlarmLine]: ...
    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, int):
            return self[place : place + 1][0]
        start, stop, _step = place.indices(len(self))
        lines = [AlarmLine(group=group) for group in self.groups[start:stop]]
        hides = hides_of(pk for line in lines for pk in (line.group.ids if line.group else ()))
        known = self._read({pk for line in lines for pk in self._shown(line.group)})
        for line in lines:
            line.hides = sum(hides.get(pk, 0) for pk in line.group.ids) if line.group else 0
            line.alarms = [known[pk] for pk in self._shown(line.group) if pk in known]
        number = len(self.groups)
        rest = self.rest[max(0, start - number) : max(0, stop - number)]
        return lines + [AlarmLine(group=None, alarms=[row]) for row in dressed(rest)]

    def _shown(self, group: AlarmGroup | None) -> tuple[int, ...]:
        if group is None or (len(group.ids) > 1 and group.key not in self.open_keys):
            return ()
        return group.ids[:MOST_OPEN]

    def _read(self, ids: set[int]) -> dict[int, Alarm]:
        rows = Alarm.objects.filter(pk__in=ids).select_related(
            "device", "series", "area", "acknowledged_by", "assigned_to", "shelved_by"
        )
        return {row.pk: row for row in dressed(rows)}


_BELOW = """
with recursive below as (
    select hidden_under_id root, id from monitoring_alarm where hidden_under_id = any(%s)
    union
    select b.root, a.id from monitoring_alarm a join below b on a.hidden_under_id = b.id)
select root, count(*) from below where id <> root group by root
"""


def hides_of(ids: Iterable[int]) -> dict[int, int]:
    """How many alarms each of these hides or has hidden, with those that lie under what it hides."""
    with connection.cursor() as cursor:
        cursor.execute(_BELOW, [list(ids)])
        return dict(cursor.fetchall())


def dressed(rows: Any) -> list[Alarm]:
    """Alarms with the title of their series and how many others each hides."""
    found = list(rows)
    hides = hides_of(row.pk for row in found)
    for row in found:
        row.series_title = series_title(row.series, row.device.protocol)
        row.hides_count = hides.get(row.pk, 0)
    return found
