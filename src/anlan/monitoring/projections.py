"""What pages show of the newest readings: written at most once a second, after the batches that it comes from.

Nothing here is the only copy: values come from the memory of judgement, which a restart makes anew from the store's
log (`rebuild`). Rows that somebody else holds at the moment are left for the next time.
"""

import logging
import threading

import numpy as np
from django.db import Error, connection, transaction

from anlan.monitoring.arrivals import Arrival, Messages
from anlan.monitoring.columns import Last
from anlan.monitoring.devices import devices_seen, frames_keep
from anlan.monitoring.judging import judging
from anlan.monitoring.memory import Memory, Places

BETWEEN = 1000
"""Rows are written at most once in so many ms."""
MOST_FRAMES = 500
"""Last frames kept at once, each of another device; what is beyond is not kept."""
log = logging.getLogger(__name__)

_VALUES = """
with fresh as (
    select s.id, w.time, w.value from monitoring_series s
    join unnest(%s::bigint[], %s::bigint[], %s::float8[]) w(id, time, value) on w.id = s.id
    where s.last_time is null or s.last_time < w.time order by s.id for no key update of s skip locked)
update monitoring_series s set last_time = fresh.time, last_value = fresh.value from fresh where s.id = fresh.id
"""


class Projections:
    """What has been noted and is not yet written."""

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._values: dict[int, tuple[int, float]] = {}
        self._seen: dict[int, int] = {}
        self._frames: dict[int, Arrival] = {}
        self._kept_at: dict[int, int] = {}
        self._written_at: int | None = None

    def note(self, memory: Memory, touched: Places, last: dict[int, Last], now: int) -> None:
        """Of a batch: the series that it touched, and the last frame of each device."""
        state = memory.state
        heard = touched[~np.isnan(state.last_value[touched])]
        newest = zip(state.last_time[heard].tolist(), state.last_value[heard].tolist(), strict=True)
        with self._alone:
            self._values.update(zip(memory.ids[heard].tolist(), newest, strict=True))
            self._seen.update(dict.fromkeys(last, now))
            for device_id, word in last.items():
                if not 0 <= now - self._kept_at.get(device_id, -BETWEEN) < BETWEEN and self._room(device_id):
                    self._frames[device_id] = word if isinstance(word, Arrival) else _read(*word, now)

    def _room(self, device_id: int) -> bool:
        return device_id in self._frames or len(self._frames) < MOST_FRAMES

    def flush_if_due(self, now: int) -> None:
        """A clock that was set back does not hold it up."""
        if self._written_at is None or not 0 <= now - self._written_at < BETWEEN:
            self.flush(now)

    def flush(self, now: int) -> None:
        """Writes what is there, in a transaction of its own; where the database is away it stays for the next time."""
        with self._alone:
            if not (self._values or self._seen or self._frames):
                return
            values, seen, frames = self._values, self._seen, self._frames
            self._values, self._seen, self._frames = {}, {}, {}
            self._written_at = now
        try:
            with transaction.atomic():
                _write(values, seen, frames, now)
        except Error as error:
            log.warning("the newest values are written later: %s", str(error).strip())
            with self._alone:
                self._values, self._seen = values | self._values, seen | self._seen
            return
        self._kept_at.update(dict.fromkeys(frames, now))
        if len(self._kept_at) > 2 * MOST_FRAMES:
            self._kept_at = {device: at for device, at in self._kept_at.items() if 0 <= now - at < BETWEEN}


def _read(messages: Messages, k: int, now: int) -> Arrival:
    return Arrival(source=messages.source, event=messages.read(k, now)[0])


def _write(
    values: dict[int, tuple[int, float]], seen: dict[int, int], frames: dict[int, Arrival], now: int
) -> None:
    if values:
        rows = [list(values), [time for time, _ in values.values()], [value for _, value in values.values()]]
        with connection.cursor() as cursor:
            cursor.execute(_VALUES, rows)
    devices_seen(seen)
    frames_keep(frames, now)


PROJECTIONS = Projections()


def rebuild(now: int) -> None:
    """Writes the newest values of all series, after a stop at any moment."""
    with judging() as memory:
        PROJECTIONS.note(memory, np.arange(memory.count), {}, now)
    PROJECTIONS.flush(now)
