"""The last pictures of devices, kept in the transaction that acknowledges them."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Length

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.models import Device, DevicePicture
from anlan.monitoring.moments import moment
from anlan.protocols import Frame

KEPT = 12
"""Pictures of one device."""
LARGEST = 4 << 20

_KEEP = """
insert into monitoring_devicepicture as p (device_id, taken_at, received_at, media, data)
values (%s, %s, %s, %s, %s)
on conflict (device_id, taken_at) do update set received_at = excluded.received_at, media = excluded.media, data = excluded.data
"""
_TRIM = """
delete from monitoring_devicepicture where id in (
    select id from monitoring_devicepicture where device_id = %s order by taken_at desc, id desc offset %s)
"""


def pictures_keep(frames: Iterable[tuple[int, Arrival]], now: int) -> None:
    """Keeps the pictures among frames of (device id, arrival); one that comes twice is kept once."""
    for device_id, arrival in frames:
        frame = arrival.event
        if not isinstance(frame, Frame) or frame.picture is None or len(frame.picture.data) > LARGEST:
            continue
        picture = frame.picture
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [device_id, moment(picture.time), moment(now), picture.media, picture.data])
            cursor.execute(_TRIM, [device_id, KEPT])


def device_pictures(user: Any, device: Device) -> QuerySet[DevicePicture]:
    """Without their bytes; `size` is how many those are."""
    rows = DevicePicture.objects.visible_to(user).filter(device=device)
    return rows.defer("data").annotate(size=Length("data")).order_by("-taken_at")
