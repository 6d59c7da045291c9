"""Renews where the bureau does not see: sensors that tell nothing to be trusted, and ground that none covers."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Area
from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring.blind_data import Finding, findings
from anlan.monitoring.life.flow import Stage
from anlan.monitoring.models import Alarm, BlindArea, BlindSpot, Device, Series
from anlan.monitoring.moments import moment
from anlan.monitoring.wording import say, series_title

Kind = BlindSpot.Kind
OF_ALARM = {Alarm.Kind.FLAT: Kind.FLAT, Alarm.Kind.DRIFT: Kind.DRIFT}
NAMED = 3
CHANGING = ("name", "address", "location", "area_id", "organisation_id", "since", "detail", "device_id")

_AREAS = """
insert into monitoring_blindarea
    (area_id, organisation_id, kind, name, boundary, radius, working, uncovered, uncovered_km2, computed_at)
select a.id, null, %(kind)s, a.name || ' · ' || %(title)s, bare.shape, %(radius)s, bare.working,
       round((100 * st_area(bare.shape::geography) / st_area(a.boundary::geography))::numeric, 2),
       round((st_area(bare.shape::geography) / 1e6)::numeric, 3), %(now)s
from accounts_area a cross join lateral (
    select st_multi(st_collectionextract(
               case when count(near.shape) = 0 then a.boundary else st_difference(a.boundary, st_union(near.shape)) end,
           3)) shape, count(near.shape) working
    from (
        select st_setsrid(st_buffer(d.location::geography, %(radius)s)::geometry, 4490) shape
        from monitoring_device d
        where d.kind = %(kind)s and d.status = 'online' and d.life <> 'retired' and d.location is not null
          and st_dwithin(d.location::geography, a.boundary::geography, %(radius)s)
          and not exists (select 1 from monitoring_blindspot b where b.device_id = d.id)) near) bare
where a.level = %(level)s and a.boundary is not null and a.valid_to is null
  and not st_isempty(bare.shape) and st_area(bare.shape::geography) > %(least)s * st_area(a.boundary::geography)
"""
LEAST = 0.005
"""Slivers under half a per cent of an area are not drawn."""


def blind_renew(*, now: datetime | None = None) -> tuple[int, int]:
    """Finds all of it again; gives how many spots and areas there are. Safe to repeat."""
    at = now or timezone.now()
    return spots_renew(at), areas_renew(at)


@transaction.atomic
def spots_renew(now: datetime) -> int:
    found = {(spot.kind, spot.thing): spot for spot in _spots(now)}
    gone = [spot.pk for spot in BlindSpot.objects.all() if (spot.kind, spot.thing) not in found]
    BlindSpot.objects.filter(pk__in=gone).delete()
    BlindSpot.objects.bulk_create(
        found.values(), update_conflicts=True, unique_fields=["kind", "thing"], update_fields=CHANGING, batch_size=1000
    )
    return len(found)


def _spots(now: datetime) -> Iterator[BlindSpot]:
    for device in Device.objects.filter(status=Device.Status.SILENT).exclude(life=Stage.RETIRED):
        yield _spot(Kind.SILENT, device, since=device.last_seen_at, detail=say(_("超过失联时限没有任何报文")))
    yield from _invalid(now)
    yield from _of_data(now)
    alarms = Alarm.objects.open().filter(kind__in=OF_ALARM).select_related("device", "series")
    for alarm in alarms.order_by("-raised_at"):
        title = series_title(alarm.series, alarm.device.protocol)
        why = say(_("%(name)s 有未解除的报警"), name=title)
        yield _spot(OF_ALARM[Alarm.Kind(alarm.kind)], alarm.device, since=alarm.raised_at, detail=why)
    yield from _cameras()


def _of_data(now: datetime) -> Iterator[BlindSpot]:
    """What stored readings tell: one spot a device and kind, with the first reason and how many more there are."""
    of_device: dict[tuple[str, int], list[Finding]] = {}
    for found in findings(now=round(now.timestamp() * 1000)):
        of_device.setdefault((found.kind, found.series.device_id), []).append(found)
    for (kind, _device), rows in of_device.items():
        first, more = rows[0], len(rows) - 1
        why = say(_("%(why)s;另有 %(more)d 个指标"), why=first.why, more=more) if more else first.why
        since = None if first.since is None else moment(first.since)
        yield _spot(kind, first.series.device, since=since, detail=why)


def _invalid(now: datetime) -> Iterator[BlindSpot]:
    """Devices that speak while some of their series have had no valid reading for long, or never one."""
    before = int((now - timedelta(hours=_hours())).timestamp() * 1000)
    mute = Series.objects.filter(Q(last_time=None) | Q(last_time__lt=before), device__status=Device.Status.ONLINE)
    mute = mute.exclude(device__life=Stage.RETIRED)
    of_device: dict[int, list[Series]] = {}
    for series in mute.select_related("device").order_by("device_id", F("last_time").asc(nulls_last=True), "key"):
        of_device.setdefault(series.device_id, []).append(series)
    for found in of_device.values():
        last = found[0].last_time
        why = say(_("%(names)s 没有有效读数"), names=_names(found))
        yield _spot(Kind.INVALID, found[0].device, since=None if last is None else moment(last), detail=why)


def _names(found: list[Series]) -> str:
    names = "、".join(series_title(one, one.device.protocol) for one in found[:NAMED])
    return say(_("%(names)s等 %(count)d 个指标"), names=names, count=len(found)) if len(found) > NAMED else names


def _hours() -> float:
    try:
        return float(law_value("blind_invalid_hours"))
    except (NoSuchRule, TypeError, ValueError):
        return 24.0


def _cameras() -> Iterator[BlindSpot]:
    """Offline cameras, where the video part is there."""
    camera: Any = apps.all_models["monitoring"].get("camera")
    if camera is None:
        return
    for row in camera.objects.filter(status="offline", listed=True):
        yield BlindSpot(
            kind=Kind.CAMERA, thing=f"camera:{row.pk}", name=row.name, address=row.address, location=row.location,
            area_id=row.area_id, organisation_id=row.organisation_id, since=getattr(row, "status_since", None),
        )  # fmt: skip


def _spot(kind: str, device: Device, *, since: datetime | None, detail: str = "") -> BlindSpot:
    return BlindSpot(
        kind=kind, thing=f"device:{device.pk}", device=device, name=device.name, address=device.address,
        location=device.location, area_id=device.area_id, organisation_id=device.organisation_id, since=since,
        detail=detail[:200],
    )  # fmt: skip


@transaction.atomic
def areas_renew(now: datetime) -> int:
    """What is left of each sub-district (of the district where there are none) beside the circles of working sensors.

    Only kinds of which there is a device at all: ground without any sensor of a kind that nobody has is no blind spot.
    """
    BlindArea.objects.all().delete()
    level = "street" if _has_streets() else "district"
    for kind, radius in _radii():
        told: dict[str, str | int | float | datetime] = {
            "kind": kind, "title": say(Device.Kind(kind).label), "radius": radius, "now": now, "level": level,
            "least": LEAST,
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_AREAS, told)
    return BlindArea.objects.count()


def _has_streets() -> bool:
    return Area.objects.filter(level="street", boundary__isnull=False, valid_to=None).exists()


def _radii() -> Iterable[tuple[str, int]]:
    try:
        declared: dict[str, Any] = law_value("sensor_cover_radius")
    except NoSuchRule:
        return []
    known = set(Device.objects.order_by().values_list("kind", flat=True).distinct()) & set(Device.Kind.values)
    return [(kind, int(radius)) for kind, radius in declared.items() if kind in known and int(radius) > 0]
