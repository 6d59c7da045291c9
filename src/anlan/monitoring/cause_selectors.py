"""What a rule of the cause tree reaches, what it would hide, and what hangs on what."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from anlan.monitoring.models import Alarm, CauseRule, Device, DeviceDependency, Series
from anlan.monitoring.rulebook import family
from anlan.monitoring.suppression import explained_by, rule_fits

MOST_CAUSES = 300
SHOWN = 20
PAST = timedelta(days=30)
MOST_PAST = 500


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A device that may be the cause, and the devices whose alarms it explains."""

    cause: Device
    devices: list[Device]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`alarms`: those standing that would be hidden if every cause came up now; `past_*`: of the last thirty days."""

    causes: int
    devices: int
    reaches: list[Reach]
    alarms: list[Alarm]
    past_causes: int
    past_hidden: int


def causes_of(rule: CauseRule, user: Any) -> list[Device]:
    """The devices that can be the cause by a rule, at most so many."""
    rows = Device.objects.visible_to(user)
    if rule.device_id:
        rows = rows.filter(pk=rule.device_id)
    if rule.device_kind:
        rows = rows.filter(kind=rule.device_kind)
    if rule.key:
        fits = (
            Q(series__key__endswith=rule.key.removeprefix("*"))
            if rule.key.startswith("*:")
            else Q(series__key=rule.key)
        )
        rows = rows.filter(fits).distinct()
    return list(rows.order_by("pk")[:MOST_CAUSES])


def standing_causes(rule: CauseRule) -> list[Alarm]:
    """Active alarms that are causes by a rule."""
    rows = Alarm.objects.open().select_related("device", "series").order_by("pk")
    if rule.device_id:
        rows = rows.filter(device_id=rule.device_id)
    if rule.kind is not None:
        rows = rows.filter(kind=rule.kind)
    return [row for row in rows if rule_fits(rule, row.device_id, row.device.kind, row.series.key, row.kind)]


def cause_preview(rule: CauseRule, user: Any) -> Preview:
    """What it reaches and would hide, of the rows that the person sees."""
    causes = causes_of(rule, user)
    reached = {cause.pk: explained_by(rule, cause.pk) for cause in causes}
    wide = sorted(causes, key=lambda cause: -len(reached[cause.pk]))[:SHOWN]
    wanted = {pk for cause in wide for pk in reached[cause.pk]}
    known = Device.objects.visible_to(user).in_bulk(wanted)
    everything = {pk for found in reached.values() for pk in found}
    standing = Alarm.objects.visible_to(user).waiting().filter(_hidden_by(rule), device_id__in=everything)
    past = _past(rule, reached)
    return Preview(
        causes=len(causes),
        devices=len(everything),
        reaches=[Reach(cause=c, devices=[known[pk] for pk in reached[c.pk] if pk in known]) for c in wide],
        alarms=list(standing.select_related("device", "series").order_by("-level", "-raised_at")[:SHOWN]),
        past_causes=len(past),
        past_hidden=sum(past),
    )


def _hidden_by(rule: CauseRule) -> Q:
    silence = Q(kind__in=Alarm.SILENCE) if rule.silence else Q(pk__in=[])
    return silence | Q(level__lte=rule.level_to)


def _past(rule: CauseRule, reached: dict[int, list[int]]) -> list[int]:
    """Of each cause of the last days: how many alarms it would have hidden."""
    now = timezone.now()
    rows = Alarm.objects.filter(device_id__in=reached, arrived_at__gte=now - PAST).select_related("device", "series")
    found: list[int] = []
    for cause in rows.order_by("-pk")[:MOST_PAST]:
        if rule_fits(rule, cause.device_id, cause.device.kind, cause.series.key, cause.kind):
            span = (cause.arrived_at - timedelta(minutes=rule.within_minutes), cause.cleared_at or now)
            inside = Alarm.objects.filter(
                _hidden_by(rule), device_id__in=reached[cause.device_id], arrived_at__range=span
            )
            found.append(inside.exclude(pk=cause.pk).count())
    return found


@dataclass(kw_only=True)
class Branch:
    """A device with what hangs on it."""

    device: Device
    means: str = ""
    feeds: list["Branch"] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(1 + branch.size for branch in self.feeds)


def tree_of(user: Any) -> list[Branch]:
    """What hangs on what by the rows device by device; a ring is cut where it closes."""
    rows = DeviceDependency.objects.select_related("parent", "child").order_by("parent_id", "child_id")
    visible = set(
        Device.objects.visible_to(user)
        .filter(Q(feeds__isnull=False) | Q(fed_by__isnull=False))
        .values_list("pk", flat=True)
    )
    feeds: dict[int, list[DeviceDependency]] = defaultdict(list)
    devices: dict[int, Device] = {}
    for row in rows:
        if {row.parent_id, row.child_id} <= visible:
            feeds[row.parent_id].append(row)
            devices |= {row.parent_id: row.parent, row.child_id: row.child}
    fed = {row.child_id for found in feeds.values() for row in found}
    roots = [pk for pk in feeds if pk not in fed] or list(feeds)[:1]
    return [_branch(pk, "", devices, feeds, frozenset()) for pk in roots]


def _branch(
    pk: int, means: str, devices: dict[int, Device], feeds: dict[int, list[DeviceDependency]], above: frozenset[int]
) -> Branch:
    path = above | {pk}
    below = [
        _branch(row.child_id, str(row.get_means_display()), devices, feeds, path)
        for row in feeds.get(pk, ())
        if row.child_id not in path
    ]
    return Branch(device=devices[pk], means=means, feeds=below)


def hides_now() -> dict[int, int]:
    """By rule: how many devices it covers at this moment."""
    rows = CauseRule.objects.annotate(number=Count("suppressions__device", distinct=True)).filter(number__gt=0)
    return {row.pk: row.number for row in rows}


def keys_known() -> list[str]:
    """Keys that a rule may name: those whose last part tells a state, as a panel's bits do."""
    keys = Series.objects.filter(key__contains=":").order_by("key").values_list("key", flat=True).distinct()[:200]
    return sorted({*keys, *(family(key) for key in keys)})
