"""Whether cameras and platforms are online, and when and why that changed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from anlan.kit.law import law_value
from anlan.kit.live import live_publish
from anlan.monitoring.models import CameraChange, VideoPlatform, VideoState

Reason = CameraChange.Reason

_CHANGE = """
with moved as (
    update monitoring_camera c set status = %(status)s, status_since = %(now)s,
        last_seen_at = case when %(status)s = 'online' then %(now)s else c.last_seen_at end
    from (select id from monitoring_camera where {which} and status <> %(status)s and (status <> 'never' or %(status)s = 'online')
          order by id for no key update) due
    where c.id = due.id returning c.id)
insert into monitoring_camerachange (camera_id, at, status, reason)
select id, %(now)s, %(status)s, %(reason)s from moved returning camera_id
"""
_SEEN = "update monitoring_camera set last_seen_at = %s where id = any(%s) and status = 'online'"


def cameras_stand(*, ids: Sequence[int], online: bool, reason: str, now: datetime) -> int:
    """Sets the state of these cameras, with a line in the history of each that changed; returns how many did.

    A camera that was never online does not become offline.
    """
    if not ids:
        return 0
    with connection.cursor() as cursor:
        changed = _change(cursor, "id = any(%(ids)s)", online=online, reason=reason, now=now, ids=list(ids))
        if online:
            cursor.execute(_SEEN, [now, list(ids)])
    return changed


def platform_cameras_leave(*, platform_id: int, reason: str, now: datetime) -> int:
    """Every camera behind a platform goes offline."""
    with connection.cursor() as cursor:
        which = "platform_id = %(platform)s"
        return _change(cursor, which, online=False, reason=reason, now=now, platform=platform_id)


def _change(cursor: object, which: str, *, online: bool, reason: str, now: datetime, **more: object) -> int:
    status = VideoState.ONLINE if online else VideoState.OFFLINE
    cursor.execute(_CHANGE.format(which=which), {"status": status, "reason": reason, "now": now, **more})  # type: ignore[attr-defined]
    count = len(cursor.fetchall())  # type: ignore[attr-defined]
    if count:
        live_publish("camera", reload=True)
    return count


@transaction.atomic
def platforms_sweep(*, now: datetime) -> int:
    """Takes for offline what missed its heartbeats or let its registration end; returns how many platforms."""
    rule = law_value("gb28181_keepalive")
    silent = now - timedelta(seconds=rule["seconds"] * rule["misses"])
    rows = VideoPlatform.objects.select_for_update(skip_locked=True).filter(status=VideoState.ONLINE)
    gone = 0
    for row in rows.order_by("id"):
        expired = row.registered_until is not None and row.registered_until <= now
        if not expired and row.last_seen_at is not None and row.last_seen_at > silent:
            continue
        VideoPlatform.objects.filter(pk=row.pk).update(status=VideoState.OFFLINE)
        reason = Reason.EXPIRED if expired else Reason.SILENT
        platform_cameras_leave(platform_id=row.pk, reason=reason, now=now)
        gone += 1
    return gone
