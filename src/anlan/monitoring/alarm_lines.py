"""The list of alarms: groups of what stands, then what was cleared; read page by page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from django.db import connection
from django.db.models import Q, QuerySet

from anlan.monitoring.grouping import AlarmGroup, Cluster, clusters_of, group_minutes, groups_of, standing_of
from anlan.monitoring.models import Alarm
from anlan.monitoring.models.alarm import HIDDEN
from anlan.monitoring.wording import series_title

MOST_OPEN = 300
"""Alarms of one opened group that are shown; the others are found by the list of its place."""
MOST_COUNTED = 10_000
"""Lines of single alarms that are counted and can be paged to; who looks for older ones narrows the list."""


@dataclass(kw_only=True)
class AlarmLine:
    """A group with the alarms that are shown of it: one where it is closed or stands for a single alarm."""

    group: AlarmGroup | None
    hides: int = 0
    alarms: list[Alarm] = field(default_factory=list)

    @property
    def is_many(self) -> bool:
        return self.group is not None and len(self.group.ids) > 1


MAIN = Q(cleared_at=None, shelved_until=None) & ~HIDDEN


class AlarmLines(Sequence[AlarmLine]):
    """What a paginator cuts into pages: only the alarms of the page at hand are read.

    `rows` that are grouped hold what stands and what was cleared. `more`: there are older ones than are counted.
    """

    def __init__(self, rows: QuerySet[Alarm], *, grouped: bool, open_keys: set[int]) -> None:
        standing = standing_of(rows.filter(MAIN)) if grouped else None
        self.clusters: list[Cluster] = [] if standing is None else clusters_of(standing, group_minutes())
        self.singles = rows.filter(cleared_at=None) if standing is None else rows.none()
        self.cleared = rows.filter(cleared_at__isnull=False).order_by("-raised_at", "-pk")
        self.open_keys = open_keys
        self._first = len(self.clusters) + self.singles.order_by().count()
        counted = self.cleared.order_by()[: MOST_COUNTED + 1].count()
        self.more = counted > MOST_COUNTED
        self._length = self._first + min(counted, MOST_COUNTED)

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
        lines = [AlarmLine(group=group) for group in groups_of(self.clusters[start:stop])]
        hides = hides_of(pk for line in lines for pk in (line.group.ids if line.group else ()))
        known = self._read({pk for line in lines for pk in self._shown(line.group)})
        for line in lines:
            line.hides = sum(hides.get(pk, 0) for pk in line.group.ids) if line.group else 0
            line.alarms = [known[pk] for pk in self._shown(line.group) if pk in known]
        singles = self.singles[start : min(stop, self._first)] if not self.clusters and start < self._first else ()
        cleared = self.cleared[max(0, start - self._first) : stop - self._first] if stop > self._first else ()
        return lines + [AlarmLine(group=None, alarms=[row]) for row in dressed([*singles, *cleared])]

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
    found = list(ids)
    if not found:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_BELOW, [found])
        return dict(cursor.fetchall())


def dressed(rows: Any) -> list[Alarm]:
    """Alarms with the title of their series and how many others each hides."""
    found = list(rows)
    hides = hides_of(row.pk for row in found)
    for row in found:
        row.series_title = series_title(row.series, row.device.protocol)
        row.hides_count = hides.get(row.pk, 0)
    return found
