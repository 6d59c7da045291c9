"""What pages show of the newest readings: written at most once a second, after the batches that it comes from.

Nothing here is the only copy: values come from the memory of judgement, which a restart makes anew from the store's
log (`rebuild`). Rows that somebody else holds at the moment are left for the next time.
"""

import logging
import threading
from typing import Any

import numpy as np
from django.db import Error, connection, transaction
from numpy.typing import NDArray

from anlan.monitoring.arrivals import Arrival, Messages
from anlan.monitoring.columns import Last
from anlan.monitoring.devices import devices_seen, frames_keep
from anlan.monitoring.judging import judging, remembered
from anlan.monitoring.memory import Memory, Places

BETWEEN = 1000
"""Rows are written at most once in so many ms."""
MOST, MOST_FRAMES = 5000, 100
"""Series written at once, in turn, and last frames kept at once, each of another device: others have to wait, or are
not kept."""
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
        self._values: tuple[NDArray[Any], ...] = ()
        self._turn = 0
        self._seen: dict[int, int] = {}
        self._frames: dict[int, Arrival | Messages] = {}
        self._kept_at: dict[int, int] = {}
        self._written_at: int | None = None

    def due(self, now: int) -> bool:
        """A clock that was set back does not hold it up."""
        return self._written_at is None or not 0 <= now - self._written_at < BETWEEN

    def note(self, memory: Memory, touched: Places, last: dict[int, Last], now: int) -> None:
        """Of a batch: the series that it touched, and the last word of each device."""
        memory.unshown[touched] = True
        with self._alone:
            self._seen.update(dict.fromkeys(last, now))
            self._take_frames(last, now)
            if self.due(now):
                self._take_values(memory)

    def _take_frames(self, last: dict[int, Last], now: int) -> None:
        """Of devices whose last frame was kept a while ago, beginning each time with another."""
        devices = list(last)
        start = self._turn % max(1, len(devices))
        for device_id in devices[start:] + devices[:start]:
            room = len(self._frames) < MOST_FRAMES or device_id in self._frames
            if room and not 0 <= now - self._kept_at.get(device_id, -BETWEEN) < BETWEEN:
                word = last[device_id]
                self._frames[device_id] = word if isinstance(word, Arrival) else word[0].one(word[1])

    def _take_values(self, memory: Memory) -> None:
        waiting = np.flatnonzero(memory.unshown[: memory.count])
        waiting = np.roll(waiting, -np.searchsorted(waiting, self._turn))[:MOST]
        memory.unshown[waiting] = False
        if len(waiting):
            self._turn = int(waiting[-1]) + 1
        heard = waiting[~np.isnan(memory.state.last_value[waiting])]
        self._values = memory.ids[heard], memory.state.last_time[heard], memory.state.last_value[heard]

    def flush_if_due(self, now: int) -> None:
        """After a batch."""
        if self.due(now):
            self._flush(now)

    def idle(self, now: int) -> None:
        """Where no batch has come for a while."""
        if self.due(now):
            with remembered() as memory, self._alone:
                self._take_values(memory)
            self._flush(now)

    def _flush(self, now: int) -> None:
        """In a transaction of its own; where the database is away it is done the next time."""
        with self._alone:
            values, seen, frames = self._values, self._seen, self._frames
            self._values, self._seen, self._frames = (), {}, {}
            self._written_at = now
        try:
            with transaction.atomic():
                _write(values, seen, frames, now)
        except Error as error:
            log.warning("the newest values are written later: %s", str(error).strip())
            with remembered() as memory, self._alone:
                memory.unshown[: memory.count] = True
                self._seen = seen | self._seen
            return
        self._kept_at.update(dict.fromkeys(frames, now))
        if len(self._kept_at) > 2 * MOST_FRAMES:
            self._kept_at = {device: at for device, at in self._kept_at.items() if 0 <= now - at < BETWEEN}


def _write(
    values: tuple[NDArray[Any], ...], seen: dict[int, int], words: dict[int, Arrival | Messages], now: int
) -> None:
    frames = {
        device_id: word if isinstance(word, Arrival) else Arrival(source=word.source, event=word.read(0, now)[0])
        for device_id, word in words.items()
    }
    if values and len(values[0]):
        with connection.cursor() as cursor:
            cursor.execute(_VALUES, [column.tolist() for column in values])
    devices_seen(seen)
    frames_keep(frames, now)


PROJECTIONS = Projections()


def rebuild() -> None:
    """The newest values of all series are written in the next seconds, after a stop at any moment."""
    with judging() as memory:
        memory.unshown[: memory.count] = True
