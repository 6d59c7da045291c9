"""The demo's cameras (18,000 at scale 1) behind the platforms of its sub-districts, and sightings that wait or were judged."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

from django.contrib.gis.geos import Point
from PIL import Image, ImageDraw, ImageFilter
from shapely import prepare
from shapely.geometry import Point as Spot
from shapely.geometry.base import BaseGeometry
from shapely.wkb import loads

from anlan.accounts.models import Area, User
from anlan.accounts.roles import Role
from anlan.kit.demo import DemoWorld
from anlan.monitoring.models import (
    Camera,
    CameraChange,
    Sighting,
    SightingClaim,
    SightingKind,
    SightingSource,
    VideoPlatform,
    VideoState,
)
from anlan.monitoring.video.kinds_load import kinds_load
from anlan.monitoring.video.pictures import Picture, picture_keep, picture_read
from anlan.monitoring.video_flow import SightingState
from anlan.registry.models import Enterprise, Facility, Place

FULL, SIGHTINGS = 18_000, 600
KINDS = {"3": "枪机", "1": "球机", "2": "半球", "4": "云台枪机"}
WEIGHTS = (58, 22, 16, 4)
SPOTS = ("大门", "路口", "停车场", "东侧", "西侧", "南侧", "北侧", "通道", "出入口", "仓库", "楼顶", "消防通道")
MAKERS = ("甲型", "乙型", "丙型")
CLAIMS = ("smoke", "fire", "blocked_exit", "no_helmet", "fire_lane", "ebike", "smoking", "waterlogging")
ALGORITHMS = ("烟火识别", "通道占用识别", "安全帽识别")
REASONS = ("反光", "水雾或蒸汽", "目标认错", "画面遮挡")
SIZE = (960, 540)


def video_demo(world: DemoWorld) -> None:
    kinds_load()
    rng = world.rng("monitoring/cameras")
    platforms = world.insert([_platform(area, number) for number, area in enumerate(_streets())])
    cameras = world.insert(list(_cameras(world, rng, platforms)))
    world.insert([change for camera in cameras for change in _changes(camera)])
    _sightings(world, rng, cameras)


def _streets() -> list[Area]:
    return list(Area.objects.filter(level=Area.Level.STREET, valid_to=None).order_by("code"))


def _code(area: Area, kind: str, number: int) -> str:
    """Centre of 8 digits, industry 00, kind of 3, network 0, number of 6; the sub-district stands in the number."""
    return f"{area.code[:6]}00" + "00" + kind + "0" + f"{number:06d}"


def _platform(area: Area, number: int) -> VideoPlatform:
    return VideoPlatform(
        code=_code(area, "200", number + 1),
        name=f"{area.name}视频平台",
        kind=VideoPlatform.Kind.PLATFORM,
        area=area,
        status=VideoState.NEVER,
    )


def _cameras(world: DemoWorld, rng: Random, platforms: list[VideoPlatform]) -> Iterator[Camera]:
    hosts = _hosts(rng)
    grounds = _grounds()
    of_path = {platform.area.path: platform for platform in platforms}
    since = datetime.combine(world.day, time(), UTC)
    for number in range(world.count(FULL, least=60)):
        host = hosts[number % len(hosts)]
        platform = of_path.get(".".join(host.area.path.split(".")[:2]) + ".")
        place = _near(rng, host, grounds[host.area_id])
        yield _camera(rng, host, platform, code=_code(host.area, "132", number + 1), place=place, since=since)


def _camera(
    rng: Random, host: Any, platform: VideoPlatform | None, *, code: str, place: Point, since: datetime
) -> Camera:
    kind, chance = rng.choices(list(KINDS), WEIGHTS)[0], rng.random()
    status = VideoState.ONLINE if chance < 0.94 else VideoState.OFFLINE if chance < 0.985 else VideoState.NEVER
    at = since - timedelta(minutes=rng.randrange(1, 40_000))
    return Camera(
        code=code,
        name=f"{host.name}{rng.choice(SPOTS)}{KINDS[kind]}"[:120],
        address=host.address,
        area_id=host.area_id,
        organisation_id=host.organisation_id,
        location=place,
        platform=platform,
        parent_code=platform.code if platform else "",
        kind=kind,
        ptz=kind in {"1", "4"},
        manufacturer=rng.choice(MAKERS),
        status=status,
        status_since=None if status == VideoState.NEVER else at,
        last_seen_at={VideoState.ONLINE: since, VideoState.OFFLINE: at}.get(status),
        enterprise=host if isinstance(host, Enterprise) else None,
    )


def _hosts(rng: Random) -> list[Any]:
    """Where cameras hang: every place and facility, and firms, mixed."""
    rows: list[Any] = []
    for model, most in ((Place, 4_000), (Facility, 4_000), (Enterprise, 8_000)):
        rows += model.objects.exclude(location=None).select_related("area").order_by("id")[:most]
    rng.shuffle(rows)
    return rows


def _grounds() -> dict[int, BaseGeometry]:
    grounds = {area.pk: loads(bytes(area.boundary.wkb)) for area in Area.objects.all() if area.boundary}
    for ground in grounds.values():
        prepare(ground)
    return grounds


def _near(rng: Random, host: Any, ground: BaseGeometry) -> Point:
    """Within some 40 m of its host, and inside the host's area."""
    for _try in range(4):
        x, y = host.location.x + rng.gauss(0, 0.0004), host.location.y + rng.gauss(0, 0.0004)
        if ground.contains(Spot(x, y)):
            return Point(round(x, 7), round(y, 7), srid=4490)
    return Point(host.location.x, host.location.y, srid=4490)


def _changes(camera: Camera) -> Iterator[CameraChange]:
    """When it last went offline, and that it was online before."""
    if camera.status == VideoState.OFFLINE and camera.status_since:
        reason = CameraChange.Reason.CATALOG
        before = camera.status_since - timedelta(days=3)
        yield CameraChange(camera=camera, at=before, status=VideoState.ONLINE, reason=reason)
        yield CameraChange(camera=camera, at=camera.status_since, status=VideoState.OFFLINE, reason=reason)


def _sightings(world: DemoWorld, rng: Random, cameras: list[Camera]) -> None:
    district = Area.objects.get(level=Area.Level.DISTRICT)
    officer = User.objects.filter(role=Role.DUTY_OFFICER).order_by("id").first()
    (source,) = world.insert([SightingSource(code="demo-box", name="区视频智能分析平台", area=district)])
    kinds = {kind.code: kind for kind in SightingKind.objects.filter(code__in=CLAIMS)}
    arrived = datetime.combine(world.day, time(1), UTC)
    pictures = {code: picture_read(_drawn(code)) for code in CLAIMS}
    for picture in pictures.values():
        picture_keep(picture, arrived)
    online = [camera for camera in cameras if camera.status == VideoState.ONLINE][:40]
    rows = []
    for number in range(world.count(SIGHTINGS, least=60)):
        code = CLAIMS[number % len(CLAIMS)]
        row = _sighting(rng, number, rng.choice(online), kinds[code], pictures[code], arrived)
        row.source = source
        if officer and number >= 24:
            _judge(rng, row, officer, arrived)
        rows.append(row)
    world.insert([_claim(row) for row in world.insert(rows)])


def _sighting(
    rng: Random, number: int, camera: Camera, kind: SightingKind, picture: Picture, arrived: datetime
) -> Sighting:
    at = arrived - timedelta(minutes=rng.randrange(1, 20 * 24 * 60))
    return Sighting(
        area_id=camera.area_id,
        organisation_id=camera.organisation_id,
        camera=camera,
        kind=kind,
        origin=Sighting.Origin.ALGORITHM,
        event_id=f"demo-{number}",
        algorithm=ALGORITHMS[number % len(ALGORITHMS)],
        version="演示",
        confidence=round(rng.uniform(0.55, 0.99), 2),
        box=[0.36, 0.3, 0.28, 0.42],
        at=at,
        last_at=at,
        arrived_at=arrived,
        picture=picture.sha256,
        picture_type=picture.suffix,
        location=camera.location,
    )


def _judge(rng: Random, row: Sighting, officer: User, at: datetime) -> None:
    true = rng.random() < 0.3 + 0.5 * (row.camera.pk % 7) / 7
    row.state = SightingState.CONFIRMED if true else SightingState.REJECTED
    row.becomes = row.kind.becomes if true else ""
    row.reason = "" if true else rng.choice(REASONS)
    row.decided_by, row.decided_at = officer, at


def _claim(row: Sighting) -> SightingClaim:
    return SightingClaim(
        sender="ai:demo-box", event_id=row.event_id, sighting=row, at=row.at, arrived_at=row.arrived_at
    )


def _drawn(code: str) -> bytes:
    """A plainly drawn scene, so that nobody takes it for a photograph."""
    image = Image.new("RGB", SIZE, (58, 66, 78))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 330, 960, 540), fill=(82, 86, 88))
    for left in range(0, 960, 160):
        pen.rectangle((left + 12, 90, left + 140, 330), fill=(112, 120, 130))
        pen.rectangle((left + 30, 120, left + 70, 170), fill=(180, 196, 206))
    colour = {"smoke": (196, 198, 200), "fire": (236, 108, 28), "waterlogging": (70, 112, 150)}.get(
        code, (206, 170, 60)
    )
    box = (360, 180, 590, 380)
    shape = pen.ellipse if code in {"smoke", "fire", "waterlogging"} else pen.rectangle
    shape(box, fill=colour)
    out = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(4)).save(out, "JPEG", quality=80)
    return out.getvalue()
