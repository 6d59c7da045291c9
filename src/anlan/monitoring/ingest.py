"""The one home of judgement: any process hands over what it received, and gets back that it is kept for good.

All of a batch happens in one transaction: readings, what the kernel remembers, devices, alarms, news and counters,
or nothing. Rows are locked in one order (series, devices, alarms, counters), so writers never wait in a ring.
"""

import logging
import time as clock
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import OperationalError, connection, transaction
from numpy.typing import NDArray

from anlan.monitoring import store
from anlan.monitoring.alarms import AlarmNews, Transition, transitions_read, transitions_write
from anlan.monitoring.arrivals import Arrival, StoreResult
from anlan.monitoring.counts import frames_count, states_count, unknown_count
from anlan.monitoring.devices import devices_stand, frames_keep
from anlan.monitoring.moments import now_ms
from anlan.monitoring.positions import positions_note
from anlan.monitoring.resolve import (
    CODE_LENGTH,
    KEY_LENGTH,
    KnownDevice,
    LockedSeries,
    devices_find,
    sayable,
    series_lock,
    series_save,
)
from anlan.monitoring.rulebook import rulebook
from anlan.protocols import Frame
from anlan.rules import Ledger, judge

TRIES = 5
RETRIED = {"40001", "40P01"}
FARTHEST = 2**61
"""Moments beyond this many ms are as far off as that; the kernel calls them late or future all the same."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """The readings of a batch as columns; `owner` is the frame's place in `frames`."""

    frames: list[tuple[Arrival, Frame]]
    devices: dict[tuple[str, str], KnownDevice]
    owner: NDArray[np.int64]
    keys: list[str]
    units: list[str]
    time: NDArray[np.int64]
    value: NDArray[np.float64]

    def device_of(self, place: int) -> KnownDevice | None:
        frame = self.frames[place][1]
        return self.devices.get((frame.protocol, frame.device))


def readings_store(*, batch: Sequence[Arrival], now: int | None = None) -> StoreResult:
    """Judges and keeps a batch; when it returns outside a transaction, everything is durable. `now` in ms.

    Within a frame readings are judged in order of time, frames in the order given. Raises OperationalError where
    the database is away: then nothing has happened and the batch may be handed in again.
    """
    present = now_ms() if now is None else now
    columns = _columns(batch)
    return _retried(lambda: _store(batch, columns, present), columns.time, present)


def _retried(work: Callable[[], StoreResult], times: NDArray[np.int64], now: int) -> StoreResult:
    """Tries again where PostgreSQL broke a ring of waiting writers."""
    for left in range(TRIES - 1, -1, -1):
        try:
            store.days_make(store.days_of(times, now))
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if connection.in_atomic_block or not left or getattr(error.__cause__, "sqlstate", "") not in RETRIED:
                raise
            log.warning("a batch is stored again: %s", error)
            clock.sleep(0.01 * (TRIES - left))
    raise AssertionError("the last try returns or raises")


def _columns(batch: Sequence[Arrival]) -> _Batch:
    frames = [(arrival, arrival.event) for arrival in batch if isinstance(arrival.event, Frame)]
    readings = [
        (place, reading)
        for place, (_, frame) in enumerate(frames)
        for reading in sorted(frame.readings, key=lambda r: r.time)
    ]
    return _Batch(
        frames=frames,
        devices={},
        owner=np.array([place for place, _ in readings], np.int64),
        keys=[reading.series for _, reading in readings],
        units=[reading.unit for _, reading in readings],
        time=np.array([max(-FARTHEST, min(FARTHEST, reading.time)) for _, reading in readings], np.int64),
        value=np.array([reading.value for _, reading in readings], np.float64),
    )


def _store(batch: Sequence[Arrival], columns: _Batch, now: int) -> StoreResult:
    columns.devices.clear()
    columns.devices.update(devices_find(_senders(columns)))
    locked, series = _series(columns)
    states, news = _judge(columns, locked, series, now)
    seen = [(device, place) for place in range(len(columns.frames)) if (device := columns.device_of(place))]
    changed = _save(columns, locked, series, states, now)
    devices_stand({device.id: device for device, _ in seen}.values(), changed, now)
    positions_note([(device, columns.frames[place][1]) for device, place in seen], now)
    alarms = transitions_write(news, now)
    frames_keep([(device.id, columns.frames[place][0]) for device, place in seen], now)
    _count(batch, columns, states, now)
    return _result(states, alarms)


def _senders(columns: _Batch) -> set[tuple[str, str]]:
    senders = {(frame.protocol, frame.device) for _, frame in columns.frames}
    return {(protocol, code) for protocol, code in senders if sayable(code, CODE_LENGTH)}


def _series(columns: _Batch) -> tuple[LockedSeries, NDArray[np.int64]]:
    """The locked series, and each reading's place among them; -1 where nobody knows its device."""
    devices = [columns.device_of(place) for place in range(len(columns.frames))]
    wanted: dict[tuple[int, str], tuple[str, str]] = {}
    named: list[tuple[int, str] | None] = []
    for place, key, unit in zip(columns.owner.tolist(), columns.keys, columns.units, strict=True):
        device = devices[place]
        known = (device.id, key) if device and sayable(key, KEY_LENGTH) else None
        named.append(known)
        if known and device:
            wanted.setdefault(known, (device.protocol, unit))
    locked = series_lock(wanted)
    index = locked.index()
    return locked, np.array([index.get(pair, -1) if pair else -1 for pair in named], np.int64)


def _judge(
    columns: _Batch, locked: LockedSeries, series: NDArray[np.int64], now: int
) -> tuple[NDArray[np.uint8], list[Transition]]:
    book = rulebook()
    rows = [book.row(*one) for one in zip(locked.device_ids, locked.kinds, locked.keys, strict=True)]
    table = book.table_of(np.array(rows, np.int64))
    verdict = judge(table, locked.state, series, columns.time, columns.value, now=now)
    by_id = {device.id: device for device in columns.devices.values()}
    return verdict.ledger, transitions_read(verdict.transitions, locked, by_id)


def _save(
    columns: _Batch, locked: LockedSeries, series: NDArray[np.int64], states: NDArray[np.uint8], now: int
) -> set[int]:
    """Readings and the kernel's memory; a late reading that was stored before becomes a duplicate in `states`.

    Gives the ids of devices of which a series changed its level.
    """
    ids = np.array(locked.ids, np.int64)
    chosen = _chosen(columns, series, states)
    new = store.append(ids[series[chosen]], columns.time[chosen], columns.value[chosen], states[chosen])
    pairs = zip(ids[series[chosen]].tolist(), columns.time[chosen].tolist(), strict=True)
    again = chosen[[pair not in new for pair in pairs]] if len(new) < len(chosen) else chosen[:0]
    states[again[states[again] == Ledger.LATE]] = Ledger.DUPLICATE
    judged = np.isin(states, [Ledger.NORMAL, Ledger.ALARM])
    levels = series_save(locked, np.unique(series[judged]))
    return {locked.device_ids[i] for i in np.flatnonzero(levels != locked.levels)}


def _chosen(columns: _Batch, series: NDArray[np.int64], states: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The readings to store: of several for one moment of a series a measurement before others, then the first.

    A late reading that is left out is a duplicate at once.
    """
    candidates = np.flatnonzero((series >= 0) & (states != Ledger.DUPLICATE))
    weak = ~np.isin(states[candidates], [int(s) for s in store.VALID])
    order = np.lexsort((candidates, weak, columns.time[candidates], series[candidates]))
    ordered = candidates[order]
    first = np.ones(len(ordered), bool)
    first[1:] = (np.diff(series[ordered]) != 0) | (np.diff(columns.time[ordered]) != 0)
    left = ordered[~first]
    states[left[states[left] == Ledger.LATE]] = Ledger.DUPLICATE
    return ordered[first]


def _count(batch: Sequence[Arrival], columns: _Batch, states: NDArray[np.uint8], now: int) -> None:
    unknown = [
        frame
        for place, (_, frame) in enumerate(columns.frames)
        if not columns.device_of(place) and sayable(frame.device, CODE_LENGTH)
    ]
    unknown_count(unknown, now)
    frames_count(batch, now)
    sources = [columns.frames[place][0].source for place in columns.owner.tolist()]
    states_count(Counter(zip(sources, states.tolist(), strict=True)), now)


def _result(states: NDArray[np.uint8], alarms: AlarmNews) -> StoreResult:
    numbers = np.bincount(states, minlength=len(Ledger)).tolist()
    return StoreResult(
        received=len(states),
        counts={state: numbers[state] for state in Ledger},
        raised=alarms.raised,
        escalated=alarms.escalated,
        cleared=alarms.cleared,
    )
