"""What a batch says of its devices: that they are alive, how they stand, and their last frames."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from anlan.kit.live import live_publish
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.models import Device
from anlan.monitoring.moments import moment
from anlan.monitoring.resolve import KnownDevice
from anlan.protocols import Frame

KEPT_FRAMES = 20
BETWEEN = 1000
"""A device's frames are kept at most once in so many ms."""
FRESH = 2000
"""`last_seen_at` is written again when it is older than this (ms)."""

_LOCK = "select id from monitoring_device where id = any(%s) order by id for no key update"
_LEVEL = """
update monitoring_device d set level = w.level
from (select device_id, max(level) level from monitoring_series where device_id = any(%s) group by device_id) w
where d.id = w.device_id returning d.id, d.level
"""
_SEEN = """
update monitoring_device set status = %s, last_seen_at = greatest(last_seen_at, %s) where id = any(%s)
"""
_KEEP = """
insert into monitoring_deviceframe (device_id, received_at, source, function, raw, decoded)
select w.device_id, %s, w.source, w.function, w.raw, w.decoded::jsonb
from unnest(%s::bigint[], %s::text[], %s::text[], %s::bytea[], %s::text[]) w(device_id, source, function, raw, decoded)
"""
_TRIM = """
delete from monitoring_deviceframe f using (
    select id, row_number() over (partition by device_id order by id desc) place
    from monitoring_deviceframe where device_id = any(%s)) old
where f.id = old.id and old.place > %s
"""

_kept_at: dict[int, int] = {}


def devices_stand(seen: Iterable[KnownDevice], changed: set[int], now: int) -> None:
    """Marks devices as online at `now`; those in `changed` get the highest level of all their series again."""
    due = [device for device in seen if device.id in changed or _stale(device, now)]
    ids = sorted(device.id for device in due)
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [ids])
        cursor.execute(_SEEN, [Device.Status.ONLINE, moment(now), ids])
        levels = _levels(changed)
    for device in due:
        level = levels.get(device.id, device.level)
        if (level, Device.Status.ONLINE) != (device.level, device.status):
            device_show(device, level=level, status=Device.Status.ONLINE)


def devices_level(devices: Iterable[KnownDevice]) -> None:
    """Gives devices the highest level of all their series, without taking them for alive."""
    known = {device.id: device for device in devices}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [sorted(known)])
    for device_id, level in _levels(set(known)).items():
        if level != known[device_id].level:
            device_show(known[device_id], level=level, status=known[device_id].status)


def _levels(device_ids: set[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_LEVEL, [sorted(device_ids)])
        return dict(cursor.fetchall())


def _stale(device: KnownDevice, now: int) -> bool:
    seen = device.last_seen_at
    return device.status != Device.Status.ONLINE or seen is None or now - seen.timestamp() * 1000 > FRESH


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


def frames_keep(frames: Sequence[tuple[int, Arrival]], now: int) -> None:
    """Keeps the last frames of devices, (device id, arrival) in order of arrival."""
    rows: dict[int, tuple[int, str, str, bytes, str]] = {}
    for device_id, arrival in frames:
        if isinstance(arrival.event, Frame) and now - _kept_at.get(device_id, 0) >= BETWEEN:
            frame = arrival.event
            function = frame.function.replace("\0", "")[:40]
            rows[device_id] = (device_id, arrival.source, function, frame.raw, decoded(frame))
    if not rows:
        return
    _kept_at.update(dict.fromkeys(rows, now))
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [moment(now), *map(list, zip(*rows.values(), strict=True))])
        cursor.execute(_TRIM, [list(rows), KEPT_FRAMES])


def decoded(frame: Frame) -> str:
    """What a frame says, as JSON that the database takes: no NaN, no NUL."""
    readings = [
        {"series": r.series, "time": r.time, "value": None if r.missing else r.value, "unit": r.unit}
        for r in frame.readings[:200]
    ]
    body = {"readings": readings, "fields": _plain(frame.fields), "deviations": list(frame.deviations)}
    return json.dumps(body, ensure_ascii=False, default=str).replace("\\u0000", "")


def _plain(value: Any) -> Any:
    """The same without numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if not isinstance(value, float) or value - value == 0 else None
