"""Observations: readings of Datastreams, read in pages and written through the one home of judgement."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anlan.monitoring import store
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Device, Series
from anlan.monitoring.moments import now_ms
from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.sta.filters import Comparison, conjunction
from anlan.monitoring.sta.options import Options
from anlan.protocols import Frame, Reading
from anlan.vocab import clock

SOURCE = "sta"
EARLIEST, LATEST = 0, clock.LATEST
_ID = re.compile(r"(\d{1,15}):(\d{1,15})")
_TIMES = ("phenomenonTime", "resultTime")
_FIRST_SPAN = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Observation:
    """A reading; `time` in epoch ms."""

    series_id: int
    time: int
    value: float
    state: int

    @property
    def pk(self) -> str:
        return f"{self.series_id}:{self.time}"


@dataclass(frozen=True, kw_only=True)
class Page:
    """`following` are the options of the next page, none on the last one."""

    rows: list[Observation]
    following: dict[str, int] | None
    count: int | None


def observation_key(key: str) -> tuple[int, int]:
    """Series and time (ms) of an Observation's id."""
    match = _ID.fullmatch(key)
    if match is None:
        raise StaError(404, f"no Observation {key[:60]}")
    return int(match[1]), int(match[2])


def observations(series_ids: Sequence[int], asked: Options) -> Page:
    """Of one Datastream in order of time; of several one after the other."""
    start, end, ids = _bounds(conjunction(asked.where), series_ids)
    down = _descending(asked)
    if asked.token is not None and len(ids) == 1:
        start, end = (start, min(end, asked.token)) if down else (max(start, asked.token + 1), end)
    wanted = asked.skip + asked.top + 1
    rows: list[Observation] = []
    for series_id in ids if not down else ids[::-1]:
        found = _newest(series_id, start, end, wanted - len(rows)) if down else None
        if found is None:
            found = store.readings(series_id, start=start, end=end, limit=wanted - len(rows))
        rows += [Observation(series_id=series_id, time=t, value=v, state=s) for t, v, s in found]
        if len(rows) >= wanted:
            break
    shown = rows[asked.skip : asked.skip + asked.top]
    more = len(rows) > asked.skip + asked.top
    return Page(
        rows=shown,
        following=_following(asked, shown, len(ids) == 1) if more else None,
        count=_count(ids, start, end) if asked.count else None,
    )


def _following(asked: Options, shown: list[Observation], alone: bool) -> dict[str, int]:
    if alone and shown:
        return {"$skiptoken": shown[-1].time}
    return {"$skip": asked.skip + asked.top}


def _descending(asked: Options) -> bool:
    if not asked.order:
        return False
    name, down = asked.order[0]
    if name not in (*_TIMES, "id", "@iot.id"):
        raise StaError(501, f"Observations are not ordered by {name[:40]}")
    return down


def _bounds(filters: Sequence[Comparison], series_ids: Sequence[int]) -> tuple[int, int, list[int]]:
    """From `start` up to and without `end` (ms), of these series."""
    start, end, ids = EARLIEST, LATEST, sorted(series_ids)
    for one in filters:
        name = one.name
        if name in ("id", "@iot.id") and one.operator == "eq":
            series_id, time = observation_key(one.value)
            start, end, ids = max(start, time), min(end, time + 1), [i for i in ids if i == series_id]
        elif name in ("Datastream/id", "Datastream/@iot.id") and one.operator == "eq":
            ids = [i for i in ids if i == one.number()]
        elif name in _TIMES and one.operator != "ne":
            low, high = span_of(one)
            start, end = max(start, low), min(end, high)
        else:
            raise StaError(501, f"$filter: Observations are not filtered by {name[:40]} {one.operator}")
    return start, end, ids


def span_of(one: Comparison) -> tuple[int, int]:
    """The moments that a comparison leaves, from and without the second."""
    time = one.time()
    return {
        "eq": (time, time + 1), "gt": (time + 1, LATEST), "ge": (time, LATEST), "lt": (EARLIEST, time),
        "le": (EARLIEST, time + 1),
    }[one.operator]  # fmt: skip


def _newest(series_id: int, start: int, end: int, most: int) -> list[tuple[int, float, int]]:
    """The last ones before `end`, newest first, looked for in ever longer spans."""
    if end >= LATEST:
        return store.latest([series_id], count=most, since=start)[series_id][::-1]
    span, low = _FIRST_SPAN, end
    while True:
        low = max(start, end - span)
        found = store.readings(series_id, start=low, end=end, limit=1_000_000)
        if len(found) >= most or low <= start:
            return found[::-1][:most]
        span *= 4


def _count(ids: Sequence[int], start: int, end: int) -> int:
    found = store.envelopes(ids, start=start, end=end, buckets=1)
    return sum(bucket.number for buckets in found.values() for bucket in buckets)


def observation_find(series: Series, time: int) -> Observation:
    found = store.readings(series.pk, start=time, end=time + 1)
    if not found:
        raise StaError(404, "no such Observation")
    return Observation(series_id=series.pk, time=time, value=found[0][1], state=found[0][2])


def said_observation(said: Any) -> tuple[int, float]:
    """Time (ms; now where none is told) and value of an Observation as it is sent. StaError 400."""
    if not isinstance(said, dict) or "result" not in said:
        raise StaError(400, "an Observation has a result")
    return _time(said), _value(said["result"])


def _time(said: dict[str, Any]) -> int:
    text = said.get("phenomenonTime") or said.get("resultTime")
    if text is None:
        return now_ms()
    if not isinstance(text, str):
        raise StaError(400, "phenomenonTime is an ISO 8601 text")
    try:
        return clock.parse_iso(text.partition("/")[2] or text)[0]
    except clock.ClockError as error:
        raise StaError(400, str(error)) from error


def _value(said: Any) -> float:
    if said is None:
        return math.nan
    if not isinstance(said, int | float):
        raise StaError(400, "a result is a number, true, false or null")
    try:
        value = float(said)
    except OverflowError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def observations_create(device: Device, told: Sequence[tuple[Series, int, float]], raw: bytes) -> list[Observation]:
    """Durable when it returns; what is judged as late, duplicate or invalid is created all the same, and counted so."""
    frame = Frame(
        protocol=device.protocol,
        device=device.code,
        function="Observations",
        readings=tuple(Reading(series=s.key, time=time, value=value, unit=s.unit) for s, time, value in told),
        fields={},
        reply=None,
        raw=raw[:4096],
    )
    readings_store(batch=[Arrival(source=SOURCE, event=frame)])
    return [Observation(series_id=s.pk, time=time, value=value, state=-1) for s, time, value in told]
