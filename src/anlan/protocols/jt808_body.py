"""What the messages of JT/T 808 say: where a vehicle is, and who a terminal is.

Positions are WGS-84 as terminals report them. Extras that no table names are kept as hex.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from anlan.protocols.chinese import chinese
from anlan.protocols.frames import Reading
from anlan.protocols.jt808_write import ALARMS, LOCATED, SOUTH, STAMP, WEST
from anlan.vocab import clock

FIXED = 28
_NUMBERS = {
    0x01: ("mileage", 4, 10, "km"),
    0x02: ("fuel", 2, 10, "L"),
    0x03: ("recorder_speed", 2, 10, "km/h"),
    0x30: ("signal", 1, 1, "1"),
    0x31: ("satellites", 1, 1, "1"),
}
_READ = ("mileage", "fuel")
PARAMETERS = {
    0x0001: ("心跳间隔", "秒"),
    0x0027: ("休眠时汇报间隔", "秒"),
    0x0028: ("紧急报警时汇报间隔", "秒"),
    0x0029: ("缺省汇报间隔", "秒"),
    0x0055: ("最高速度", "公里/小时"),
}
"""Those that a person may set; the others of a terminal are kept as hex."""


class BodyError(ValueError):
    """A body shorter than its message needs."""


@dataclass
class Said:
    """What a body gives: readings, fields and the leniencies that it needed."""

    readings: list[Reading] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    deviations: list[str] = field(default_factory=list)


def location(body: bytes) -> Said:
    """0200. Without a usable time there are no readings. BodyError for less than the fixed part."""
    if len(body) < FIXED:
        raise BodyError(f"a location of {len(body)} bytes")
    alarm, status, lat, lon = (int.from_bytes(body[at : at + 4], "big") for at in (0, 4, 8, 12))
    altitude, speed, direction = (int.from_bytes(body[at : at + 2], "big") for at in (16, 18, 20))
    said = Said(
        fields={
            "alarm": alarm,
            "status": status,
            "lat": lat / 1e6 * (-1 if status & SOUTH else 1),
            "lon": lon / 1e6 * (-1 if status & WEST else 1),
            "altitude_m": altitude,
            "speed_kmh": speed / 10,
            "direction": direction,
            "time": body[22:28].hex(),
            "located": bool(status & LOCATED),
        }
    )
    extras = _extras(body[FIXED:], said)
    time = _time(body[22:28], said)
    if time is not None:
        said.readings = [Reading(series=s, time=time, value=v, unit=u) for s, v, u in _values(said, extras)]
    return said


def _time(data: bytes, said: Said) -> int | None:
    try:
        return clock.parse(data.hex(), STAMP)
    except clock.ClockError:
        said.deviations.append("bad_time" if any(data) else "no_clock")
        return None


def _values(said: Said, extras: dict[str, float]) -> Iterator[tuple[str, float, str]]:
    """Series, value, unit. A position without a fix, or off the globe, is missing."""
    told = said.fields
    here = told["located"]
    if here and (abs(told["lat"]) > 90 or abs(told["lon"]) > 180):
        said.deviations.append("bad_position")
        here = False
    yield "lon", told["lon"] if here else math.nan, "deg"
    yield "lat", told["lat"] if here else math.nan, "deg"
    yield "speed", told["speed_kmh"], "km/h"
    yield "direction", float(told["direction"]), "deg"
    yield "altitude", float(told["altitude_m"]), "m"
    for series, bit in ALARMS.items():
        yield series, float(told["alarm"] >> bit & 1), "1"
    for series in _READ:
        if series in extras:
            yield series, extras[series], "km" if series == "mileage" else "L"


def _extras(data: bytes, said: Said) -> dict[str, float]:
    """Named numbers; everything is kept as hex by its number."""
    kept: dict[str, str] = {}
    named: dict[str, float] = {}
    at = 0
    while at + 2 <= len(data):
        number, size = data[at], data[at + 1]
        value = data[at + 2 : at + 2 + size]
        if len(value) < size:
            break
        kept[f"{number:02x}"] = value.hex()
        if number in _NUMBERS and size == _NUMBERS[number][1]:
            named[_NUMBERS[number][0]] = int.from_bytes(value, "big") / _NUMBERS[number][2]
        at += 2 + size
    if at < len(data):
        said.deviations.append("cut_extras")
    said.fields["extras"] = kept
    said.fields |= {key: value for key, value in named.items() if key not in _READ}
    return named


def batch(body: bytes) -> Said:
    """0704: locations gathered while nobody listened. A location that cannot be read is named, the others are kept."""
    if len(body) < 3:
        raise BodyError(f"a batch of {len(body)} bytes")
    said = Said(fields={"count": int.from_bytes(body[:2], "big"), "type": body[2], "locations": []})
    for data in _items(body[3:], said):
        try:
            one = location(data)
        except BodyError:
            said.deviations.append("bad_location")
            continue
        said.readings += one.readings
        said.fields["locations"].append(one.fields)
        said.deviations += one.deviations
    if len(said.fields["locations"]) != said.fields["count"]:
        said.deviations.append("batch_count")
    return said


def _items(data: bytes, said: Said) -> Iterator[bytes]:
    at = 0
    while at + 2 <= len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        if at + 2 + size > len(data):
            said.deviations.append("cut_batch")
            return
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


def register(body: bytes, new: bool) -> Said:
    """0100. What the edition of 2013 says in 5, 8 and 7 bytes, that of 2019 says in 11, 30 and 30."""
    maker, model, terminal = (11, 30, 30) if new else (5, 20, 7)
    if len(body) < 4 + maker + model + terminal + 1:
        raise BodyError(f"a registration of {len(body)} bytes")
    ends = [4, 4 + maker, 4 + maker + model, 4 + maker + model + terminal]
    words = [_text(body[start:end]) for start, end in itertools.pairwise(ends)]
    plate, utf8 = chinese(body[ends[3] + 1 :])
    return Said(
        deviations=["utf8_text"] if utf8 else [],
        fields={
            "province": int.from_bytes(body[:2], "big"),
            "city": int.from_bytes(body[2:4], "big"),
            "maker": words[0],
            "model": words[1],
            "terminal": words[2],
            "plate_colour": body[ends[3]],
            "plate": plate.replace("\0", "").strip(),
        },
    )


def authentication(body: bytes, new: bool) -> Said:
    """0102. In the edition of 2019 the code has a length before it and IMEI and software behind it."""
    if not new:
        return Said(fields={"code": _text(body)})
    size = body[0] if body else 0
    rest = body[1 + size :]
    return Said(
        fields={"code": _text(body[1 : 1 + size]), "imei": _text(rest[:15]), "software": _text(rest[15:])},
        deviations=[] if len(body) >= 1 + size + 35 else ["short_authentication"],
    )


def position_answer(body: bytes) -> Said:
    """0201: the number of our question, and a location."""
    said = location(body[2:])
    said.fields["answers_serial"] = int.from_bytes(body[:2], "big")
    return said


def parameters(body: bytes) -> Said:
    """0104: the number of our question, and parameters; those that a table names in words, all in hex."""
    if len(body) < 3:
        raise BodyError(f"parameters of {len(body)} bytes")
    rows, at = list[dict[str, Any]](), 3
    while at + 5 <= len(body) and at + 5 + body[at + 4] <= len(body):
        number, value = int.from_bytes(body[at : at + 4], "big"), body[at + 5 : at + 5 + body[at + 4]]
        name, unit = PARAMETERS.get(number, ("", ""))
        told = int.from_bytes(value, "big") if name else None
        rows.append({"id": f"{number:04X}", "name": name, "raw": value.hex(), "value": told, "unit": unit})
        at += 5 + len(value)
    fields = {"answers_serial": int.from_bytes(body[:2], "big"), "count": body[2], "parameters": rows}
    whole = at == len(body) and len(rows) == body[2]
    return Said(fields=fields, deviations=[] if whole else ["parameter_count"])


def terminal_ack(body: bytes) -> Said:
    """0001: which of our messages it answers, and with what result."""
    if len(body) < 5:
        raise BodyError(f"an answer of {len(body)} bytes")
    return Said(
        fields={
            "answers_serial": int.from_bytes(body[:2], "big"),
            "answers": body[2:4].hex(),
            "result": body[4],
        }
    )


def _text(data: bytes) -> str:
    return data.decode("gbk", "replace").replace("\0", "").strip()
