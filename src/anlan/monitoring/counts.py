"""The ledger's counters: added to in the transaction that stores what they count, last of all, in a fixed order."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.evidence import kept_raw
from anlan.monitoring.models import FrameCount
from anlan.monitoring.moments import hour_of, moment
from anlan.protocols import Frame, FrameError

MOST_UNKNOWN = 500
"""Rows kept of senders that nobody has registered."""
KIND_LENGTH, RAW_LENGTH = 20, 2048

_LEDGER = """
insert into monitoring_ledgercount as c (hour, source, state, count)
select %s, * from unnest(%s::text[], %s::smallint[], %s::bigint[])
on conflict (hour, source, state) do update set count = c.count + excluded.count
"""
_FRAMES = """
insert into monitoring_framecount as c (hour, source, kind, frames, readings)
select %s, * from unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])
on conflict (hour, source, kind) do update
    set frames = c.frames + excluded.frames, readings = c.readings + excluded.readings
"""
_UNKNOWN = """
insert into monitoring_unknowndevice as u
    (protocol, code, first_seen_at, last_seen_at, frames, readings, last_raw)
select w.protocol, w.code, %s, %s, w.frames, w.readings, w.raw
from unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bytea[]) w(protocol, code, frames, readings, raw)
on conflict (protocol, code) do update
    set frames = u.frames + excluded.frames, readings = u.readings + excluded.readings,
        last_seen_at = excluded.last_seen_at, last_raw = excluded.last_raw
"""
_ROOM = """
delete from monitoring_unknowndevice where id in (
    select id from monitoring_unknowndevice order by last_seen_at desc, id offset %s for update skip locked)
"""


def states_count(counted: dict[tuple[str, int], int], now: int) -> None:
    """Adds readings by (source, ledger state)."""
    rows = sorted((source, state, number) for (source, state), number in counted.items() if number)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_LEDGER, [hour_of(now), *map(list, zip(*rows, strict=True))])


def frames_count(batch: Iterable[Arrival], now: int, whole: Mapping[str, tuple[int, int]] | None = None) -> None:
    """Adds frames by (source, how they ended), and the readings that they carried; `whole` has more good ones:
    (frames, readings) by source.
    """
    frames = Counter({(source, FrameCount.GOOD): number for source, (number, _) in (whole or {}).items()})
    carried = Counter({(source, FrameCount.GOOD): number for source, (_, number) in (whole or {}).items()})
    for arrival in batch:
        kind, readings = _ending(arrival.event)
        frames[arrival.source, kind] += arrival.times
        carried[arrival.source, kind] += readings
    rows = sorted((source, kind, frames[source, kind], carried[source, kind]) for source, kind in frames)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_FRAMES, [hour_of(now), *map(list, zip(*rows, strict=True))])


def _ending(event: Frame | FrameError) -> tuple[str, int]:
    return (FrameCount.GOOD, len(event.readings)) if isinstance(event, Frame) else (event.kind[:KIND_LENGTH], 0)


def unknown_count(frames: Sequence[Frame], now: int) -> None:
    """Remembers senders that nobody has registered, and lets those go that were not heard for longest."""
    heard: dict[tuple[str, str], tuple[int, int, bytes]] = {}
    for frame in frames:
        times, readings, _raw = heard.get((frame.protocol, frame.device), (0, 0, b""))
        raw = kept_raw(frame.raw[:RAW_LENGTH], frame.protocol)
        heard[frame.protocol, frame.device] = (times + 1, readings + len(frame.readings), raw)
    if not heard:
        return
    rows = sorted((protocol, code, *numbers) for (protocol, code), numbers in heard.items())[:MOST_UNKNOWN]
    with connection.cursor() as cursor:
        cursor.execute(_UNKNOWN, [moment(now), moment(now), *map(list, zip(*rows, strict=True))])
        cursor.execute("select count(*) from monitoring_unknowndevice")
        if (cursor.fetchone() or (0,))[0] > MOST_UNKNOWN:
            cursor.execute(_ROOM, [MOST_UNKNOWN])
