"""Alarms of one place within a short time as one line: what a person reads first is the event, not the sensors."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, FloatField, Q, QuerySet
from django.db.models.functions import Cast, Extract
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring.models import Alarm

MOST = 20_000
"""Standing alarms that are looked at for groups; of more than so many each is a line of its own."""
LEAST = {"facility": 2, "enterprise": 2, "device": 2, "area": 3}
"""From so many alarms on a place is one line; an area is wide, so it takes more, and of one kind."""


class Standing(NamedTuple):
    """What grouping needs of an alarm: ids of its places, and when it was raised in seconds."""

    id: int
    kind: int
    level: int
    at: float
    unseen: bool
    device: int
    facility: int | None
    enterprise: int | None
    area: int


class Cluster(NamedTuple):
    """Alarms that are one line, in order of time, and the place that they share."""

    place: str
    rows: list[Standing]

    @property
    def level(self) -> int:
        return max(row.level for row in self.rows)


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


def standing_of(rows: QuerySet[Alarm]) -> list[Standing] | None:
    """Alarms as tuples in order of time; None where there are too many to be grouped."""
    at = Cast(Extract("raised_at", "epoch"), FloatField())
    unseen = ExpressionWrapper(Q(acknowledged_at=None), output_field=BooleanField())
    found = rows.order_by("raised_at", "pk").values_list(
        "pk", "kind", "level", at, unseen, "device_id", "device__facility_id",
        "device__enterprise_id", "area_id",
    )[: MOST + 1]  # fmt: skip
    standing = list(map(Standing._make, found))
    return standing if len(standing) <= MOST else None


def clusters_of(rows: Sequence[Standing], minutes: int) -> list[Cluster]:
    """Every alarm, in order of time, in exactly one cluster: of its facility, else enterprise, device, area and kind.

    Alarms of a place belong together while each follows the one before within so many minutes. The worst stand first.
    """
    left, made = list(rows), list[Cluster]()
    for place, least in LEAST.items():
        taken: set[int] = set()
        for members in _together(left, place, minutes * 60):
            if len(members) >= least:
                made.append(Cluster(place, members))
                taken.update(row.id for row in members)
        left = [row for row in left if row.id not in taken] if taken else left
    made += [Cluster("device", [row]) for row in left]
    return sorted(made, key=lambda one: (-one.level, -one.rows[-1].at, -one.rows[-1].id))


def _together(rows: Iterable[Standing], place: str, gap: float) -> list[list[Standing]]:
    by_place: dict[Any, list[Standing]] = defaultdict(list)
    field = Standing._fields.index(place)
    for row in rows:
        if (key := row[field]) is not None:
            by_place[(key, row.kind) if place == "area" else key].append(row)
    found: list[list[Standing]] = []
    for members in by_place.values():
        found.append([members[0]])
        for before, row in pairwise(members):
            if row.at - before.at > gap:
                found.append([])
            found[-1].append(row)
    return found


def groups_of(clusters: Sequence[Cluster]) -> list[AlarmGroup]:
    """These clusters in full, with the names of their places: one query."""
    first = [cluster.rows[0].id for cluster in clusters]
    names = ("device__name", "device__facility__name", "device__enterprise__name", "area__name")
    known = {row["pk"]: row for row in Alarm.objects.filter(pk__in=first).values("pk", *names)} if first else {}
    return [_group(one, known[one.rows[0].id]) for one in clusters if one.rows[0].id in known]


def _group(cluster: Cluster, names: dict[str, Any]) -> AlarmGroup:
    rows, zone = cluster.rows, timezone.get_current_timezone()
    ordered = sorted(rows, key=lambda row: (-row.level, -row.at, -row.id))
    name = {"device": "device__name", "area": "area__name"}.get(cluster.place, f"device__{cluster.place}__name")
    return AlarmGroup(
        ids=tuple(row.id for row in ordered),
        place=str(names[name]),
        kinds=frozenset(row.kind for row in rows),
        level=ordered[0].level,
        unseen=sum(row.unseen for row in rows),
        devices=len({row.device for row in rows}),
        first_at=datetime.fromtimestamp(rows[0].at, tz=zone),
        last_at=datetime.fromtimestamp(rows[-1].at, tz=zone),
    )
