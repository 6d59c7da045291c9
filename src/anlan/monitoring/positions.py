"""Moving devices: the newest fix of each is where it is drawn, late ones do not move it back."""

import math
import time as clock
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from anlan.monitoring.devices import device_show
from anlan.monitoring.models import Device
from anlan.monitoring.resolve import KnownDevice
from anlan.protocols import Frame

AHEAD = 300_000
"""A fix further in the future than this (ms) is a wrong clock and moves nobody."""

_SAVE = """
insert into monitoring_position as p (device_id, time, heard, speed, direction)
select * from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::float8[], %s::float8[])
on conflict (device_id) do update set
    time = excluded.time, heard = greatest(p.heard, excluded.heard), speed = excluded.speed, direction = excluded.direction
    where excluded.time > p.time
returning device_id
"""
_HEARD = """
update monitoring_position p set heard = w.heard from unnest(%s::bigint[], %s::bigint[]) w(id, heard)
where p.device_id = w.id and w.heard > p.heard
"""
_MOVE = """
with here as (
    select d.id, w.lon, w.lat from monitoring_device d
    join unnest(%s::bigint[], %s::float8[], %s::float8[]) w(id, lon, lat) on w.id = d.id
    order by d.id for no key update of d skip locked)
update monitoring_device d set location = st_setsrid(st_makepoint(here.lon, here.lat), 4490)
from here where d.id = here.id returning d.id, d.level, d.status
"""
TRIES, PAUSE = 15, 0.02
"""How often it is tried to move a device that somebody holds, and the seconds between; after that its next fix moves it."""


class Fix(NamedTuple):
    """Where a device was at `time` (epoch ms), WGS-84, which is EPSG:4490 to within a metre."""

    time: int
    lon: float
    lat: float
    speed: float | None
    direction: float | None


def positions_note(told: Iterable[tuple[KnownDevice, Frame]], now: int) -> None:
    """Moves the vehicles that a batch speaks of; inside the batch's transaction, after its devices are locked."""
    fixes: dict[int, Fix] = {}
    heard: dict[int, int] = {}
    known: dict[int, KnownDevice] = {}
    for device, frame in told:
        if device.kind != Device.Kind.VEHICLE or not frame.readings:
            continue
        known[device.id] = device
        newest, fix = _read(frame, now + AHEAD)
        heard[device.id] = max(newest, heard.get(device.id, 0))
        if fix and fix.time > fixes.get(device.id, fix._replace(time=-1)).time:
            fixes[device.id] = fix
    if heard:
        _save(known, fixes, heard)


def _read(frame: Frame, latest: int) -> tuple[int, Fix | None]:
    """The moment of the newest report and the newest fix, neither beyond `latest`."""
    said: dict[int, dict[str, float]] = {}
    for reading in frame.readings:
        if reading.series in {"lon", "lat", "speed", "direction"} and reading.time <= latest:
            said.setdefault(reading.time, {})[reading.series] = reading.value
    for time in sorted(said, reverse=True):
        lon, lat = said[time].get("lon", math.nan), said[time].get("lat", math.nan)
        if abs(lon) <= 180 and abs(lat) <= 90:
            return max(said), Fix(time, lon, lat, said[time].get("speed"), said[time].get("direction"))
    return max(said, default=0), None


def _save(known: dict[int, KnownDevice], fixes: dict[int, Fix], heard: dict[int, int]) -> None:
    ids, hearing = sorted(fixes), sorted(heard)
    columns = [[getattr(fixes[i], name) for i in ids] for name in ("speed", "direction")]
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [ids, [fixes[i].time for i in ids], [heard[i] for i in ids], *columns])
        moved = sorted(device_id for (device_id,) in cursor.fetchall())
        cursor.execute(_HEARD, [hearing, [heard[i] for i in hearing]])
    for device_id, level, status in _moved(moved, fixes):
        there = known[device_id]._replace(lon=fixes[device_id].lon, lat=fixes[device_id].lat)
        device_show(there, level=level, status=status)


def _moved(ids: list[int], fixes: dict[int, Fix]) -> list[tuple[int, int, str]]:
    """(Device, level, status) of those that could be moved: what pages show is written beside, and holds some for a moment."""
    done: dict[int, tuple[int, int, str]] = {}
    for attempt in range(TRIES):
        rest = [device_id for device_id in ids if device_id not in done]
        if not rest:
            break
        clock.sleep(PAUSE if attempt else 0)
        with connection.cursor() as cursor:
            cursor.execute(_MOVE, [rest, [fixes[i].lon for i in rest], [fixes[i].lat for i in rest]])
            done.update({row[0]: row for row in cursor.fetchall()})
    return list(done.values())
