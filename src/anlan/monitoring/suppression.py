"""What is hidden now and under what: read by every batch from memory, renewed when the database says so."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from anlan.kit.events import publish, publish_all
from anlan.monitoring.events import CauseBegun, CauseEnded
from anlan.monitoring.models import Alarm, CauseRule, Series, Suppression
from anlan.monitoring.rulebook import family
from anlan.monitoring.stamps import version_of


class Cover(NamedTuple):
    """One reason why a device's alarms are hidden: an active alarm or a maintenance window."""

    alarm_id: int | None
    window_id: int | None
    silence: bool
    level_to: int
    since: datetime

    def hides(self, kind: int, level: int) -> bool:
        """Alarms of missing data by `silence`, at any level; all others up to `level_to`."""
        return (self.silence and kind in Alarm.SILENCE) or level <= self.level_to


@dataclass(frozen=True, kw_only=True)
class SuppressionBook:
    version: int
    covers: dict[int, list[Cover]]
    """By device id; windows first, then the oldest cause."""
    rules: list[CauseRule]
    devices: frozenset[int]
    causes: frozenset[int]
    """Ids of the alarms that hide something."""

    def cover_of(self, device_id: int, kind: int, level: int, *, but: int | None = None) -> Cover | None:
        """What hides such an alarm; `but` is the alarm itself, which never hides under itself."""
        covers = self.covers.get(device_id, ())
        return next((c for c in covers if c.hides(kind, level) and (but is None or c.alarm_id != but)), None)

    def rules_of(self, device_id: int, device_kind: str, key: str, kind: int) -> list[CauseRule]:
        """The rules by which an alarm explains others."""
        return [rule for rule in self.rules if rule_fits(rule, device_id, device_kind, key, kind)]


def rule_fits(rule: CauseRule, device_id: int, device_kind: str, key: str, kind: int) -> bool:
    """Whether an alarm of this device, key and kind is a cause by the rule."""
    here = rule.device_id in {None, device_id} and rule.device_kind in {"", device_kind}
    return here and rule.key in {"", key, family(key)} and rule.kind in {None, kind}


_current: list[SuppressionBook] = []


def suppression_book() -> SuppressionBook:
    """What is suppressed, from this process's memory where the version still stands: one small query a batch."""
    version = version_of("select version from monitoring_suppressionstamp")
    if not _current or _current[0].version != version:
        _current[:] = [_read(version)]
    return _current[0]


def suppressed_devices() -> frozenset[int]:
    """Devices whose readings, where the kernel judges them ALARM, count as SUPPRESSED in the ledger.

    Those under a cause that hides only missing data are not among them: their readings are as good as ever.
    """
    return suppression_book().devices


def _read(version: int) -> SuppressionBook:
    covers: dict[int, list[Cover]] = defaultdict(list)
    for row in Suppression.objects.order_by("alarm_id"):
        covers[row.device_id].append(_cover(row))
    for found in covers.values():
        found.sort(key=lambda cover: (cover.window_id is None, cover.alarm_id or 0))
    return SuppressionBook(
        version=version,
        covers=dict(covers),
        rules=list(CauseRule.objects.filter(active=True).order_by("id")),
        causes=frozenset(c.alarm_id for found in covers.values() for c in found if c.alarm_id is not None),
        devices=frozenset(device for device, found in covers.items() if any(c.level_to for c in found)),
    )


def _cover(row: Suppression) -> Cover:
    return Cover(row.alarm_id, row.window_id, row.silence, row.level_to, row.since)


_SCOPES = {
    CauseRule.Scope.DEVICE: "select %(device)s::bigint id",
    CauseRule.Scope.FACILITY: """
        select d.id from monitoring_device d join monitoring_device p on p.facility_id = d.facility_id
        where p.id = %(device)s and d.id <> p.id""",
    CauseRule.Scope.ENTERPRISE: """
        select d.id from monitoring_device d join monitoring_device p on p.enterprise_id = d.enterprise_id
        where p.id = %(device)s and d.id <> p.id""",
    CauseRule.Scope.AREA: """
        select d.id from monitoring_device p join accounts_area place on place.id = p.area_id
        join accounts_area a on a.path like place.path || '%%' join monitoring_device d on d.area_id = a.id
        where p.id = %(device)s and d.id <> p.id""",
    CauseRule.Scope.NEAR: """
        select d.id from monitoring_device p join monitoring_device d on d.id <> p.id
        and st_dwithin(d.location::geography, p.location::geography, %(radius)s) where p.id = %(device)s""",
}
_BEHIND = """
    with recursive behind as (
        select child_id id from monitoring_devicedependency where parent_id = %(device)s and means = %(means)s
        union
        select d.child_id from monitoring_devicedependency d join behind b on d.parent_id = b.id
        where d.means = %(means)s)
    select id from behind where id <> %(device)s"""
_EXPLAINED = """
select d.id from ({scope}) scope join monitoring_device d on d.id = scope.id
where %(explains)s = '' or d.kind = any(string_to_array(%(explains)s, ','))
"""
_BEGIN = """
insert into monitoring_suppression (device_id, alarm_id, rule_id, silence, level_to, since)
select explained.id, %(alarm)s, %(rule)s, %(silence)s, %(level_to)s, %(since)s from ({explained}) explained
"""
_END = "delete from monitoring_suppression where alarm_id = any(%s)"


def causes_begin(alarms: Iterable[Alarm], kinds: dict[int, str], book: SuppressionBook) -> None:
    """Marks the devices that these new alarms explain; device kinds by device id."""
    found = list(alarms)
    if not found or not book.rules:
        return
    keys = dict(Series.objects.filter(pk__in={a.series_id for a in found}).values_list("pk", "key"))
    for alarm in found:
        if rules := book.rules_of(alarm.device_id, kinds[alarm.device_id], keys[alarm.series_id], alarm.kind):
            _begin(alarm, rules)


def _explained(rule: CauseRule, device_id: int) -> tuple[str, dict[str, Any]]:
    scope = _SCOPES.get(CauseRule.Scope(rule.scope), _BEHIND)
    told: dict[str, Any] = {
        "device": device_id,
        "means": rule.scope,
        "radius": rule.radius or 0,
        "explains": rule.explains,
    }
    return _EXPLAINED.format(scope=scope), told


def explained_by(rule: CauseRule, device_id: int) -> list[int]:
    """The devices whose alarms an alarm of this device explains by a rule, saved or not."""
    with connection.cursor() as cursor:
        cursor.execute(*_explained(rule, device_id))
        return [row[0] for row in cursor.fetchall()]


def _begin(alarm: Alarm, rules: Sequence[CauseRule]) -> None:
    marked = 0
    with connection.cursor() as cursor:
        for rule in rules:
            explained, told = _explained(rule, alarm.device_id)
            told |= {
                "alarm": alarm.pk, "rule": rule.pk, "silence": rule.silence, "level_to": rule.level_to,
                "since": alarm.arrived_at - timedelta(minutes=rule.within_minutes),
            }  # fmt: skip
            cursor.execute(_BEGIN.format(explained=explained), told)
            marked += cursor.rowcount
    if marked:
        publish(CauseBegun(alarm_id=alarm.pk))


def causes_end(alarm_ids: Iterable[int]) -> None:
    """Ends what these cleared alarms explained; what they hide is released by the news of it."""
    ids = sorted(alarm_ids)
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_END, [ids])
    publish_all(CauseEnded(alarm_id=alarm_id) for alarm_id in ids)


def is_cause(alarm_id: int) -> bool:
    return Suppression.objects.filter(alarm_id=alarm_id).exists()


def cover_visible(cover: Cover) -> bool:
    """Whether a cover's alarm is itself shown and active: a cause may be hidden under such a one only."""
    return cover.alarm_id is None or Alarm.objects.open().shown().filter(pk=cover.alarm_id).exists()


def covers_of(alarm_id: int) -> dict[int, Cover]:
    """Of one cause, by device id; of several rules that reach a device the one that hides more."""
    rows = Suppression.objects.filter(Q(alarm_id=alarm_id)).order_by("level_to", "silence")
    return {row.device_id: _cover(row) for row in rows}
