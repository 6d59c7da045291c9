"""What a device writes: its Observations, and Datastreams of its own Thing."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from anlan.kit.points import point_of
from anlan.monitoring.models import Device, Series
from anlan.monitoring.resolve import KEY_LENGTH, MOST_SERIES, sayable
from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.sta.observations import Observation, observations_create, said_observation
from anlan.monitoring.sta.reading import Found
from anlan.vocab import units

MOST_DEEP = 200
Link = tuple[str, Any]


def create(device: Device, found: Found, said: Any, raw: bytes) -> Link:
    """The collection and id of what a POST has made. StaError 400, 403 or 501."""
    if not isinstance(said, dict):
        raise StaError(400, "an entity is an object")
    if found.kind == "Observations":
        return "Observations", _observation(device, found, said, raw).pk
    if found.kind == "Datastreams":
        _own_thing(device, said.get("Thing"))
        return "Datastreams", _datastream(device, said, raw).pk
    if found.kind == "Things":
        return "Things", _thing(device, said, raw).pk
    raise StaError(501, f"{found.kind} are made by the office that registers devices")


def _observation(device: Device, found: Found, said: dict[str, Any], raw: bytes) -> Observation:
    """To the Datastream of the path, else to that which it names."""
    rows = found.rows.filter(device=device)
    named = said.get("Datastream")
    if named is not None:
        rows = rows.filter(pk=_id(named))
    if named is None and rows.count() > 1:
        raise StaError(400, "an Observation names its Datastream")
    series = rows.first()
    if series is None:
        raise StaError(403, "no such Datastream of this device")
    time, value = said_observation(said)
    return observations_create(device, [(series, time, value)], raw)[0]


def _id(said: Any) -> int:
    key = said.get("@iot.id") if isinstance(said, dict) else None
    if isinstance(key, str) and key.isdigit() and len(key) < 19:
        return int(key)
    if not isinstance(key, int) or isinstance(key, bool) or not 0 <= key < 2**63:
        raise StaError(400, "an entity is named by its @iot.id")
    return key


def _own_thing(device: Device, said: Any) -> None:
    if said is not None and _id(said) != device.pk:
        raise StaError(403, "a device writes to its own Thing")


def _thing(device: Device, said: dict[str, Any], raw: bytes) -> Device:
    """A device is its own Thing and makes no other; what it says of its Datastreams is made."""
    properties = said.get("properties")
    code = properties.get("code") if isinstance(properties, dict) else None
    if code not in (None, device.code) or (code is None and said.get("name") not in (device.code, device.name)):
        raise StaError(403, "a device's token makes no Thing but the device itself: tell its code or its name")
    with transaction.atomic():
        _place(device, said.get("Locations"))
        for inner in _list(said.get("Datastreams")):
            _datastream(device, inner, raw)
    return device


def _place(device: Device, said: Any) -> None:
    """A device without a place is put where it says; a person's entry stays."""
    for one in _list(said)[:1]:
        point = one.get("location")
        if device.location is None and isinstance(point, dict) and point.get("type") == "Point":
            place_set(device, point)


def place_set(device: Device, point: Any) -> None:
    """Where it is, told by itself: a vehicle, or a device that nobody has placed. StaError 400, 409."""
    try:
        lon, lat = (float(part) for part in point["coordinates"][:2])
        found = point_of(lon, lat)
    except (KeyError, TypeError, ValueError) as error:
        raise StaError(400, "a location is a GeoJSON point") from error
    if device.location is not None and device.kind != Device.Kind.VEHICLE:
        if (round(device.location.x, 7), round(device.location.y, 7)) != (round(found.x, 7), round(found.y, 7)):
            raise StaError(409, "a person has placed this device; a person moves it")
        return
    device.location = found
    device.save(update_fields=["location"])


def _list(said: Any) -> list[dict[str, Any]]:
    if said is None:
        return []
    if not isinstance(said, list) or len(said) > MOST_DEEP or not all(isinstance(one, dict) for one in said):
        raise StaError(400, f"a list of at most {MOST_DEEP} entities is needed")
    return said


def _datastream(device: Device, said: dict[str, Any], raw: bytes) -> Series:
    """The series of this key, made where there is none; its key is `properties.key`, else its name."""
    properties, unit = said.get("properties"), said.get("unitOfMeasurement")
    name = said.get("name")
    key = properties.get("key", name) if isinstance(properties, dict) else name
    symbol = unit.get("symbol") if isinstance(unit, dict) else None
    if not isinstance(key, str) or not sayable(key, KEY_LENGTH) or not isinstance(name, str) or "\0" in name:
        raise StaError(400, f"a Datastream has a name, and a key of at most {KEY_LENGTH} characters")
    text = symbol[:20] if isinstance(symbol, str) and "\0" not in symbol else ""
    known = Series.objects.filter(device=device)
    if not known.filter(key=key).exists() and known.count() >= MOST_SERIES:
        raise StaError(400, f"a device has at most {MOST_SERIES} Datastreams")
    fresh = {"name": name[:60] if name != key else "", "unit": units.symbol(text) or text}
    series, _made = Series.objects.get_or_create(device=device, key=key, defaults=fresh)
    told = [(series, *said_observation(one)) for one in _list(said.get("Observations"))]
    if told:
        observations_create(device, told, raw)
    return series


def create_many(device: Device, said: Any, raw: bytes) -> list[Link | None]:
    """CreateObservations, the data array extension: one entry a row, None for a row that is none."""
    links: list[Link | None] = []
    told: list[tuple[Series, int, float]] = []
    own = {series.pk: series for series in Series.objects.filter(device=device)}
    for block in _list(said):
        names, rows = block.get("components"), block.get("dataArray")
        if not isinstance(names, list) or not isinstance(rows, list) or len(rows) > 10_000:
            raise StaError(400, "a block has components and a dataArray of at most 10000 rows")
        series = own.get(_id(block.get("Datastream")))
        for row in rows:
            link = _row(series, names, row)
            links.append(("Observations", f"{link[0].pk}:{link[1]}") if link else None)
            told += [link] if link else []
    if told:
        observations_create(device, told, raw)
    return links


def _row(series: Series | None, names: Sequence[Any], row: Any) -> tuple[Series, int, float] | None:
    if series is None or not isinstance(row, list) or len(row) != len(names):
        return None
    try:
        time, value = said_observation(dict(zip(map(str, names), row, strict=True)))
    except StaError:
        return None
    return series, time, value
