"""The readings: one row a series and moment, partitioned by Beijing day of the reading's own time.

Days within reach of the present get a partition each, made on demand; what is older, or claims to be of the
future, lies in the default partition and moves out of it when its day is made. Only this module knows the table.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from anlan.rules.states import Ledger

DAY = 86_400_000
SHIFT = 8 * 3_600_000
"""Days begin at midnight in Beijing."""
BEFORE, AFTER = 8, 1
LOCK = 0x616E6C616E
VALID = (Ledger.NORMAL, Ledger.ALARM, Ledger.SUPPRESSED, Ledger.LATE)
"""States whose value is a measurement; the others are kept as evidence."""

Numbers = NDArray[Any]

_APPEND = """
insert into monitoring_reading as kept (series_id, time, value, state)
select * from unnest(%s::bigint[], %s::bigint[], %s::float8[], %s::smallint[])
on conflict (series_id, time) do update set value = excluded.value, state = excluded.state
    where kept.state <> all(%s) and excluded.state = any(%s)
returning series_id, time
"""

_MAKE_DAY = """
create table {name} (like monitoring_reading including all);
with moved as (delete from monitoring_reading_other where time >= {start} and time < {end} returning *)
    insert into {name} select * from moved;
alter table monitoring_reading attach partition {name} for values from ({start}) to ({end});
"""

_ENVELOPES = """
select series_id, min(array[value, time::float8]), max(array[value, time::float8]), count(*)
from monitoring_reading
where series_id = any(%s) and time >= %s and time < %s and state = any(%s)
group by series_id, (time - %s) * %s / (%s - %s) order by series_id, min(time)
"""

_known: set[int] = set()


class Bucket(NamedTuple):
    """The least and the greatest measurement of a slice of time, with their moments (ms)."""

    low: float
    low_time: int
    high: float
    high_time: int
    number: int


def days_of(times: Numbers, now: int) -> set[int]:
    """The days, counted from 1970, that get a partition: those near enough to `now` (ms)."""
    today = (now + SHIFT) // DAY
    days = np.unique((times + SHIFT) // DAY) if len(times) else times
    return {int(day) for day in days if today - BEFORE <= day <= today + AFTER}


def days_make(days: Iterable[int]) -> None:
    """Makes the partitions that are missing; safe with many writers. Call it before taking any lock."""
    for day in sorted(set(days) - _known):
        with transaction.atomic(), connection.cursor() as cursor:
            name = f"monitoring_reading_{np.datetime64(day, 'D').astype(str).replace('-', '')}"
            cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
            cursor.execute("select to_regclass(%s) is null", [name])
            if cursor.fetchone() == (True,):
                start = day * DAY - SHIFT
                cursor.execute(_MAKE_DAY.format(name=name, start=start, end=start + DAY))
        if not connection.in_atomic_block:
            _known.add(day)


class LogRow(NamedTuple):
    position: int
    series: Numbers
    time: Numbers
    value: Numbers
    state: Numbers


def append(series: Numbers, time: Numbers, value: Numbers, state: Numbers) -> int:
    """Stand-in."""
    valid = [int(s) for s in VALID]
    days_make(days_of(time, int(time.max()) if len(time) else 0))
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [series.tolist(), time.tolist(), value.tolist(), state.tolist(), valid, valid])
        cursor.execute("insert into standin_log (series, time, value, state) values (%s,%s,%s,%s) returning id", [series.tolist(), time.tolist(), value.tolist(), state.tolist()])
        return cursor.fetchone()[0]


def known(series: Numbers, time: Numbers) -> Numbers:
    with connection.cursor() as cursor:
        cursor.execute("select series_id, time from monitoring_reading where (series_id, time) in (select * from unnest(%s::bigint[], %s::bigint[])) and state = any(%s)", [series.tolist(), time.tolist(), [int(s) for s in VALID]])
        found = set(cursor.fetchall())
    return np.array([pair in found for pair in zip(series.tolist(), time.tolist(), strict=True)], bool)


def log_head() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(id),0) from standin_log")
        return cursor.fetchone()[0]


def log_after(position: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("select id, series, time, value, state from standin_log where id > %s order by id", [position])
        for row in cursor.fetchall():
            yield LogRow(row[0], np.array(row[1], np.int64), np.array(row[2], np.int64), np.array(row[3], np.float64), np.array(row[4], np.uint8))


def readings(
    series_id: int, *, start: int, end: int, limit: int = 100_000, valid_only: bool = True
) -> list[tuple[int, float, int]]:
    """(time, value, ledger state) of a series from `start` up to and without `end` (ms), in order of time."""
    states = [int(s) for s in (VALID if valid_only else Ledger)]
    with connection.cursor() as cursor:
        cursor.execute(
            "select time, value, state from monitoring_reading"
            " where series_id = %s and time >= %s and time < %s and state = any(%s) order by time limit %s",
            [series_id, start, end, states, limit],
        )
        return cursor.fetchall()


def latest(series_ids: Sequence[int], *, count: int = 1, since: int = 0) -> dict[int, list[tuple[int, float, int]]]:
    """The newest `count` measurements of each series since a moment (ms), oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select wanted.id, found.time, found.value, found.state from unnest(%s::bigint[]) wanted(id), lateral ("
            " select time, value, state from monitoring_reading"
            " where series_id = wanted.id and time >= %s and state = any(%s) order by time desc limit %s) found"
            " order by wanted.id, found.time",
            [list(series_ids), since, [int(s) for s in VALID], count],
        )
        rows = cursor.fetchall()
    found: dict[int, list[tuple[int, float, int]]] = {series_id: [] for series_id in series_ids}
    for series_id, time, value, state in rows:
        found[series_id].append((time, value, state))
    return found


def envelopes(series_ids: Sequence[int], *, start: int, end: int, buckets: int) -> dict[int, list[Bucket]]:
    """What a chart needs of many readings: at most so many slices of [start, end) a series, none of them empty."""
    valid = [int(s) for s in VALID]
    found: dict[int, list[Bucket]] = {series_id: [] for series_id in series_ids}
    with connection.cursor() as cursor:
        cursor.execute(_ENVELOPES, [list(series_ids), start, end, valid, start, buckets, end, start])
        for series_id, (low, low_time), (high, high_time), number in cursor.fetchall():
            found[series_id].append(Bucket(low, int(low_time), high, int(high_time), number))
    return found


def count() -> dict[Ledger, int]:
    """How many rows are stored in each state; reads the whole table."""
    with connection.cursor() as cursor:
        cursor.execute("select state, count(*) from monitoring_reading group by state")
        return {Ledger(state): number for state, number in cursor.fetchall()}
