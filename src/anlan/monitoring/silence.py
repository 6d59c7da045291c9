"""Silence is a fault too: series without data for too long raise an alarm, devices not heard of count as silent."""

import json
from datetime import datetime

import numpy as np
from django.db import connection, transaction

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring.alarms import AlarmNews, transitions_read, transitions_write
from anlan.monitoring.devices import device_show, devices_level
from anlan.monitoring.models import Alarm, Device
from anlan.monitoring.moments import moment
from anlan.monitoring.resolve import devices_by_id, series_lock_by_id, series_save
from anlan.monitoring.rulebook import rulebook
from anlan.rules import sweep

MOST = 2000
"""Rows taken in one transaction; the next sweep takes the rest."""

_OVERDUE = """
select s.id from monitoring_series s
join monitoring_device d on d.id = s.device_id
join accounts_area home on home.id = d.area_id
cross join lateral (
    select no_data_minutes from monitoring_thresholdrule rule
    left join accounts_area area on area.id = rule.area_id
    where active and key in (s.key, regexp_replace(s.key, '^.*:|^', '*:'))
      and (rule.device_id = d.id or device_kind = d.kind and (rule.area_id is null or starts_with(home.path, area.path)))
    order by rule.device_id nulls last, length(area.path) desc nulls last, key = s.key desc limit 1) r
where r.no_data_minutes > 0 and s.last_time is not null
  and greatest(s.last_time, %s) <= %s - r.no_data_minutes * 60000::bigint
  and not exists (
    select 1 from monitoring_alarm a where a.series_id = s.id and a.kind = %s and a.cleared_at is null)
order by s.id limit %s
"""
_SILENT = """
update monitoring_device set status = %s where id in (
    select id from monitoring_device
    where status = %s and life <> 'retired'
      and greatest(last_seen_at, %s) < %s::timestamptz - coalesce(silent_minutes, (%s::jsonb ->> kind)::int) * interval '1 minute'
    order by id limit %s for no key update skip locked)
returning id
"""


def silence_sweep(*, now: int, since: int = 0) -> AlarmNews:
    """Raises what has been silent for too long at `now` (ms) and marks devices as silent; safe with many sweepers.

    No silence counts from before `since`, the moment from which somebody has listened: it may be our own.
    """
    with transaction.atomic():
        devices_silence(at=moment(now), since=moment(since))
    with transaction.atomic():
        return _no_data(now, since)


def _no_data(now: int, since: int) -> AlarmNews:
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, [since, now, Alarm.Kind.NO_DATA, MOST])
        overdue = [series_id for (series_id,) in cursor.fetchall()]
    if not overdue:
        return AlarmNews()
    locked, book = series_lock_by_id(overdue), rulebook()
    rows = [book.row(*one) for one in zip(locked.device_ids, locked.kinds, locked.keys, strict=True)]
    locked.state.since[:] = np.maximum(locked.state.since, since)
    found = sweep(book.table_of(np.array(rows, np.int64)), locked.state, now)
    devices = devices_by_id(locked.device_ids)
    series_save(locked, np.unique(found["series"]))
    devices_level(devices.values())
    return transitions_write(transitions_read(found, locked, devices), now)


def devices_silence(*, at: datetime, since: datetime) -> list[int]:
    """Marks online devices as silent that were not heard for their own time, or that of their kind; their ids."""
    try:
        minutes = law_value("device_silent_minutes", at=at)
    except NoSuchRule:
        minutes = {}
    with connection.cursor() as cursor:
        words: list[str | int | datetime] = [
            Device.Status.SILENT,
            Device.Status.ONLINE,
            since,
            at,
            json.dumps(minutes),
            MOST,
        ]
        cursor.execute(_SILENT, words)
        ids = [device_id for (device_id,) in cursor.fetchall()]
    for device in devices_by_id(ids).values():
        device_show(device, level=device.level, status=device.status)
    return ids
