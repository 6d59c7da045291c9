"""What a batch says of its devices: that they are alive, how they stand, and their last frames."""

import json
from typing import Any

from django.db import connection
from psycopg import Cursor

from anlan.kit.live import live_publish
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.evidence import kept_raw, masked
from anlan.monitoring.journal import levels
from anlan.monitoring.memory import Memory, Places
from anlan.monitoring.models import Device
from anlan.monitoring.moments import moment
from anlan.monitoring.resolve import KnownDevice, devices_by_id
from anlan.protocols import Frame

KEPT_FRAMES = 20

_LOCK = "select id from monitoring_device where id = any(%s) order by id for no key update"
_SERIES_LEVEL = """
update monitoring_series s set level = w.level from unnest(%s::bigint[], %s::int[]) w(id, level) where s.id = w.id
"""
_LEVEL = """
update monitoring_device d set level = w.level
from (select device_id, max(level) level from monitoring_series where device_id = any(%s) group by device_id) w
where d.id = w.device_id returning d.id, d.level
"""
_SEEN = """
with heard as (
    select d.id, d.status, w.at from monitoring_device d
    join unnest(%s::bigint[], %s::timestamptz[]) w(id, at) on w.id = d.id
    order by d.id for no key update of d skip locked)
update monitoring_device d set status = %s, last_seen_at = greatest(last_seen_at, heard.at)
from heard where d.id = heard.id returning d.id, heard.status
"""
_KEEP = """
insert into monitoring_deviceframe (device_id, received_at, source, function, raw, decoded)
select id, %b, %b, %b, %b, %t::jsonb from monitoring_device where id = %b
"""
_TRIM = """
delete from monitoring_deviceframe f using (
    select id, row_number() over (partition by device_id order by id desc) place
    from monitoring_deviceframe where device_id = any(%s)) old
where f.id = old.id and old.place > %s
"""


def levels_save(memory: Memory, places: Places, devices: dict[int, KnownDevice]) -> None:
    """Gives these series their level, and their devices the highest of all their series, without taking them for alive."""
    with connection.cursor() as cursor:
        cursor.execute(_SERIES_LEVEL, [memory.ids[places].tolist(), levels(memory, places).tolist()])
        cursor.execute(_LOCK, [sorted(devices)])
        cursor.execute(_LEVEL, [sorted(devices)])
        found = dict(cursor.fetchall())
    for device_id, level in found.items():
        if level != devices[device_id].level:
            device_show(devices[device_id], level=level, status=devices[device_id].status)


def devices_seen(seen: dict[int, int]) -> None:
    """Marks devices as online that were heard at these moments (ms), by id."""
    if not seen:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, [list(seen), [moment(at) for at in seen.values()], Device.Status.ONLINE])
        woken = [device_id for device_id, before in cursor.fetchall() if before != Device.Status.ONLINE]
    for device in devices_by_id(woken).values() if woken else ():
        device_show(device, level=device.level, status=device.status)


def device_show(device: KnownDevice, *, level: int, status: str) -> None:
    """Tells open pages how a device stands."""
    live_publish(
        "device",
        area_path=device.area_path,
        id=device.id,
        name=device.name,
        kind=device.kind,
        level=level,
        status=status,
        lon=device.lon,
        lat=device.lat,
    )


def frames_keep(frames: dict[int, Arrival], now: int) -> None:
    """Keeps a frame of each of these devices, by id, among its last ones."""
    rows = [
        (moment(now), arrival.source, frame.function.replace("\0", "")[:40], *_kept(frame), device_id)
        for device_id, arrival in frames.items()
        if isinstance(frame := arrival.event, Frame)
    ]
    if not rows:
        return
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.executemany(_KEEP, rows)
        cursor.execute(_TRIM, [list(frames), KEPT_FRAMES])


def _kept(frame: Frame) -> tuple[bytes, str]:
    return kept_raw(frame.raw, frame.protocol), decoded(frame)


def decoded(frame: Frame) -> str:
    """What a frame says, as JSON that the database takes: no NaN, no NUL, no secret."""
    readings = [
        {"series": r.series, "time": r.time, "value": None if r.missing else r.value, "unit": r.unit}
        for r in frame.readings[:200]
    ]
    body = {"readings": readings, "fields": _plain(masked(frame.fields)), "deviations": list(frame.deviations)}
    return json.dumps(body, ensure_ascii=False, default=str).replace("\\u0000", "")


def _plain(value: Any) -> Any:
    """The same without numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if not isinstance(value, float) or value - value == 0 else None
