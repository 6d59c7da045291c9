"""A platform's catalogue of channels, as it arrives page by page, becomes cameras of the register."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import Point
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from anlan.accounts.acting import Actor
from anlan.accounts.audit import Action, audit_record
from anlan.accounts.models import Area
from anlan.monitoring.models import Camera, VideoPlatform
from anlan.monitoring.video.standing import Reason, cameras_stand
from anlan.protocols.manscdp import CAMERA_TYPES, is_code, place_of, type_of
from anlan.vocab.coordinates import gcj02_to_wgs84

MOST_CAMERAS = 100_000
"""Channels of one platform; what is beyond is counted and not taken."""
OFF = frozenset({"OFF", "OFFLINE", "VLOST", "DEFECT"})
STEERED = frozenset({Camera.Kind.DOME_PTZ, Camera.Kind.REMOTE})
RENEWED = ["platform", "parent_code", "kind", "ptz", "manufacturer", "model", "location", "listed"]
Item = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CatalogResult:
    """What became of each item: exactly one of these."""

    created: int = 0
    updated: int = 0
    other: int = 0
    refused: int = 0


@transaction.atomic
def catalog_store(*, platform_id: int, items: Iterable[Item], now: datetime) -> CatalogResult:
    """Adds cameras and their state. Names, areas and places that people have entered are kept.

    Items that are no cameras (groups, regions, alarm inputs) count as `other`; a camera of another platform is `refused`.
    """
    platform = VideoPlatform.objects.select_for_update(no_key=True).select_related("area").get(pk=platform_id)
    asked = {item["DeviceID"]: item for item in items if is_code(item.get("DeviceID", ""))}
    wanted = {code: item for code, item in asked.items() if type_of(code) in CAMERA_TYPES}
    known = {row.code: row for row in Camera.objects.filter(code__in=wanted).order_by("id")}
    foreign = {code for code, row in known.items() if row.platform_id not in {None, platform.pk}}
    made = _add(platform, [item for code, item in wanted.items() if code not in known])
    old = [row for code, row in known.items() if code not in foreign]
    for row in old:
        _renew(row, platform, wanted[row.code])
    Camera.objects.bulk_update(old, RENEWED)
    _stand([*made, *old], wanted, now)
    _audit(platform, len(made))
    lost = len(wanted) - len(made) - len(old)
    return CatalogResult(created=len(made), updated=len(old), other=len(asked) - len(wanted), refused=lost)


def _stand(rows: Iterable[Camera], items: Mapping[str, Item], now: datetime) -> None:
    states: dict[bool, list[int]] = {True: [], False: []}
    for row in rows:
        states[items[row.code].get("Status", "ON").upper() not in OFF].append(row.pk)
    for online, ids in states.items():
        cameras_stand(ids=sorted(ids), online=online, reason=Reason.CATALOG, now=now)


def _audit(platform: VideoPlatform, created: int) -> None:
    if created:
        by = Actor(name=f"GB/T 28181 {platform.code}")
        audit_record(
            action=Action.IMPORT, subject=Camera, fields={"created": created, "platform": platform.code}, by=by
        )


def _add(platform: VideoPlatform, items: list[Item]) -> list[Camera]:
    """New cameras, as far as there is room: in the smallest area that holds the place, else that of the civil code."""
    if not items:
        return []
    room = max(0, MOST_CAMERAS - Camera.objects.filter(platform=platform).count())
    inside = Area.objects.filter(path__startswith=platform.area.path, valid_to=None).exclude(level=Area.Level.GRID)
    areas = {area.code: area for area in inside.filter(code__in={item.get("CivilCode", "") for item in items})}
    made = Camera.objects.bulk_create([_camera(platform, item, areas) for item in items[:room]])
    holding = inside.filter(boundary__contains=OuterRef("location")).order_by("-path").values("pk")[:1]
    placed = Camera.objects.filter(pk__in=[row.pk for row in made]).exclude(location=None)
    placed.update(area=Coalesce(Subquery(holding), F("area")))
    return made


def _camera(platform: VideoPlatform, item: Item, areas: Mapping[str, Area]) -> Camera:
    row = Camera(
        code=item["DeviceID"],
        name=(item.get("Name") or item["DeviceID"])[:120],
        address=item.get("Address", "")[:200],
        area=areas.get(item.get("CivilCode", ""), platform.area),
        organisation_id=platform.organisation_id,
    )
    _renew(row, platform, item)
    return row


def _renew(row: Camera, platform: VideoPlatform, item: Item) -> None:
    kind = item.get("Info.PTZType") or item.get("PTZType") or ""
    row.platform, row.listed = platform, True
    row.parent_code = item.get("ParentID", "").rpartition("/")[2][:20]
    if kind in Camera.Kind.values:
        row.kind, row.ptz = kind, kind in STEERED
    row.manufacturer = item.get("Manufacturer", "")[:60] or row.manufacturer
    row.model = item.get("Model", "")[:60] or row.model
    row.location = row.location or point_of(item, platform.datum)


def point_of(item: Item, datum: str) -> Point | None:
    """Where it says that it is, in the register's datum."""
    place = place_of(item)
    if place is None:
        return None
    if datum == VideoPlatform.Datum.GCJ02:
        lon, lat = gcj02_to_wgs84(*place)
        place = float(lon), float(lat)
    return Point(*place, srid=4490)


def catalog_begin(*, platform_id: int, total: int, now: datetime) -> None:
    VideoPlatform.objects.filter(pk=platform_id).update(catalog_total=total, catalog_received=0, catalog_at=now)


@transaction.atomic
def catalog_page(*, platform_id: int, items: Iterable[Item], new: int, now: datetime) -> CatalogResult:
    """Stores pages of which so many items are new, and counts them. Who sends its catalogue is alive."""
    rows = VideoPlatform.objects.filter(pk=platform_id)
    rows.update(catalog_received=F("catalog_received") + new, last_seen_at=now)
    return catalog_store(platform_id=platform_id, items=items, now=now)


@transaction.atomic
def catalog_end(*, platform_id: int, codes: set[str], now: datetime) -> int:
    """After a whole catalogue: cameras that are no longer in it are offline and marked; returns how many."""
    rows = Camera.objects.filter(platform_id=platform_id, listed=True).values_list("pk", "code")
    gone = sorted(pk for pk, code in rows if code not in codes)
    cameras_stand(ids=gone, online=False, reason=Reason.UNLISTED, now=now)
    return Camera.objects.filter(pk__in=gone).update(listed=False)


@transaction.atomic
def catalog_notice(*, platform_id: int, items: Iterable[Item], now: datetime) -> CatalogResult:
    """News of a catalogue that we subscribed to: channels come, go, change, or are lost."""
    events: dict[str, list[Item]] = {}
    for item in items:
        events.setdefault((item.get("Event") or "ON").upper(), []).append(item)
    told = [item for name in ("ADD", "UPDATE") for item in events.get(name, [])]
    result = catalog_store(platform_id=platform_id, items=told, now=now) if told else CatalogResult()
    for name in ("ON", "OFF", "VLOST", "DEFECT", "DEL"):
        codes = [item.get("DeviceID", "") for item in events.get(name, [])]
        ids = _ids(platform_id, codes)
        cameras_stand(ids=ids, online=name == "ON", reason=Reason.NOTICE, now=now)
        if name == "DEL":
            Camera.objects.filter(pk__in=ids).update(listed=False)
    return result


def _ids(platform_id: int, codes: list[str]) -> list[int]:
    rows: Any = Camera.objects.filter(platform_id=platform_id, code__in=codes)
    return sorted(rows.values_list("pk", flat=True))


@transaction.atomic
def position_store(*, platform_id: int, code: str, fields: Item) -> bool:
    """A camera that moves is where it says; False where the platform has no such camera or tells no place."""
    platform = VideoPlatform.objects.get(pk=platform_id)
    location = point_of(fields, platform.datum)
    rows = Camera.objects.filter(platform=platform, code=code)
    return bool(location is not None and rows.update(location=location))
