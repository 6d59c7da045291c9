"""Live news of alarms to the pages that are open."""

from collections.abc import Iterable
from typing import Any

from anlan.kit.live import live_publish_all
from anlan.monitoring.models import Alarm
from anlan.monitoring.resolve import KnownDevice


def alarm_show(alarm: Alarm, device: KnownDevice) -> None:
    """Tells open pages what an alarm is now; one that was cleared or hidden leaves the map."""
    alarms_show([(alarm, device)])


def alarms_show(pairs: Iterable[tuple[Alarm, KnownDevice]]) -> None:
    """The same of many alarms, each with its device, in one statement."""
    live_publish_all("alarm", [(device.area_path, _words(alarm, device)) for alarm, device in pairs])


def _words(alarm: Alarm, device: KnownDevice) -> dict[str, Any]:
    return {
        "id": alarm.pk,
        "device": device.id,
        "name": device.name,
        "level": alarm.level,
        "kind": alarm.kind,
        "state": str(alarm.state),
        "lon": device.lon,
        "lat": device.lat,
        "raised_at": alarm.raised_at.isoformat(),
        "gone": alarm.cleared_at is not None or alarm.is_hidden,
        "waiting": alarm.is_waiting,
    }
