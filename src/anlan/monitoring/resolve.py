"""From what a device says of itself to rows: its device, its series, and what the kernel remembers of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from anlan.monitoring.naming import series_name
from anlan.rules import KernelState, from_bytes, to_bytes

MOST_SERIES = 500
"""A device that names more quantities than this is not measuring; what goes beyond counts as unknown."""
KEY_LENGTH, CODE_LENGTH = 60, 64


def sayable(text: str, longest: int) -> bool:
    """Whether the database can hold this word of a device."""
    return 0 < len(text) <= longest and "\0" not in text


class KnownDevice(NamedTuple):
    """A registered device as ingest needs it."""

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
    """Series rows held by this transaction, in order of id; arrays and lists run alongside `ids`."""

    ids: list[int]
    device_ids: list[int]
    keys: list[str]
    kinds: list[str]
    levels: NDArray[np.int64]
    state: KernelState

    def index(self) -> dict[tuple[int, str], int]:
        return {pair: i for i, pair in enumerate(zip(self.device_ids, self.keys, strict=True))}


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
_LOCKED = """
select s.id, s.device_id, s.key, d.kind, s.level, s.state
from monitoring_series s join monitoring_device d on d.id = s.device_id
where {which} order by s.id for no key update of s
"""
_OF_PAIRS = _LOCKED.format(which="(s.device_id, s.key) in (select * from unnest(%s::bigint[], %s::text[]))")
_OF_IDS = _LOCKED.format(which="s.id = any(%s)")


def series_lock(wanted: dict[tuple[int, str], tuple[str, str]]) -> LockedSeries:
    """Locks the series of these (device id, key) → (protocol, unit), making those that are new."""
    pairs = sorted(wanted)
    columns: list[list[int] | list[str]] = [[device_id for device_id, _ in pairs], [key for _, key in pairs]]
    with connection.cursor() as cursor:
        cursor.execute(_OF_PAIRS, columns)
        rows = cursor.fetchall()
        if len(rows) < len(pairs):
            names = [series_name(wanted[pair][0], pair[1]) for pair in pairs]
            cursor.execute(_NEW_SERIES, [*columns, names, [wanted[pair][1][:20] for pair in pairs], MOST_SERIES])
            cursor.execute(_OF_PAIRS, columns)
            rows = cursor.fetchall()
    return _locked(rows)


def series_lock_by_id(ids: Sequence[int]) -> LockedSeries:
    with connection.cursor() as cursor:
        cursor.execute(_OF_IDS, [list(ids)])
        return _locked(cursor.fetchall())


def _locked(rows: Sequence[tuple[int, int, str, str, int, bytes | None]]) -> LockedSeries:
    state = KernelState.empty(len(rows))
    known = [i for i, row in enumerate(rows) if row[5]]
    if known:
        state.set_rows(known, from_bytes(b"".join(bytes(rows[i][5] or b"") for i in known)))
    return LockedSeries(
        ids=[row[0] for row in rows],
        device_ids=[row[1] for row in rows],
        keys=[row[2] for row in rows],
        kinds=[row[3] for row in rows],
        levels=np.array([row[4] for row in rows], np.int64),
        state=state,
    )


_SAVE = """
update monitoring_series s
set state = w.state, level = w.level, last_time = w.time, last_value = w.value
from unnest(%s::bigint[], %s::bytea[], %s::int[], %s::bigint[], %s::float8[]) w(id, state, level, time, value)
where s.id = w.id
"""


def series_save(locked: LockedSeries, touched: NDArray[np.int64]) -> NDArray[np.int64]:
    """Writes the kernel's memory of the touched ones back; gives each series' level as it is now."""
    state = locked.state
    kinds = (state.level, state.rate_level, state.no_data_level, state["accumulation_level"], state["flat_level"])
    levels = np.max(kinds, axis=0, initial=0).astype(np.int64)
    if len(touched):
        never = np.isnan(state.last_value[touched])
        with connection.cursor() as cursor:
            cursor.execute(
                _SAVE,
                [
                    [locked.ids[i] for i in touched],
                    [to_bytes(state.rows([i])) for i in touched.tolist()],
                    levels[touched].tolist(),
                    [None if n else t for n, t in zip(never, state.last_time[touched].tolist(), strict=True)],
                    [None if n else v for n, v in zip(never, state.last_value[touched].tolist(), strict=True)],
                ],
            )
    return levels
