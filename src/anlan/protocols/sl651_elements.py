"""The data of SL 651 elements: binary-coded decimals, five-minute slots, alarm bits, plain text."""

import math
from dataclasses import dataclass
from typing import Any

from anlan.protocols import tables

SLOT_MS = 300_000
SLOTS = 12
MISSING = 0xFF
STEP, STATUS, RAIN_SLOTS, TEXT, PICTURE = "04", "45", "F4", "F2", "F3"
LEVEL_SLOTS = ("F5", "F6", "F7", "F8", "F9", "FA", "FB", "FC")

_ELEMENTS: dict[str, dict[str, Any]] = tables.load_json("sl651_elements.json")["elements"]
_CODES = tables.load_json("sl651_codes.json")
FUNCTIONS: dict[str, str] = _CODES["functions"]
CLASSES: dict[int, str] = {int(row["code"], 16): letter for letter, row in _CODES["station_classes"].items()}
STATUS_BITS: dict[int, str] = {int(bit): name for bit, name in _CODES["status_bits"].items()}


@dataclass(frozen=True, slots=True)
class Kind:
    """What the standard says of an element. `symbol` is its canonical unit, "" for an unlisted element."""

    name: str
    unit: str
    symbol: str
    digits: int
    decimals: int


def _kind(row: dict[str, Any]) -> Kind:
    symbol = tables.unit(row["unit"])
    return Kind(row["name"], row["unit"], symbol, row["digits"] or 0, row["decimals"] or 0)


KINDS: dict[str, Kind] = {identifier: _kind(row) for identifier, row in _ELEMENTS.items()}
UNLISTED = Kind("", "", "", 0, 0)
ASCII_IDS: dict[str, str] = {row["ascii"]: identifier for identifier, row in _ELEMENTS.items()} | {"PH": "46"}
IDS_ASCII: dict[str, str] = {identifier: row["ascii"] for identifier, row in _ELEMENTS.items()}


def read_number(data: bytes, decimals: int) -> float | None:
    """A binary-coded decimal, negative after a byte FF. None = told to be missing, NaN = no number."""
    digits = data.hex()
    if digits.isdigit():
        return int(digits) / 10**decimals
    if data.count(MISSING) == len(data):
        return None
    if data[0] == MISSING and digits[2:].isdigit():
        return -int(digits[2:]) / 10**decimals
    return math.nan


def write_number(value: float, kind: Kind) -> bytes:
    """A value as {definition byte, data}; NaN as bytes FF. ValueError for what does not fit."""
    width = (kind.digits + 1) // 2
    if math.isnan(value):
        return bytes((width << 3 | kind.decimals,)) + bytes((MISSING,)) * width
    if not math.isfinite(value) or not width:
        raise ValueError(f"{kind.name or 'this element'} cannot hold {value}")
    scaled = round(value * 10**kind.decimals)
    digits = str(abs(scaled)).zfill(2 * width)
    data = bytes.fromhex("0" * (len(digits) % 2) + digits)
    data = b"\xff" + data if scaled < 0 else data
    if len(data) > 31:
        raise ValueError(f"{kind.name} cannot hold {value}")
    return bytes((len(data) << 3 | kind.decimals,)) + data


def read_slots(identifier: str, data: bytes) -> list[float | None]:
    """Five-minute values: rain in millimetres (a byte each) or relative level in metres (two bytes)."""
    if identifier == RAIN_SLOTS:
        return [None if byte == MISSING else byte / 10 for byte in data]
    pairs = (data[at] << 8 | data[at + 1] for at in range(0, len(data) - 1, 2))
    return [None if pair == 0xFFFF else pair / 100 for pair in pairs]


def write_last_slot(identifier: str, value: float) -> bytes:
    """{definition byte, data} with eleven missing slots before the one value."""
    width, scale = (1, 10) if identifier == RAIN_SLOTS else (2, 100)
    missing = (1 << 8 * width) - 1
    last = missing if math.isnan(value) else round(value * scale)
    if not 0 <= last <= missing:
        raise ValueError(f"{identifier} cannot hold {value}")
    data = missing.to_bytes(width, "big") * (SLOTS - 1) + last.to_bytes(width, "big")
    return bytes((len(data) << 3,)) + data


def read_text(data: bytes) -> str | None:
    """Printable ASCII, or None."""
    text = data.decode("ascii", "replace")
    return text if text.isascii() and text.isprintable() else None


def read_step(data: bytes) -> int:
    """The time step {days, hours, minutes} in milliseconds; 0 where there is none."""
    digits = data.hex()
    if len(digits) != 6 or not digits.isdigit():
        return 0
    days, hours, minutes = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    return ((days * 24 + hours) * 60 + minutes) * 60_000
