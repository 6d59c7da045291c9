"""Devices of which somebody who knows says that they are gone."""

from collections.abc import Sequence

from django.db import connection, transaction

from anlan.monitoring.devices import device_show
from anlan.monitoring.models import Device
from anlan.monitoring.resolve import devices_by_id

_GONE = """
update monitoring_device set status = %s where id in (
    select id from monitoring_device where protocol = %s and code = any(%s) and status = %s
    order by id for no key update)
returning id
"""


@transaction.atomic
def devices_offline(*, protocol: str, codes: Sequence[str]) -> list[int]:
    """Marks online devices as silent and tells open pages; the ids of those that were online."""
    words: list[str | list[str]] = [Device.Status.SILENT.value, protocol, list(codes), Device.Status.ONLINE.value]
    with connection.cursor() as cursor:
        cursor.execute(_GONE, words)
        gone = sorted(device_id for (device_id,) in cursor.fetchall())
    for device in devices_by_id(gone).values():
        device_show(device, level=device.level, status=Device.Status.SILENT)
    return gone
