"""From what a device says of itself to rows: its device, its series, and the rules that judge them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from anlan.monitoring.journal import checkpoint, entry_write
from anlan.monitoring.memory import Memory, Places
from anlan.monitoring.naming import series_name
from anlan.monitoring.rulebook import rulebook
from anlan.monitoring.stamps import version_of
from anlan.rules import RuleTable

MOST_SERIES = 500
"""A device that names more quantities than this is not measuring; what goes beyond counts as unknown."""
MOST_UNKNOWN = 10_000
"""So many senders that nobody has registered are remembered as such."""
GONE = -1
"""The device of a series that has been deleted."""
KEY_LENGTH, CODE_LENGTH = 60, 64


def sayable(text: str, longest: int) -> bool:
    """Whether the database can hold this word of a device."""
    return 0 < len(text) <= longest and "\0" not in text


class KnownDevice(NamedTuple):
    """A registered device as ingest needs it; status, level and last_seen_at as they were when it was read."""

    id: int
    protocol: str
    code: str
    name: str
    kind: str
    status: str
    level: int
    last_seen_at: datetime | None
    area_id: int
    area_path: str
    organisation_id: int | None
    lon: float | None
    lat: float | None


_DEVICES = """
select d.id, d.protocol, d.code, d.name, d.kind, d.status, d.level, d.last_seen_at, d.area_id, a.path,
       d.organisation_id, st_x(d.location), st_y(d.location)
from monitoring_device d join accounts_area a on a.id = d.area_id
"""
_BY_CODE = (
    _DEVICES + "where d.life <> 'retired' and (d.protocol, d.code) in (select * from unnest(%s::text[], %s::text[]))"
)
_BY_ID = _DEVICES + "where d.id = any(%s)"


def devices_find(senders: Iterable[tuple[str, str]]) -> dict[tuple[str, str], KnownDevice]:
    """Registered devices by (protocol, code)."""
    pairs = sorted(set(senders))
    with connection.cursor() as cursor:
        cursor.execute(_BY_CODE, [[p for p, _ in pairs], [c for _, c in pairs]])
        found = [KnownDevice(*row) for row in cursor.fetchall()]
    return {(device.protocol, device.code): device for device in found}


def devices_by_id(ids: Iterable[int]) -> dict[int, KnownDevice]:
    with connection.cursor() as cursor:
        cursor.execute(_BY_ID, [sorted(set(ids))])
        return {row[0]: KnownDevice(*row) for row in cursor.fetchall()}


@dataclass(frozen=True, kw_only=True)
class LockedSeries:
    """Some series that this transaction alone may change; `ids` and `device_ids` run alongside."""

    ids: list[int]
    device_ids: list[int]


def series_locked(memory: Memory, places: Places) -> LockedSeries:
    return LockedSeries(ids=memory.ids[places].tolist(), device_ids=memory.device_ids[places].tolist())


def devices_known(memory: Memory, senders: Iterable[tuple[str, str]]) -> dict[tuple[str, str], KnownDevice]:
    """As `devices_find`, from memory where they have been asked for before."""
    wanted = set(senders)
    directory = memory.directory
    strange = [sender for sender in wanted if sender not in directory.devices and sender not in directory.unknown]
    if strange:
        found = devices_find(strange)
        directory.devices.update(found)
        directory.unknown.update(sender for sender in strange[:MOST_UNKNOWN] if sender not in found)
        if len(directory.unknown) > MOST_UNKNOWN:
            directory.unknown.clear()
    return {sender: directory.devices[sender] for sender in wanted if sender in directory.devices}


_NEW_SERIES = """
insert into monitoring_series (device_id, key, name, unit, level)
select n.device_id, n.key, n.name, n.unit, 0
from (
    select w.*, row_number() over (partition by w.device_id order by w.key) place
    from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) w(device_id, key, name, unit)
    where not exists (select 1 from monitoring_series s where s.device_id = w.device_id and s.key = w.key)
) n
where n.place + (select count(*) from monitoring_series s where s.device_id = n.device_id) <= %s
order by n.device_id, n.key
on conflict (device_id, key) do nothing
"""
_OF_PAIRS = """
select s.id, s.device_id, s.key, d.kind from monitoring_series s join monitoring_device d on d.id = s.device_id
where (s.device_id, s.key) in (select * from unnest(%s::bigint[], %s::text[])) order by s.id
"""
_ALL = """
select s.id, s.device_id, s.key, d.kind from monitoring_series s join monitoring_device d on d.id = s.device_id
where %s::bigint[] is null or s.id = any(%s) order by s.id
"""
Row = tuple[int, int, str, str]


def series_make(memory: Memory, wanted: Mapping[tuple[int, str], tuple[str, str]]) -> None:
    """Makes room for the series of these (device id, key) → (protocol, unit), in the database and in memory."""
    pairs = sorted(wanted)
    columns: list[list[int] | list[str]] = [[device_id for device_id, _ in pairs], [key for _, key in pairs]]
    names = [series_name(wanted[pair][0], pair[1]) for pair in pairs]
    with connection.cursor() as cursor:
        cursor.execute(_NEW_SERIES, [*columns, names, [wanted[pair][1][:20] for pair in pairs], MOST_SERIES])
        cursor.execute(_OF_PAIRS, columns)
        rows = cursor.fetchall()
    known = memory.count
    places = _place(memory, rows)
    fresh = places[places >= known]
    if len(fresh):
        memory.table.set_rows(places, _rules(rows))
        entry_write(memory, fresh, rules=True)


def refresh(memory: Memory) -> None:
    """Takes in what has changed in the registry or the rules since the last batch."""
    book, version = rulebook(), _registry_version()
    if (book, version) == (memory.directory.book, memory.directory.version):
        _introduce(memory)
        return
    if version != memory.directory.version:
        memory.directory.clear()
    rows = _all(None)
    places = _place(memory, rows)
    table = RuleTable.empty(len(memory.ids))
    table.set_rows(places, _rules(rows))
    if table.cells.tobytes() != memory.table.cells.tobytes():
        memory.table = table
        memory.shaken = True
        checkpoint(memory)
    memory.directory.book, memory.directory.version = book, version


def _introduce(memory: Memory) -> None:
    """Whose the series are that other writers have made."""
    if len(strange := np.flatnonzero(memory.device_ids[: memory.count] == 0)):
        memory.device_ids[strange] = GONE
        _place(memory, _all(memory.ids[strange].tolist()))


def _all(ids: list[int] | None) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_ALL, [ids, ids])
        return cursor.fetchall()


def _place(memory: Memory, rows: list[Row]) -> Places:
    places = memory.places(row[0] for row in rows)
    memory.device_ids[places] = [row[1] for row in rows]
    memory.directory.series.update(zip(((row[1], row[2]) for row in rows), places.tolist(), strict=True))
    return places


def _rules(rows: list[Row]) -> NDArray[np.void]:
    book = rulebook()
    return book.table.rows([book.row(device_id, kind, key) for _, device_id, key, kind in rows])


def _registry_version() -> int:
    return version_of("select version from monitoring_registrystamp")
