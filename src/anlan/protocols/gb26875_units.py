"""Application units of GB 26875.3: what a fire alarm panel says, object by object."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from anlan.protocols import tables
from anlan.protocols.frames import Reading
from anlan.vocab import units
from anlan.vocab.clock import ClockError, beijing_ms, beijing_parts

_CODES = tables.load_json("gb26875_codes.json")
COMMANDS: dict[int, str] = {int(code): name for code, name in _CODES["commands"].items()}
UNIT_TYPES: dict[int, str] = {int(code): name for code, name in _CODES["app_types"].items()}
_SYSTEM_TYPES: dict[str, str] = _CODES["system_types"]
_PART_TYPES: dict[str, str] = _CODES["part_types"]
ANALOG: dict[int, tuple[str, float, str]] = {
    int(code): (name, scale, units.symbol(unit)) for code, (name, scale, unit) in _CODES["analog_types"].items()
}
FIRE, FAULT, POWER, LINK = "fire", "fault", "power", "link"
PART_BITS = {FIRE: 1, FAULT: 2}
SYSTEM_BITS = {FIRE: 1, FAULT: 2, POWER: 8}
UNIT_BITS = {FIRE: 1, FAULT: 2, LINK: 5}
_NO_CLOCK = bytes(6)

Item: TypeAlias = dict[str, Any]


def read_time(data: bytes) -> int | None:
    """Epoch ms of {second, minute, hour, day, month, year - 2000}; None for six zeros, a clock never set."""
    if data == _NO_CLOCK:
        return None
    second, minute, hour, day, month, year = data
    return beijing_ms(2000 + year, month, day, hour, minute, second)


def write_time(ms: int) -> bytes:
    year, month, day, hour, minute, second, _ = beijing_parts(ms)
    if not 2000 <= year <= 2255:
        raise ClockError(f"the year {year} does not fit")
    return bytes((second, minute, hour, day, month, year - 2000))


def show_time(ms: int | None) -> str | None:
    if ms is None:
        return None
    year, month, day, hour, minute, second, _ = beijing_parts(ms)
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"


def _word(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _bits_of(table: str) -> tuple[tuple[int, str], ...]:
    return tuple((1 << int(bit), name) for bit, name in _CODES[table].items())


_SYSTEM_STATES, _PART_STATES = _bits_of("system_state_bits"), _bits_of("part_state_bits")
_UNIT_STATES = _bits_of("transmission_state_bits")
_SYSTEM_STEPS, _UNIT_STEPS = _bits_of("system_operation_bits"), _bits_of("transmission_operation_bits")


def _bit_names(table: tuple[tuple[int, str], ...], state: int) -> list[str]:
    return [name for mask, name in table if state & mask]


def _system(data: bytes) -> Item:
    return {
        "system_type": data[0],
        "system_type_name": _SYSTEM_TYPES.get(str(data[0]), ""),
        "system_addr": data[1],
    }


def _part(data: bytes) -> Item:
    return _system(data) | {
        "part_type": data[2],
        "part_type_name": _PART_TYPES.get(str(data[2]), ""),
        "part_addr": _word(data[3:7]),
        "part_addr_hex_le": data[3:7].hex(),
    }


def _description(data: bytes) -> str:
    """GB 18030 text up to the first zero byte; what is no text shows as a replacement character."""
    text = data.partition(b"\0")[0].decode("gb18030", "replace")
    return "".join(character for character in text if character.isprintable()).strip()


def _system_state(data: bytes) -> Item:
    state = _word(data[2:4])
    return _system(data) | {"state": state, "bits": _bit_names(_SYSTEM_STATES, state)}


def _part_state(data: bytes) -> Item:
    state = _word(data[7:9])
    bits = _bit_names(_PART_STATES, state)
    return _part(data) | {"state": state, "bits": bits, "description": _description(data[9:40])}


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
    return _part(data) | {"description": _description(data[7:38])}


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


def object_spans(unit: bytes) -> list[tuple[int, int]] | None:
    """Where each object of an application unit begins and ends; None where they do not fill it exactly."""
    kind, count = unit[0], unit[1]
    if kind in LAYOUTS:
        size = LAYOUTS[kind].size
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
        return (_system(data) if head else {}) | {"text": _description(data[head + 1 :])}
    layout = LAYOUTS[kind]
    item = layout.read(data)
    if layout.timed:
        item["time_ms"] = read_time(data[-6:])
        item["time"] = show_time(item["time_ms"])
    return item


def readings_of(kind: int, item: Item, time: int) -> list[Reading]:
    """The readings of a state or an analog value; none of other objects."""
    if kind == 3:
        series = f"{_part_name(item)}:analog-{item['analog_type']}"
        return [Reading(series=series, time=time, value=item["value"], unit=item["unit"])]
    if kind == 2:
        return _bits(_part_name(item), item["state"], PART_BITS, time)
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
