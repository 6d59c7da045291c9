"""Live news of an alarm to the pages that are open."""

from anlan.kit.live import live_publish
from anlan.monitoring.models import Alarm
from anlan.monitoring.resolve import KnownDevice


def alarm_show(alarm: Alarm, device: KnownDevice) -> None:
    """Tells open pages what an alarm is now; one that was cleared or hidden leaves the map."""
    live_publish(
        "alarm",
        area_path=device.area_path,
        id=alarm.pk,
        device=device.id,
        name=device.name,
        level=alarm.level,
        kind=alarm.kind,
        state=str(alarm.state),
        lon=device.lon,
        lat=device.lat,
        raised_at=alarm.raised_at.isoformat(),
        gone=alarm.cleared_at is not None or alarm.is_hidden,
    )
