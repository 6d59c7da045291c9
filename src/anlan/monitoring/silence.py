"""Silence is a fault too: series without data for too long raise an alarm, devices not heard of count as silent."""

import json
from datetime import datetime

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring.alarms import AlarmNews
from anlan.monitoring.devices import device_show
from anlan.monitoring.ingest import alarms_write
from anlan.monitoring.journal import entry_write
from anlan.monitoring.judging import judging
from anlan.monitoring.memory import Memory
from anlan.monitoring.models import Device
from anlan.monitoring.moments import moment
from anlan.monitoring.resolve import devices_by_id
from anlan.rules import NEVER, TRANSITION, sweep

MOST = 2000
"""Rows taken in one transaction; the next sweep takes the rest."""

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
    with judging() as memory:
        return alarms_write(memory, _no_data(memory, now, since), now)


def _no_data(memory: Memory, now: int, since: int) -> NDArray[np.void]:
    """At most so many series at once; they stand in the journal, since no reading tells of them."""
    places = _due(memory, now, since)[:MOST]
    if not len(places):
        return np.zeros(0, TRANSITION)
    memory.touch(places)
    part = memory.state.rows(places)
    part.since[:] = np.maximum(part.since, since)
    found = sweep(memory.table.take(places), part, now)
    if len(found):
        memory.state.set_rows(places, part)
        entry_write(memory, places, state=True)
        found["series"] = places[found["series"]]
    return found


def _due(memory: Memory, now: int, since: int) -> NDArray[np.int64]:
    """Places of series that have been silent for too long, or whose sums may have fallen."""
    state, allowed = memory.state, memory.table["no_data_after"]
    heard = np.where(state.last_time == NEVER, NEVER, np.maximum(state.last_time, since))
    silent = (allowed > 0) & (state.no_data_level == 0) & (heard != NEVER) & (heard <= now - allowed)
    return np.concatenate([np.flatnonzero(silent), np.flatnonzero((state.accumulation_level > 0) & ~silent)])


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
