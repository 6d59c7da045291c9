"""What PATCH and DELETE may do: a device changes what is its own to tell; what the office keeps, and readings, stay."""

import copy
from typing import Any

from django.db import transaction

from anlan.monitoring import store
from anlan.monitoring.models import Alarm, Device, PolledPoint, Series, ThresholdRule
from anlan.monitoring.sta.entities import KINDS
from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.sta.reading import Found
from anlan.monitoring.sta.writing import place_set
from anlan.vocab import units

KEPT = {
    "Things": "a device is retired by the office that registers it, not deleted",
    "Sensors": "a Sensor ends with its device",
    "Locations": "a device keeps its place until it is given another one",
    "Observations": "readings are never deleted or changed",
    "HistoricalLocations": "where a device was does not change",
    "FeaturesOfInterest": "a feature is its device's place",
    "ObservedProperties": "a property ends with its Datastream",
}
CHANGED = ("Things", "Locations", "Sensors", "Datastreams")


@transaction.atomic
def change(device: Device, found: Found, said: Any) -> None:
    """PATCH or PUT of one entity, as an object or as a JSON Patch; what is not told stays. StaError 400, 403, 404, 405,
    or 409 for what is not the device's to change.
    """
    row = _own(device, found, "PATCH", CHANGED)
    if isinstance(said, list):
        said = patched(KINDS[found.kind].say(row), said)
    if not isinstance(said, dict):
        raise StaError(400, "an entity is an object")
    told = {key: value for key, value in said.items() if "@" not in key and key not in KINDS[found.kind].ways}
    if found.kind == "Datastreams":
        return _stream(row, told)
    if found.kind == "Locations" and "location" in told:
        place_set(device, told.pop("location"))
        row.refresh_from_db()
    return _same(found.kind, row, told)


def patched(now: dict[str, Any], steps: list[Any]) -> dict[str, Any]:
    """The properties that a JSON Patch (RFC 6902) of add and replace touches, as they are after it. StaError 400, 501."""
    told: dict[str, Any] = {}
    for step in steps:
        path = step.get("path") if isinstance(step, dict) else None
        if not isinstance(path, str) or not path.startswith("/") or "value" not in step:
            raise StaError(400, "a step of a JSON Patch has op, path and value")
        if step.get("op") not in ("add", "replace"):
            raise StaError(501, f"not served: {step.get('op')!s:.40}")
        first, *rest = path[1:].replace("~1", "/").replace("~0", "~").split("/")
        told[first] = _put(copy.deepcopy(told.get(first, now.get(first))), rest, step["value"])
    return told


def _put(value: Any, path: list[str], new: Any) -> Any:
    if not path:
        return new
    if not isinstance(value, dict):
        raise StaError(400, f"no {path[0][:40]} to replace")
    return {**value, path[0]: _put(value.get(path[0]), path[1:], new)}


def _own(device: Device, found: Found, method: str, kinds: tuple[str, ...]) -> Any:
    if not found.one:
        raise StaError(405, f"{method} is of one entity", allow="GET, POST")
    if found.kind not in kinds or found.time is not None:
        raise StaError(405, KEPT.get(found.kind, "is not changed"), allow="GET")
    row = found.rows.first()
    if row is None:
        raise StaError(404, f"no such entity of {found.kind}")
    owner = row.device if isinstance(row, Series) else row
    if owner.pk != device.pk:
        raise StaError(403, "a device writes to its own Thing")
    return row


def _same(kind: str, row: Any, told: dict[str, Any]) -> None:
    """What is told again as it stands changes nothing; anything else is the office's."""
    now = KINDS[kind].say(row)
    for key, value in told.items():
        if key not in now:
            raise StaError(400, f"{kind} have no {key[:40]}")
        if now[key] != value:
            raise StaError(409, f"{key} of {kind} is kept by the office that registers devices")


def _stream(row: Series, told: dict[str, Any]) -> None:
    """Its name, and its unit while no reading is in another one."""
    name, unit = told.pop("name", None), told.pop("unitOfMeasurement", None)
    now = KINDS["Datastreams"].say(row)
    if name is not None and name != now["name"]:
        if not isinstance(name, str) or not name.strip() or len(name) > 60 or "\0" in name:
            raise StaError(400, "a name has from 1 to 60 characters")
        row.name = name
        told.pop("description", None)
    if unit is not None:
        _unit_set(row, unit)
    _same("Datastreams", row, told)
    row.save(update_fields=["name", "unit"])


def _unit_set(row: Series, said: Any) -> None:
    symbol = said.get("symbol") if isinstance(said, dict) else None
    if symbol is not None and (not isinstance(symbol, str) or len(symbol) > 20 or "\0" in symbol):
        raise StaError(400, "a unit has a symbol of at most 20 characters")
    wanted = units.symbol(symbol or "") or symbol or ""
    if wanted == row.unit:
        return
    if row.unit and _has_readings(row):
        raise StaError(409, f"its readings are in {row.unit}: make another Datastream")
    row.unit = wanted


def _has_readings(row: Series) -> bool:
    return bool(store.latest([row.pk], count=1)[row.pk])


@transaction.atomic
def remove(device: Device, found: Found) -> None:
    """DELETE of a Datastream of which nothing depends. StaError 405 for other kinds, 409 where something does."""
    row = _own(device, found, "DELETE", ("Datastreams",))
    if _has_readings(row) or Alarm.objects.filter(series=row).exists():
        raise StaError(409, "its readings and alarms are kept")
    if ThresholdRule.objects.filter(device=device, key=row.key).exists():
        raise StaError(409, "a rule of the office is about it")
    if PolledPoint.objects.filter(device=device, key=row.key).exists():
        raise StaError(409, "it is asked for by a poll plan")
    row.delete()
