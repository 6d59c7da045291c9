"""Application units of GB 26875.3: what a fire alarm panel says, object by object."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from anlan.protocols import tables
from anlan.protocols.chinese import chinese
from anlan.protocols.frames import Reading
from anlan.vocab import units
from anlan.vocab.clock import LEAP, ClockError, beijing_ms, beijing_parts

_CODES = tables.load_json("gb26875_codes.json")
COMMANDS: dict[int, str] = {int(code): name for code, name in _CODES["commands"].items()}
UNIT_TYPES: dict[int, str] = {int(code): name for code, name in _CODES["app_types"].items()}
_SYSTEM_TYPES = {int(code): name for code, name in _CODES["system_types"].items()}
_PART_TYPES = {int(code): name for code, name in _CODES["part_types"].items()}
ANALOG: dict[int, tuple[str, float, str]] = {
    int(code): (name, scale, units.symbol(unit)) for code, (name, scale, unit) in _CODES["analog_types"].items()
}
FIRE, FAULT, POWER, LINK = "fire", "fault", "power", "link"
PART_BITS = {FIRE: 1, FAULT: 2}
SYSTEM_BITS = {FIRE: 1, FAULT: 2, POWER: 8}
UNIT_BITS = {FIRE: 1, FAULT: 2, LINK: 5}
_NO_CLOCK = bytes(6)

Item: TypeAlias = dict[str, Any]


@lru_cache(4096)
def _day(year: int, month: int, day: int) -> tuple[int, str]:
    """Its first moment and its words."""
    return beijing_ms(2000 + year, month, day), f"{2000 + year}-{month:02}-{day:02}"


def read_clock(data: bytes) -> tuple[int | None, str | None]:
    """Epoch ms and words of {second, minute, hour, day, month, year - 2000}; None for six zeros, a clock never set.

    ClockError for what cannot be.
    """
    if data == _NO_CLOCK:
        return None, None
    second, minute, hour, day, month, year = data
    if hour > 23 or minute > 59 or second > (60 if (hour, minute) == LEAP else 59):
        raise ClockError(f"no such time: {hour:02}:{minute:02}:{second:02}")
    start, words = _day(year, month, day)
    return start + ((hour * 60 + minute) * 60 + second) * 1000, f"{words} {hour:02}:{minute:02}:{second:02}"


def read_time(data: bytes) -> int | None:
    return read_clock(data)[0]


def write_time(ms: int) -> bytes:
    year, month, day, hour, minute, second, _ = beijing_parts(ms)
    if not 2000 <= year <= 2255:
        raise ClockError(f"the year {year} does not fit")
    return bytes((second, minute, hour, day, month, year - 2000))


def _bits_of(table: str) -> tuple[tuple[int, str], ...]:
    return tuple((1 << int(bit), name) for bit, name in _CODES[table].items())


_SYSTEM_STATES, _PART_STATES = _bits_of("system_state_bits"), _bits_of("part_state_bits")
_UNIT_STATES = _bits_of("transmission_state_bits")
_SYSTEM_STEPS, _UNIT_STEPS = _bits_of("system_operation_bits"), _bits_of("transmission_operation_bits")


def _bit_names(table: tuple[tuple[int, str], ...], state: int) -> list[str]:
    return [name for mask, name in table if state & mask] if state else []


def _system(data: bytes) -> Item:
    kind = data[0]
    return {"system_type": kind, "system_type_name": _SYSTEM_TYPES.get(kind, ""), "system_addr": data[1]}


def _part(data: bytes) -> Item:
    system, kind, address = data[0], data[2], data[3:7]
    return {
        "system_type": system,
        "system_type_name": _SYSTEM_TYPES.get(system, ""),
        "system_addr": data[1],
        "part_type": kind,
        "part_type_name": _PART_TYPES.get(kind, ""),
        "part_addr": int.from_bytes(address, "little"),
        "part_addr_hex_le": address.hex(),
    }


def _described(name: str, data: bytes) -> Item:
    """Text up to the first zero byte under its name; told where it is UTF-8."""
    text, utf8 = chinese(data.partition(b"\0")[0])
    said = (text if text.isprintable() else "".join(filter(str.isprintable, text))).strip()
    return {name: said, "encoding": "UTF-8"} if utf8 else {name: said}


def _system_state(data: bytes) -> Item:
    item, state = _system(data), data[2] | data[3] << 8
    item["state"], item["bits"] = state, _bit_names(_SYSTEM_STATES, state)
    return item


def _part_state(data: bytes) -> Item:
    item, state = _part(data), data[7] | data[8] << 8
    item["state"], item["bits"] = state, _bit_names(_PART_STATES, state)
    return item | _described("description", data[9:40])


def _analog(data: bytes) -> Item:
    kind, raw = data[7], int.from_bytes(data[8:10], "little", signed=True)
    name, scale, unit = ANALOG.get(kind, ("", 1, ""))
    divisor = round(1 / scale)
    return _part(data) | {"analog_type": kind, "analog_name": name, "value": raw / divisor, "unit": unit}


def _operation(data: bytes) -> Item:
    bits = _bit_names(_SYSTEM_STEPS, data[2])
    return _system(data) | {"operation": data[2], "bits": bits, "operator": data[3]}


def _version(data: bytes) -> Item:
    return _system(data) | {"version": f"{data[2]}.{data[3]}"}


def _part_setup(data: bytes) -> Item:
    return _part(data) | _described("description", data[7:38])


def _unit_state(data: bytes) -> Item:
    return {"state": data[0], "bits": _bit_names(_UNIT_STATES, data[0])}


def _unit_operation(data: bytes) -> Item:
    bits = _bit_names(_UNIT_STEPS, data[0])
    return {"operation": data[0], "bits": bits, "operator": data[1]}


def _unit_version(data: bytes) -> Item:
    return {"version": f"{data[0]}.{data[1]}"}


def _nothing(data: bytes) -> Item:
    return {}


@dataclass(frozen=True, slots=True)
class Layout:
    """How the objects of a unit type lie: their size, whether a time ends them, and who reads the rest."""

    size: int
    timed: bool
    read: Callable[[bytes], Item]


LAYOUTS: dict[int, Layout] = {
    1: Layout(10, True, _system_state),
    2: Layout(46, True, _part_state),
    3: Layout(16, True, _analog),
    4: Layout(10, True, _operation),
    5: Layout(4, False, _version),
    7: Layout(38, False, _part_setup),
    8: Layout(8, True, _system),
    21: Layout(7, True, _unit_state),
    24: Layout(8, True, _unit_operation),
    25: Layout(2, False, _unit_version),
    28: Layout(6, True, _nothing),
}
_TEXT_HEADS = {6: 2, 26: 0}
_ASKING = frozenset(range(61, 69))
_ASKED_SIZES = {
    61: 2, 62: 6, 63: 6, 64: 9, 65: 2, 66: 2, 67: 6, 68: 2, 81: 1, 84: 7, 85: 1, 86: 1, 88: 1, 89: 1, 90: 6, 91: 1
}  # fmt: skip
"""Sizes of the objects that a centre sends down."""


def object_spans(unit: bytes) -> list[tuple[int, int]] | None:
    """Where each object of an application unit begins and ends; None where they do not fill it exactly."""
    kind, count = unit[0], unit[1]
    if kind in LAYOUTS or kind in _ASKED_SIZES:
        size = LAYOUTS[kind].size if kind in LAYOUTS else _ASKED_SIZES[kind]
        spans = [(2 + number * size, 2 + (number + 1) * size) for number in range(count)]
    elif kind in _TEXT_HEADS:
        spans = _text_spans(unit, _TEXT_HEADS[kind])
    else:
        return []
    end = spans[-1][1] if spans else 2
    return spans if end == len(unit) else None


def _text_spans(unit: bytes, head: int) -> list[tuple[int, int]]:
    spans, at = [], 2
    for _ in range(unit[1]):
        length_at = at + head
        end = length_at + 1 + (unit[length_at] if length_at < len(unit) else 0)
        spans.append((at, end))
        at = end
    return spans


def read_object(kind: int, data: bytes) -> Item:
    """One object; its time, where it has one, in words and as "time_ms". ClockError as `read_time`."""
    if kind in _TEXT_HEADS:
        head = _TEXT_HEADS[kind]
        return (_system(data) if head else {}) | _described("text", data[head + 1 :])
    if kind in _ASKED_SIZES:
        return _asked(kind, data)
    layout = LAYOUTS[kind]
    item = layout.read(data)
    if layout.timed:
        item["time_ms"], item["time"] = read_clock(data[-6:])
    return item


def _asked(kind: int, data: bytes) -> Item:
    """What a centre asks for: a system, one part of it, records since a time; for 90 and 91 a clock and minutes."""
    item = _system(data) if kind in _ASKING else {}
    if len(data) == 6 and kind in _ASKING:
        item["part_addr"] = int.from_bytes(data[2:6], "little")
    if kind in (64, 84):
        item |= {"count": data[-7], "from": read_clock(data[-6:])[1]}
    if kind == 90:
        item["clock"] = read_clock(data)[1]
    return item | ({"minutes": data[0]} if kind == 91 else {})


def readings_of(kind: int, item: Item, time: int) -> list[Reading]:
    """The readings of a state or an analog value; none of other objects."""
    if kind == 2:
        return _bits(_part_name(item), item["state"], PART_BITS, time)
    if kind == 3:
        series = f"{_part_name(item)}:analog-{item['analog_type']}"
        return [Reading(series=series, time=time, value=item["value"], unit=item["unit"])]
    if kind == 1:
        return _bits(f"system-{item['system_type']}-{item['system_addr']}", item["state"], SYSTEM_BITS, time)
    return _bits("unit", item["state"], UNIT_BITS, time) if kind == 21 else []


def _part_name(item: Item) -> str:
    return f"part-{item['system_type']}-{item['system_addr']}-{item['part_addr']}"


def _bits(name: str, state: int, bits: dict[str, int], time: int) -> list[Reading]:
    return [
        Reading(series=f"{name}:{what}", time=time, value=float(state >> bit & 1), unit="1")
        for what, bit in bits.items()
    ]
