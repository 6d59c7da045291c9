"""JT/T 808 frames as terminals and platforms write them."""

import math
from collections.abc import Mapping
from functools import reduce
from operator import xor

from anlan.vocab import clock

FLAG = b"\x7e"
SPLIT, VERSIONED = 1 << 13, 1 << 14
LONGEST_BODY = 1023
STAMP = "YYMMDDHHmmSS"
LOCATED, SOUTH, WEST = 1 << 1, 1 << 2, 1 << 3
ALARMS = {
    "alarm:sos": 0,
    "alarm:overspeed": 1,
    "alarm:fatigue": 2,
    "alarm:danger": 3,
    "alarm:power": 8,
    "alarm:route": 23,
    "alarm:theft": 26,
    "alarm:collision": 29,
    "alarm:rollover": 30,
}
"""Series of alarm bits; the other bits are kept in a frame's fields."""
EXTRAS = {"mileage": (1, 4, 10), "fuel": (2, 2, 10)}
_PLAIN = frozenset(("lon", "lat", "speed", "direction", "altitude"))


def escaped(data: bytes) -> bytes:
    return data.replace(b"\x7d", b"\x7d\x01").replace(FLAG, b"\x7d\x02")


def check(data: bytes) -> int:
    """All bytes combined by XOR."""
    return reduce(xor, data, 0)


def wrapped(message: bytes) -> bytes:
    """A whole frame of a header with its body."""
    return FLAG + escaped(message + bytes((check(message),))) + FLAG


def frame(function: int, phone: bytes, serial: int, body: bytes, version: int = 1) -> bytes:
    """`phone` is BCD, six bytes in the edition of 2013, ten in that of 2019. ValueError for a body that is too long."""
    if len(body) > LONGEST_BODY:
        raise ValueError(f"a body of {len(body)} bytes needs more than one frame")
    new = len(phone) == 10
    props = len(body) | VERSIONED * new
    head = function.to_bytes(2, "big") + props.to_bytes(2, "big") + bytes((version,)) * new
    return wrapped(head + phone + serial.to_bytes(2, "big") + body)


def phone_bytes(device: str) -> bytes:
    """A terminal's number as BCD: twelve digits in the edition of 2013, what is longer in that of 2019."""
    if not (device.isascii() and device.isdigit()) or len(device) > 20:
        raise ValueError(f"a terminal has up to twenty digits: {device!r}")
    return bytes.fromhex(device.zfill(12 if len(device) <= 12 else 20))


def platform_ack(phone: bytes, serial: int, function: int, result: int) -> bytes:
    """8001: 0 success, 1 failure, 2 bad message, 3 not supported."""
    return frame(0x8001, phone, serial, serial.to_bytes(2, "big") + function.to_bytes(2, "big") + bytes((result,)))


def register_answer(phone: bytes, serial: int, code: str) -> bytes:
    """8100: success, with the code that the terminal shows from then on."""
    return frame(0x8100, phone, serial, serial.to_bytes(2, "big") + b"\x00" + code.encode())


def register_refused(phone: bytes, serial: int, result: int) -> bytes:
    """8100: 1 vehicle registered already, 2 no such vehicle, 3 terminal registered already, 4 no such terminal."""
    return frame(0x8100, phone, serial, serial.to_bytes(2, "big") + bytes((result,)))


def parameters_body(values: Mapping[int, int | str | bytes]) -> bytes:
    """8103, and 0104 behind its serial: a whole number is sent in four bytes, a text in GBK. ValueError beyond 255 bytes."""
    body = bytes((len(values),))
    for number, value in values.items():
        data = value.to_bytes(4, "big") if isinstance(value, int) else value
        data = data.encode("gbk") if isinstance(data, str) else data
        body += number.to_bytes(4, "big") + bytes((len(data),)) + data
    return body


def text_body(text: str, *, urgent: bool = False, new: bool = False) -> bytes:
    """8300: words for the driver, shown on the terminal's display and read out. UnicodeEncodeError for what GBK has not."""
    return bytes((urgent | 1 << 2 | 1 << 3,)) + b"\x01" * new + text.encode("gbk")


def location(device: str, time: int, values: Mapping[str, float]) -> bytes:
    """0200 of a terminal. A missing position is one without a fix; other missing values are left out."""
    body = location_body(time, values)
    return frame(0x0200, phone_bytes(device), time // 1000 % 65536, body)


def location_body(time: int, values: Mapping[str, float]) -> bytes:
    """ValueError for what a location cannot hold."""
    if unknown := values.keys() - _PLAIN - ALARMS.keys() - EXTRAS.keys():
        raise ValueError(f"JT/T 808 has no series {sorted(unknown)[0]!r}")
    said = {key: value for key, value in values.items() if math.isfinite(value)}
    lon, lat = said.get("lon"), said.get("lat")
    status = 0
    if lon is not None and lat is not None:
        if abs(lon) > 180 or abs(lat) > 90:
            raise ValueError(f"no place on earth: {lon}, {lat}")
        status = LOCATED | SOUTH * (lat < 0) | WEST * (lon < 0)
    alarm = sum(1 << bit for series, bit in ALARMS.items() if said.get(series))
    words = (round(abs(lat or 0) * 1e6), round(abs(lon or 0) * 1e6))
    body = b"".join(word.to_bytes(4, "big") for word in (alarm, status, *words))
    body += _word(said.get("altitude", 0), 1) + _word(said.get("speed", 0), 10) + _word(said.get("direction", 0), 1)
    return body + bytes.fromhex(clock.write(time, STAMP)) + _extras(said)


def _word(value: float, scale: int, size: int = 2) -> bytes:
    number = round(value * scale)
    if not 0 <= number < 1 << 8 * size:
        raise ValueError(f"{value} does not fit into {size} bytes")
    return number.to_bytes(size, "big")


def _extras(said: Mapping[str, float]) -> bytes:
    told = ((number, size, scale, said[key]) for key, (number, size, scale) in EXTRAS.items() if key in said)
    return b"".join(bytes((number, size)) + _word(value, scale, size) for number, size, scale, value in told)
