"""Months that are over leave the database for Parquet files; what comes late for them joins its file the next time."""

import logging
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

from django.db import transaction

from anlan.monitoring.store import aged
from anlan.monitoring.store.blocks import Columns, StoreError, unpack
from anlan.monitoring.store.moments import SHIFT
from anlan.monitoring.store.order import settled
from anlan.monitoring.store.sql import run
from anlan.monitoring.store.tending import PACKERS

log = logging.getLogger(__name__)
EARLIEST = 1_262_275_200_000
"""2010 in Beijing: what claims to be older is evidence of a broken clock and stays in the database."""

_WAITING = """
select distinct series_id / %s from monitoring_readingchunk where last_time >= %s and last_time < %s order by 1
"""
_MONTHS = """
select distinct date_trunc('month', timestamp 'epoch' + (last_time + %s) * interval '1 ms')::timestamp::text
from monitoring_readingchunk where last_time >= %s and last_time < %s order by 1
"""
_SERIES = """
select series_id, sum(number)::bigint from monitoring_readingchunk
where series_id >= %s and series_id < %s and last_time >= %s and last_time < %s group by series_id order by series_id
"""
_WITHIN = "series_id = %s and last_time >= %s and last_time < %s"
_CHUNKS = f"select id, number, data from monitoring_readingchunk where {_WITHIN} order by id"
_GONE = f"delete from monitoring_readingchunk where {_WITHIN}"


class Aged(NamedTuple):
    """What was moved: files written, readings in them that were not in a file before, bytes of the files; and how many
    files could not be written because something stored is damaged.
    """

    files: int = 0
    readings: int = 0
    bytes: int = 0
    failed: int = 0


def age(*, before: int) -> Aged:
    """Moves the months that ended at or before a moment (ms) into files; does nothing while another packer works.

    One file a transaction: a file counts only once its row and the end of its chunks are committed, so that a
    process may be killed at any moment. What is damaged stays where it is, is logged and hinders no other. OSError
    where a file cannot be written.
    """
    done = Aged()
    for start, end in _months(before):
        for (block,) in run(_WAITING, [aged.BLOCK, start, end]):
            step = _moved(block, start, end)
            done = Aged(*(a + b for a, b in zip(done, step, strict=True)))
    sweep()
    return done


def _months(before: int) -> list[tuple[int, int]]:
    """First and last moments of the months in which something waits."""
    found = []
    for (text,) in run(_MONTHS, [SHIFT, EARLIEST, before]):
        first = datetime.fromisoformat(text).replace(tzinfo=UTC)
        after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        start, end = (int(at.timestamp()) * 1000 - SHIFT for at in (first, after))
        if end <= before:
            found.append((start, end))
    return found


def _moved(block: int, start: int, end: int) -> Aged:
    try:
        return _move(block, start, end)
    except (StoreError, FileNotFoundError) as error:
        log.error("block %d of the month from %d cannot be aged: %s", block, start, error)
        return Aged(failed=1)


def _move(block: int, start: int, end: int) -> Aged:
    with transaction.atomic():
        if not run("select pg_try_advisory_xact_lock(%s::bigint)", [PACKERS])[0][0]:
            return Aged()
        waiting: dict[int, int] = dict(run(_SERIES, [block * aged.BLOCK, (block + 1) * aged.BLOCK, start, end]))
        if not waiting:
            return Aged()
        old = run("select id, path from monitoring_readingfile where block = %s and month = %s", [block, start])
        size = _replace(block, start, end, waiting, dict(old))
        for series_id in waiting:
            run(_GONE, [series_id, start, end])
    for _, path in old:
        (aged.folder() / path).unlink(missing_ok=True)
    return Aged(1, sum(waiting.values()), size)


def _replace(block: int, start: int, end: int, waiting: dict[int, int], old: dict[int, str]) -> int:
    """Writes the file of a block and month with what waits, in the place of an older one; gives its bytes."""
    month = datetime.fromtimestamp((start + SHIFT) / 1000, UTC)
    path = f"{month:%Y-%m}/{block:06d}-{uuid4().hex[:8]}.parquet"
    ids = sorted({*waiting, *(series_id for name in old.values() for series_id in aged.series_in(name))})
    bounds = _Bounds()
    size = aged.write(path, (bounds.seen(_together(one, start, end, [*old.values()])) for one in ids))
    run("delete from monitoring_readingfile where id = any(%s::bigint[])", [list(old)])
    run(
        "insert into monitoring_readingfile (block, month, path, first_time, last_time, number, bytes)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        [block, start, path, bounds.first, bounds.last, bounds.number, size],
    )
    return size


def _together(series_id: int, start: int, end: int, files: list[str]) -> Columns:
    """A series' month: what is in its file and what waits, settled."""
    rows = run(_CHUNKS, [series_id, start, end])
    names = [f"series {series_id}, chunk {row[0]}" for row in rows]
    fresh = unpack([row[2] for row in rows], [row[1] for row in rows], names)
    return settled(Columns.joined([*(aged.read(path, [series_id]) for path in files), fresh]))


class _Bounds:
    """What a file holds, noted while it is written."""

    first, last, number = 2**62, -(2**62), 0

    def seen(self, columns: Columns) -> Columns:
        self.first = min(self.first, int(columns.time[0]))
        self.last = max(self.last, int(columns.time[-1]))
        self.number += len(columns.time)
        return columns


def sweep() -> int:
    """Removes files that no row knows, which a killed process has left; gives their number."""
    with transaction.atomic():
        if not run("select pg_try_advisory_xact_lock(%s::bigint)", [PACKERS])[0][0]:
            return 0
        known = {path for (path,) in run("select path from monitoring_readingfile")}
        lost = [
            file
            for file in aged.folder().glob("*/*")
            if file.suffix in {".parquet", ".part"} and str(file.relative_to(aged.folder())) not in known
        ]
        for file in lost:
            file.unlink()
        return len(lost)
