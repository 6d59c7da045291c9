"""The one home of judgement: any process hands over what it received, and gets back that it is kept for good.

All of a batch happens in one transaction of the only writer (`judging`): readings, what is computed from them, alarms,
news and counters, or nothing. The kernel's state is in memory; what it comes to can be had again from the store's log at any time.
"""

import logging
import time as clock
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from django.db import OperationalError, connection
from numpy.typing import NDArray

from anlan.monitoring import store
from anlan.monitoring.alarms import AlarmNews, transitions_read, transitions_write
from anlan.monitoring.arrivals import Arrival, Messages, StoreResult
from anlan.monitoring.columns import Columns, columns_of
from anlan.monitoring.counts import frames_count, states_count, unknown_count
from anlan.monitoring.derived import derived_arrivals
from anlan.monitoring.deviations import deviations_count
from anlan.monitoring.devices import levels_save
from anlan.monitoring.journal import TAKEN
from anlan.monitoring.judging import judging
from anlan.monitoring.memory import Memory, Places
from anlan.monitoring.moments import now_ms
from anlan.monitoring.pictures import pictures_keep
from anlan.monitoring.positions import positions_note
from anlan.monitoring.projections import PROJECTIONS
from anlan.monitoring.resolve import devices_by_id, series_locked
from anlan.monitoring.suppression import suppressed_devices
from anlan.rules import Ledger, Verdict, judge

TRIES = 5
RETRIED = {"40001", "40P01"}
log = logging.getLogger(__name__)
States = NDArray[np.uint8]


def readings_store(*, batch: Sequence[Arrival | Messages], now: int | None = None, show: bool = True) -> StoreResult:
    """Judges and keeps a batch; when it returns outside a transaction, everything is durable. `now` in ms. Without
    `show` the caller sees to it that what pages show is written (`PROJECTIONS`).

    Within a frame readings are judged in order of time, frames in the order given. Raises OperationalError where
    the database is away: then nothing has happened and the batch may be handed in again.
    """
    present = now_ms() if now is None else now
    result = _retried(lambda: _store(batch, present))
    if show:
        PROJECTIONS.flush_if_due(present)
    return result


def _retried(work: Callable[[], StoreResult]) -> StoreResult:
    """Tries again where PostgreSQL broke a ring of waiting writers."""
    for left in range(TRIES - 1, -1, -1):
        try:
            return work()
        except OperationalError as error:
            if connection.in_atomic_block or not left or getattr(error.__cause__, "sqlstate", "") not in RETRIED:
                raise
            log.warning("a batch is stored again: %s", error)
            clock.sleep(0.01 * (TRIES - left))
    raise AssertionError("the last try returns or raises")


def _store(batch: Sequence[Arrival | Messages], now: int) -> StoreResult:
    """What is computed from the batch is judged and kept with it; it is worked out before anything is appended, so that
    the store is read as it stands for all.
    """
    with judging() as memory:
        judged = _judged(memory, batch, now)
        columns = judged.columns
        readings = columns.series, columns.time, columns.value
        computed = derived_arrivals(memory, judged.touched, readings, judged.verdict.ledger)
        alarms = _kept(memory, judged, now)
        if computed:
            alarms = alarms.joined(_kept(memory, _judged(memory, computed, now), now))
    return _result(judged.verdict.ledger, alarms)


class _Judged(NamedTuple):
    columns: Columns
    touched: Places
    verdict: Verdict


def _judged(memory: Memory, batch: Sequence[Arrival | Messages], now: int) -> _Judged:
    columns = columns_of(memory, batch, now)
    touched = _places(columns.series)
    memory.touch(touched)
    verdict = judge(memory.table, memory.state, columns.series, columns.time, columns.value, now=now)
    return _Judged(columns, touched, verdict)


def _kept(memory: Memory, judged: _Judged, now: int) -> AlarmNews:
    columns, touched, verdict = judged
    states = verdict.ledger
    _suppress(memory, columns, states)
    chosen = _chosen(memory, columns, states)
    if len(chosen):
        which = slice(None) if len(chosen) == len(states) else chosen
        ids = memory.ids[columns.series[which]]
        memory.position = store.append(ids, columns.time[which], columns.value[which], states[which])
    alarms = alarms_write(memory, verdict.transitions, now)
    positions_note([(one.device, one.frame) for one in columns.heard if one.device], now)
    pictures_keep([(one.device.id, one.arrival) for one in columns.heard if one.device], now)
    _count(columns.arrivals, columns, states, now)
    PROJECTIONS.note(memory, touched, columns.last, now)
    return alarms


def _places(series: Places) -> Places:
    """Each known place once, in order; what is unknown (-1) marks the last place, which nobody has."""
    seen = np.zeros(series.max(initial=-1) + 2, bool)
    seen[series] = True
    return np.flatnonzero(seen[:-1])


def _suppress(memory: Memory, columns: Columns, states: States) -> None:
    """An alarm of a device whose alarms have a known cause is counted as suppressed."""
    if hidden := suppressed_devices():
        alarm = np.flatnonzero(states == Ledger.ALARM)
        devices = memory.device_ids[columns.series[alarm]]
        states[alarm[np.isin(devices, list(hidden))]] = Ledger.SUPPRESSED


def _chosen(memory: Memory, columns: Columns, states: States) -> NDArray[np.int64]:
    """The readings to store: of several for one moment of a series a measurement before others, then the first.

    A late reading that is left out, or was stored before, becomes a duplicate.
    """
    late = np.flatnonzero(states == Ledger.LATE)
    known = store.known(memory.ids[columns.series[late]], columns.time[late])
    states[late[known]] = Ledger.DUPLICATE
    taken = (columns.series >= 0) & np.isin(states, TAKEN)
    others = np.flatnonzero((columns.series >= 0) & ~taken & (states != Ledger.DUPLICATE))
    if len(others):
        taken[_first(columns, states, others, taken)] = True
    return np.flatnonzero(taken)


def _first(columns: Columns, states: States, others: Places, taken: NDArray[np.bool_]) -> Places:
    """Those of `others` whose moment nothing better has; the rest that is late is a duplicate."""
    rivals = np.zeros(columns.series.max() + 1, bool)
    rivals[columns.series[others]] = True
    rivals = np.flatnonzero(taken & rivals[columns.series])
    candidates = np.concatenate([rivals, others])
    weak = ~np.isin(states[candidates], [int(s) for s in store.VALID])
    ordered = candidates[np.lexsort((candidates, weak, columns.time[candidates], columns.series[candidates]))]
    first = np.ones(len(ordered), bool)
    first[1:] = (np.diff(columns.series[ordered]) != 0) | (np.diff(columns.time[ordered]) != 0)
    left = ordered[~first]
    states[left[states[left] == Ledger.LATE]] = Ledger.DUPLICATE
    return ordered[first]


def alarms_write(memory: Memory, transitions: NDArray[np.void], now: int) -> AlarmNews:
    """What has changed becomes levels of series and devices, and alarms."""
    if not len(transitions):
        return AlarmNews()
    places = _places(transitions["series"])
    locked = series_locked(memory, places)
    devices = devices_by_id(locked.device_ids)
    levels_save(memory, places, devices)
    rows = transitions.copy()
    rows["series"] = np.searchsorted(places, transitions["series"])
    return transitions_write(transitions_read(rows, locked, devices), now)


def _count(batch: Sequence[Arrival], columns: Columns, states: States, now: int) -> None:
    unknown_count(columns.strangers, now)
    frames_count(batch, now, columns.whole)
    deviations_count(batch, now)
    numbers = np.bincount(columns.source * len(Ledger) + states, minlength=len(columns.sources) * len(Ledger))
    pairs = ((source, int(state)) for source in columns.sources for state in Ledger)
    states_count(dict(zip(pairs, numbers.tolist(), strict=True)), now)


def _result(states: States, alarms: AlarmNews) -> StoreResult:
    numbers = np.bincount(states, minlength=len(Ledger)).tolist()
    return StoreResult(
        received=len(states),
        counts={state: numbers[state] for state in Ledger},
        raised=alarms.raised,
        escalated=alarms.escalated,
        cleared=alarms.cleared,
    )
