"""HistoricalLocations: where a moving device was, from its recorded positions; where a fixed one was put, from its history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.contrib.gis.geos import Point
from django.db.models import QuerySet

from anlan.kit.points import SRID
from anlan.monitoring import store
from anlan.monitoring.models import Device, Series
from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.sta.filters import Comparison, conjunction
from anlan.monitoring.sta.observations import EARLIEST, LATEST, observation_key, span_of
from anlan.monitoring.sta.options import Options

MOST = 20_000
"""Positions of one device that a count or a page behind others goes through."""


@dataclass(frozen=True, kw_only=True)
class Past:
    """A device at `time` (epoch ms); it looks like the Location that it had then."""

    device: Device
    time: int
    lon: float
    lat: float

    @property
    def pk(self) -> str:
        return f"{self.device.pk}:{self.time}"

    @property
    def device_pk(self) -> int:
        return self.device.pk

    @property
    def name(self) -> str:
        return self.device.name

    @property
    def address(self) -> str:
        return self.device.address

    @property
    def location(self) -> Point:
        return Point(self.lon, self.lat, srid=SRID)


def past_find(rows: QuerySet[Device], time: int) -> Past:
    """StaError 404 where it was nowhere at that very moment."""
    device = rows.first()
    found = next(_past(device, time, time + 1, down=False), None) if device else None
    if found is None:
        raise StaError(404, "no such HistoricalLocation")
    return found


def past_page(rows: QuerySet[Device], asked: Options) -> tuple[list[Past], dict[str, int] | None, int | None]:
    """Of one Thing in order of time, of several one after the other."""
    start, end, devices = _bounds(conjunction(asked.where), list(rows.order_by("pk")))
    down = _descending(asked)
    ordered = devices[::-1] if down else devices
    told = (one for device in ordered for one in _past(device, start, end, down=down))
    found = list(islice(told, asked.skip, asked.skip + asked.top + 1))
    following = {"$skip": asked.skip + asked.top} if len(found) > asked.top else None
    count = sum(1 for device in devices for _ in _past(device, start, end, down=False)) if asked.count else None
    return found[: asked.top], following, count


def _descending(asked: Options) -> bool:
    for name, down in asked.order[:1]:
        if name not in ("time", "id", "@iot.id"):
            raise StaError(501, f"HistoricalLocations are not ordered by {name[:40]}")
        return down
    return False


def _bounds(filters: Sequence[Comparison], devices: list[Device]) -> tuple[int, int, list[Device]]:
    start, end = EARLIEST, LATEST
    for one in filters:
        if one.name == "time" and one.operator != "ne":
            low, high = span_of(one)
            start, end = max(start, low), min(end, high)
        elif one.name in ("Thing/id", "Thing/@iot.id") and one.operator == "eq":
            devices = [device for device in devices if device.pk == one.number()]
        elif one.name in ("id", "@iot.id") and one.operator == "eq":
            device_id, time = observation_key(one.value)
            start, end = max(start, time), min(end, time + 1)
            devices = [device for device in devices if device.pk == device_id]
        else:
            raise StaError(501, f"$filter: HistoricalLocations are not filtered by {one.name[:40]} {one.operator}")
    return start, end, devices


def _past(device: Device, start: int, end: int, *, down: bool) -> Iterator[Past]:
    keys = dict(Series.objects.filter(device=device, key__in=("lon", "lat")).values_list("key", "pk"))
    if len(keys) == 2:
        yield from _driven(device, keys["lon"], keys["lat"], (start, end), down=down)
    else:
        yield from _put(device, start, end, down=down)


def _driven(device: Device, lon: int, lat: int, span: tuple[int, int], *, down: bool) -> Iterator[Past]:
    """The newest of them, where there are too many to go through from the first."""
    norths = store.latest([lat], count=MOST, since=span[0])[lat]
    times = [time for time, _, _ in norths if time < span[1]]
    if not times:
        return
    easts = store.arrays(lon, start=times[0], end=times[-1] + 1)
    found = dict(zip(easts.time.tolist(), easts.value.tolist(), strict=True))
    for time, north, state in reversed(norths) if down else norths:
        if time in found and time < span[1] and state in store.VALID:
            yield Past(device=device, time=time, lon=found[time], lat=north)


def _put(device: Device, start: int, end: int, *, down: bool) -> Iterator[Past]:
    """Each time that its place in the register became another one."""
    found: list[Past] = []
    rows = device.history.order_by("history_date", "history_id")  # type: ignore[attr-defined]
    for at, place in rows.values_list("history_date", "location"):
        if place is not None and (not found or (found[-1].lon, found[-1].lat) != (place.x, place.y)):
            found.append(Past(device=device, time=int(at.timestamp() * 1000), lon=place.x, lat=place.y))
    within = [one for one in found if start <= one.time < end]
    yield from reversed(within) if down else within
