"""How rows look as SensorThings, and which way leads from one kind to another."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from anlan.monitoring.models import Device, Series
from anlan.monitoring.sta.observations import Observation
from anlan.monitoring.sta.who import Who
from anlan.monitoring.wording import series_title, source_title, unit_text
from anlan.protocols.frames import Reading
from anlan.rules import Ledger
from anlan.vocab import clock

MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
GEOJSON = "application/geo+json"


@dataclass(frozen=True, kw_only=True)
class Way:
    """From an entity to others: the collection that they are of, the filter that finds them, whether it is one."""

    to: str
    by: str
    one: bool = False


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A collection of entities. `rows` gives what somebody sees; `say` an entity's own properties."""

    rows: Callable[[Who], QuerySet[Any]]
    say: Callable[[Any], dict[str, Any]]
    ways: dict[str, Way]
    filters: dict[str, str]


def _placed(who: Who) -> QuerySet[Device]:
    return who.devices().exclude(location=None)


def _thing(row: Device) -> dict[str, Any]:
    return {
        "name": row.name,
        "description": f"{row.get_kind_display()} {row.address}".strip(),
        "properties": {"code": row.code, "protocol": row.protocol, "kind": row.kind, "status": row.status},
    }


def _point(row: Device) -> dict[str, Any]:
    assert row.location is not None
    return json.loads(row.location.geojson)


def _location(row: Device) -> dict[str, Any]:
    described = {"name": row.name, "description": row.address or row.name}
    return {**described, "encodingType": GEOJSON, "location": _point(row)}


def _feature(row: Device) -> dict[str, Any]:
    return {"name": row.name, "description": row.address or row.name, "encodingType": GEOJSON, "feature": _point(row)}


def _sensor(row: Device) -> dict[str, Any]:
    return {
        "name": f"{row.name} {source_title(row.protocol)}",
        "description": row.get_kind_display(),
        "encodingType": "text/plain",
        "metadata": row.protocol,
    }


def _datastream(row: Series) -> dict[str, Any]:
    title = series_title(row, row.device.protocol)
    said: dict[str, Any] = {
        "name": title,
        "description": f"{row.device.name} {title}",
        "observationType": MEASUREMENT,
        "unitOfMeasurement": {"name": unit_text(row.unit) or None, "symbol": row.unit or None, "definition": None},
        "properties": {"key": row.key},
    }
    if row.device.location is not None:
        said["observedArea"] = _point(row.device)
    return said


def _observed_property(row: Series) -> dict[str, Any]:
    title = series_title(row, row.device.protocol)
    return {"name": title, "definition": f"urn:anlan:{row.device.protocol}:{row.key}", "description": title}


def _observation(row: Observation) -> dict[str, Any]:
    time = clock.write_iso(row.time)
    reading = Reading(series="", time=row.time, value=row.value, unit="")
    state = {"state": Ledger(row.state).name.lower()} if row.state >= 0 else {}
    return {
        "phenomenonTime": time,
        "resultTime": time,
        "result": None if reading.missing else row.value,
        "parameters": state,
    }


_DEVICE_FILTERS = {
    "name": "name",
    "properties/code": "code",
    "properties/kind": "kind",
    "properties/protocol": "protocol",
}
_SERIES_FILTERS = {"name": "name", "properties/key": "key", "unitOfMeasurement/symbol": "unit"}

KINDS: dict[str, Kind] = {
    "Things": Kind(
        rows=lambda who: who.devices(),
        say=_thing,
        ways={
            "Datastreams": Way(to="Datastreams", by="device_id"),
            "Locations": Way(to="Locations", by="pk"),
            "HistoricalLocations": Way(to="HistoricalLocations", by="pk"),
        },
        filters=_DEVICE_FILTERS,
    ),
    "Locations": Kind(
        rows=_placed,
        say=_location,
        ways={
            "Things": Way(to="Things", by="pk"),
            "HistoricalLocations": Way(to="HistoricalLocations", by="pk"),
        },
        filters={"name": "name"},
    ),
    "HistoricalLocations": Kind(
        rows=lambda who: who.devices(),
        say=lambda row: {"time": clock.write_iso(row.time)},
        ways={"Thing": Way(to="Things", by="pk", one=True), "Locations": Way(to="Locations", by="pk")},
        filters={},
    ),
    "Datastreams": Kind(
        rows=lambda who: who.series(),
        say=_datastream,
        ways={
            "Thing": Way(to="Things", by="series", one=True),
            "Sensor": Way(to="Sensors", by="series", one=True),
            "ObservedProperty": Way(to="ObservedProperties", by="pk", one=True),
            "Observations": Way(to="Observations", by="pk"),
        },
        filters=_SERIES_FILTERS | {"Thing/id": "device_id", "Thing/@iot.id": "device_id"},
    ),
    "Sensors": Kind(
        rows=lambda who: who.devices(),
        say=_sensor,
        ways={"Datastreams": Way(to="Datastreams", by="device_id")},
        filters={"name": "name"},
    ),
    "ObservedProperties": Kind(
        rows=lambda who: who.series(),
        say=_observed_property,
        ways={"Datastreams": Way(to="Datastreams", by="pk")},
        filters=_SERIES_FILTERS,
    ),
    "FeaturesOfInterest": Kind(
        rows=_placed,
        say=_feature,
        ways={"Observations": Way(to="Observations", by="device_id")},
        filters={"name": "name"},
    ),
    "Observations": Kind(
        rows=lambda who: who.series(),
        say=_observation,
        ways={
            "Datastream": Way(to="Datastreams", by="pk", one=True),
            "FeatureOfInterest": Way(to="FeaturesOfInterest", by="series", one=True),
        },
        filters={},
    ),
}
"""Behind Observations stand the series that they are of, behind HistoricalLocations the devices."""


def way_key(kind: str, row: Any) -> Any:
    """What the ways from a row are found by: an Observation's are those of its series, a past place's of its device."""
    if kind == "Observations":
        return row.series_id
    return getattr(row, "device_pk", row.pk)
