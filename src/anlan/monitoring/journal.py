"""The journal of the kernel's state: with the store's log it gives any process the memory of all.

An entry holds rows of state, of rules or both as they were after a row of the log: those of new series, those that a
sweep for silence changed, or, where it is whole, those of every series. A change of rules writes a whole one before
anything is judged by them, so that readings are never judged again by other rules than the first time.
"""

import logging
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from anlan.monitoring import store
from anlan.monitoring.memory import Memory, Places
from anlan.monitoring.store.blocks import compressed, opened
from anlan.rules import Ledger, from_bytes, judge, to_bytes
from anlan.rules.rows import RULE_ROW

TAKEN = (int(Ledger.NORMAL), int(Ledger.ALARM), int(Ledger.SUPPRESSED))
"""The states of readings that the kernel took into its state."""
EVER = 2**62
MOST_ROWS, MOST_SECONDS = 200, 60.0
"""A checkpoint is made after so many rows of the log, or so many seconds."""
log = logging.getLogger(__name__)

_HEADS = "select coalesce(max(id), 0), coalesce(max(id) filter (where whole), 0) from monitoring_statejournal"
_ENTRIES = "select id, position, series, state, rules from monitoring_statejournal where id > %s order by id"
_WRITE = """
insert into monitoring_statejournal (position, whole, series, state, rules) values (%s, %s, %s, %s, %s) returning id
"""
_FORGET = "delete from monitoring_statejournal where id < %s"


class Entry(NamedTuple):
    id: int
    position: int
    series: bytes
    state: bytes
    rules: bytes


def catch_up(memory: Memory) -> None:
    """Takes in what other writers, or this one before a restart, have written; the caller holds their lock."""
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
        newest, whole = cursor.fetchone() or (0, 0)
        head = store.log_head()
        if (memory.position, memory.entry) == (head, newest):
            return
        if memory.entry < whole or memory.entry > newest or memory.position > head:
            memory.forget()
            memory.position, memory.entry = 0, whole - 1
        cursor.execute(_ENTRIES, [memory.entry])
        entries = [Entry(row[0], row[1], *map(bytes, row[2:])) for row in cursor.fetchall()]
    if entries and entries[0].id == whole:
        memory.position = entries[0].position
    _fold(memory, entries)
    memory.entry = newest
    memory.settled()
    if not whole:
        checkpoint(memory)


def _fold(memory: Memory, entries: list[Entry]) -> None:
    waiting = iter(entries)
    entry = next(waiting, None)
    for row in store.log_after(memory.position):
        while entry is not None and entry.position < row.position:
            _take(memory, entry)
            entry = next(waiting, None)
        _judge_again(memory, row)
        memory.position = row.position
    while entry is not None:
        _take(memory, entry)
        entry = next(waiting, None)


def _judge_again(memory: Memory, row: store.LogRow) -> None:
    """The kernel over readings as they were judged, with no clock: what was late or of the future is not among them."""
    taken = np.isin(row.state, TAKEN)
    series = memory.places(row.series[taken].tolist())
    verdict = judge(
        memory.table, memory.state, series, row.time[taken], row.value[taken],
        now=0, future_tolerance=EVER, max_age=EVER,
    )  # fmt: skip
    if (odd := ~np.isin(verdict.ledger, TAKEN)).any():
        log.error("log row %d: %d readings were judged otherwise before", row.position, int(odd.sum()))


def _take(memory: Memory, entry: Entry) -> None:
    places = memory.places(np.frombuffer(entry.series, np.int64).tolist())
    name = f"journal entry {entry.id}"
    if entry.state:
        memory.state.set_rows(places, from_bytes(opened(entry.state, name)))
    if entry.rules:
        memory.table.set_rows(places, np.frombuffer(opened(entry.rules, name), RULE_ROW))


def entry_write(memory: Memory, places: Places, *, state: bool = False, rules: bool = False) -> None:
    """Writes the rows of these as they are now."""
    _write(memory, places, whole=False, state=state, rules=rules)


def checkpoint(memory: Memory) -> None:
    """Writes everything, so that nobody has to go further back."""
    _write(memory, np.arange(memory.count), whole=True, state=True, rules=True)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [memory.entry])


def checkpoint_if_due(memory: Memory, now: float) -> None:
    """After so many batches or seconds (`now` is any clock's): then a restart has little to judge again."""
    position, at = memory.checked
    if memory.position > position and (memory.position - position >= MOST_ROWS or not 0 <= now - at < MOST_SECONDS):
        checkpoint(memory)
        memory.checked = memory.position, now


def _write(memory: Memory, places: Places, *, whole: bool, state: bool, rules: bool) -> None:
    row: list[int | bool | bytes] = [
        memory.position,
        whole,
        memory.ids[places].tobytes(),
        compressed(to_bytes(memory.state.rows(places))) if state else b"",
        compressed(memory.table.rows(places).tobytes()) if rules else b"",
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, row)
        memory.entry = (cursor.fetchone() or (0,))[0]


def levels(memory: Memory, places: Places) -> NDArray[np.int64]:
    """The level of each of these series: the highest of its causes."""
    return memory.state.rows(places).highest().astype(np.int64)
