"""GB 26875.3 frames as transmission units and centres write them."""

import math
import re
from collections.abc import Iterator, Mapping

from anlan.protocols.checksums import sum8
from anlan.protocols.gb26875_units import (
    ANALOG,
    LAYOUTS,
    PART_BITS,
    SYSTEM_BITS,
    UNIT_BITS,
    object_spans,
    read_time,
    write_time,
)
from anlan.vocab.clock import ClockError

_PART = re.compile(r"part-(\d{1,3})-(\d{1,3})-(\d{1,10}):(fire|fault|analog-(\d{1,3}))")
_SYSTEM = re.compile(r"system-(\d{1,3})-(\d{1,3}):(fire|fault|power)")
_UNIT = re.compile(r"unit:(fire|fault|link)")
_SEND, _CONFIRM = 2, 3
_NORMAL = 1
_LONGEST = 1024


def confirmation(raw: bytes) -> bytes:
    """Command 3 with the same serial, version and time, source and target exchanged, no application unit."""
    return framed(raw[2:12] + raw[18:24] + raw[12:18], _CONFIRM, b"")


def framed(head: bytes, command: int, unit: bytes) -> bytes:
    """A whole frame; `head` is everything from the serial number to the target address."""
    counted = head + len(unit).to_bytes(2, "little") + bytes((command,)) + unit
    return b"@@" + counted + bytes((sum8(counted),)) + b"##"


def moved(raw: bytes, time: int, newest: int | None) -> bytes:
    """A frame whose times are moved so that the reading time `newest` (else its newest time) is `time`."""
    frame = bytearray(raw)
    places = [6, *(27 + end - 6 for end in _time_ends(raw[27:-3]))]
    moments = {at: moment for at in places if (moment := _moment(raw[at : at + 6])) is not None}
    by = time - (max(moments.values(), default=time) if newest is None else newest)
    for at, moment in moments.items():
        frame[at : at + 6] = write_time(min(moment + by, time))
    frame[-3] = sum8(frame[2:-3])
    return bytes(frame)


def _time_ends(unit: bytes) -> list[int]:
    if not unit or unit[0] not in LAYOUTS or not LAYOUTS[unit[0]].timed:
        return []
    return [end for _, end in object_spans(unit) or []]


def _moment(data: bytes) -> int | None:
    try:
        return read_time(data)
    except ClockError:
        return None


def reports(device: str, time: int, values: Mapping[str, float]) -> bytes:
    """Frames of a transmission unit with its address in decimal, one frame for each type of unit and more
    where 1024 bytes are full. A missing value cannot be said and is left out.
    """
    if not (device.isascii() and device.isdigit()) or int(device) >= 1 << 48:
        raise ValueError(f"a device is a decimal address of 48 bits: {device!r}")
    stamp, source, frames = write_time(time), int(device).to_bytes(6, "little"), []
    serial = time // 1000 % 65536
    for kind, objects in _objects(values, stamp).items():
        for batch in _batches(objects):
            head = serial.to_bytes(2, "little") + b"\x01\x01" + stamp + source + bytes(6)
            frames.append(framed(head, _SEND, bytes((kind, len(batch))) + b"".join(batch)))
            serial = (serial + 1) % 65536
    return b"".join(frames)


def _batches(objects: list[bytes]) -> Iterator[list[bytes]]:
    most = (_LONGEST - 2) // len(objects[0])
    for start in range(0, len(objects), most):
        yield objects[start : start + most]


def _objects(values: Mapping[str, float], stamp: bytes) -> dict[int, list[bytes]]:
    """Objects by unit type; the bits of one part, system or unit share an object."""
    states: dict[tuple[int, bytes], int] = {}
    objects: dict[int, list[bytes]] = {}
    for series, value in values.items():
        kind, head, bit = _place(series)
        if math.isnan(value):
            continue
        if kind == 3:
            objects.setdefault(3, []).append(head + _analog(head[-1], value) + stamp)
        else:
            state = states.get((kind, head), _NORMAL)
            states[kind, head] = state | 1 << bit if value else state
    for (kind, head), state in states.items():
        width, filling = (1, b"") if kind == 21 else (2, bytes(31) if kind == 2 else b"")
        objects.setdefault(kind, []).append(head + state.to_bytes(width, "little") + filling + stamp)
    return objects


def _place(series: str) -> tuple[int, bytes, int]:
    """The unit type, the bytes in front of the state or value, and the bit of a series."""
    if found := _PART.fullmatch(series):
        system, address, part, what, analog = found.groups()
        head = bytes((_byte(system), _byte(address), 0)) + _part_address(part)
        return (3, head + bytes((_byte(analog),)), 0) if analog else (2, head, PART_BITS[what])
    if found := _SYSTEM.fullmatch(series):
        return 1, bytes((_byte(found[1]), _byte(found[2]))), SYSTEM_BITS[found[3]]
    if found := _UNIT.fullmatch(series):
        return 21, b"", UNIT_BITS[found[1]]
    raise ValueError(f"GB 26875.3 has no series {series!r}")


def _byte(text: str) -> int:
    if int(text) > 255:
        raise ValueError(f"{text} is more than a byte holds")
    return int(text)


def _part_address(text: str) -> bytes:
    if int(text) >= 1 << 32:
        raise ValueError(f"{text} is no address of a part")
    return int(text).to_bytes(4, "little")


def _analog(kind: int, value: float) -> bytes:
    scale = ANALOG.get(kind, ("", 1, ""))[1]
    scaled = round(value / scale) if math.isfinite(value) else 1 << 15
    if not -(1 << 15) <= scaled < 1 << 15:
        raise ValueError(f"analog type {kind} cannot hold {value}")
    return scaled.to_bytes(2, "little", signed=True)
