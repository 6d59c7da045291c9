"""SL 651 bodies that hold no elements: parameters (40–43), version, password, switches, counters (45–50).

What tables D.1, D.2, D.4 and 71–82 do not name stays hex.
"""

from typing import Any

from anlan.protocols import tables
from anlan.protocols.sl651_elements import IDS_ASCII, KINDS, STATUS_BITS, read_number, read_step, read_text

_TABLES = tables.load_json("sl651_parameters.json")
BASIC: dict[str, str] = _TABLES["basic"]
RUNTIME: dict[str, dict[str, Any]] = _TABLES["runtime"]
EVENTS: list[str] = _TABLES["events"]
_CHANNELS = [f"{number:02X}" for number in range(0x04, 0x0C)]
_PASSWORD, _RELAY = "03", "0E"
_BASIC_FUNCTIONS = frozenset(("40", "41", "49"))
_RUNTIME_FUNCTIONS = frozenset(("42", "43"))

Said = dict[str, Any]


def read_special(function: str, data: bytes) -> Said | None:
    """What the rest of an answer says; None where no table explains it all."""
    if function in _BASIC_FUNCTIONS or function in _RUNTIME_FUNCTIONS:
        return _parameters(data, function in _BASIC_FUNCTIONS)
    reader = _READERS.get(function)
    return reader(data) if reader else None


def read_command(function: str, data: bytes) -> Said | None:
    """The same for what a centre sends down."""
    if function == "38":
        return _period(data)
    if function == "3A":
        return _wanted(data, IDS_ASCII)
    if function in ("41", "43"):
        return _wanted(data, BASIC if function == "41" else RUNTIME)
    if function in ("47", "48"):
        return {} if len(data) == 2 else None
    return read_special(function, data)


def _parameters(data: bytes, basic: bool) -> Said | None:
    """{identifier, definition, data} one after the other; a password stands under a key of that name."""
    found, at = [], 0
    while at + 2 <= len(data):
        identifier, define = f"{data[at]:02X}", data[at + 1]
        size = define if basic and identifier == _RELAY else define >> 3
        piece = data[at + 2 : at + 2 + size]
        if len(piece) < size:
            return None
        found.append(_basic(identifier, piece) if basic else _runtime(identifier, piece, define & 7))
        at += 2 + size
    return {"parameters": found} if at == len(data) else None


def named_words(function: str, words: list[str]) -> Said | None:
    """Parameters of the ASCII encoding: identifier and value in turn; None where they are none."""
    basic = function in _BASIC_FUNCTIONS
    known = BASIC if basic else RUNTIME
    if not (basic or function in _RUNTIME_FUNCTIONS) or len(words) % 2 or any(one not in known for one in words[::2]):
        return None
    pairs = zip(words[::2], words[1::2], strict=True)
    return {"parameters": [_named(identifier, value, basic) for identifier, value in pairs]}


def _named(identifier: str, value: str, basic: bool) -> Said:
    if basic:
        name = {"id": identifier, "name": BASIC[identifier]}
        return name | ({"password": value} if identifier == _PASSWORD else {"value": value})
    row = RUNTIME[identifier]
    return {"id": identifier, "name": row["name"], "value": value, "unit": row["unit"]}


def _runtime(identifier: str, data: bytes, decimals: int) -> Said:
    row = RUNTIME.get(identifier, {"name": "", "unit": ""})
    value = read_number(data, decimals) if data else None
    known = value if value == value else None
    return {"id": identifier, "name": row["name"], "raw": data.hex(), "value": known, "unit": row["unit"]}


def _basic(identifier: str, data: bytes) -> Said:
    entry: Said = {"id": identifier, "name": BASIC.get(identifier, "")}
    if identifier == _PASSWORD:
        return entry | {"password": data.hex().upper()}
    entry["raw"] = data.hex()
    if identifier == "01":
        entry["value"] = list(data)
    elif identifier == "02":
        entry["value"] = data.hex()
    elif identifier in _CHANNELS and data:
        entry |= _channel(data)
    elif identifier == "0C":
        entry["value"] = _TABLES["modes"].get(str(data[-1]) if data else "", data.hex())
    elif identifier == "0D":
        entry["value"] = _collected(data)
    elif identifier == "0F" and data:
        entry |= {"card": _TABLES["cards"].get(chr(data[0]), ""), "value": read_text(data[1:])}
    return entry


def _channel(data: bytes) -> Said:
    """Its kind, and an address of digits; IPv4 is {six bytes BCD, three bytes of port}."""
    kind, digits = _TABLES["channels"].get(f"{data[0]:x}", ""), data[1:].hex()
    if data[0] == 2 and len(digits) == 18 and digits.isdigit():
        parts = [str(int(digits[at : at + 3])) for at in range(0, 12, 3)]
        return {"channel": kind, "value": f"{'.'.join(parts)}:{int(digits[12:])}"}
    return {"channel": kind, "value": digits.lstrip("a")}


def _collected(data: bytes) -> list[str]:
    names = zip(data, _TABLES["collected"], strict=False)
    return [name for byte, row in names for bit, name in enumerate(row) if byte >> 7 - bit & 1 and name != "-"]


def _wanted(data: bytes, names: Any) -> Said | None:
    """{identifier, definition} pairs that a centre asks for."""
    if len(data) % 2:
        return None
    asked = [f"{byte:02X}" for byte in data[::2]]
    return {"wanted": [{"id": one, "name": _name(one, names)} for one in asked]}


def _name(identifier: str, names: Any) -> str:
    if names is IDS_ASCII:
        return KINDS[identifier].name if identifier in KINDS else ""
    row = names.get(identifier, "")
    return str(row["name"] if isinstance(row, dict) else row)


def _period(data: bytes) -> Said | None:
    """Hour to hour, a time step, and an element."""
    if len(data) < 13 or data[8:10] != b"\x04\x18":
        return None
    return {
        "from": f"20{data[:4].hex()}",
        "to": f"20{data[4:8].hex()}",
        "step_ms": read_step(data[10:13]),
        "wanted": [{"id": f"{byte:02X}", "name": _name(f"{byte:02X}", IDS_ASCII)} for byte in data[13:14]],
    }


def _version(data: bytes) -> Said | None:
    if not data or data[0] != len(data) - 1:
        return None
    return {"version": data[1:].decode("gb18030", "replace")}


def _switches(data: bytes) -> Said | None:
    """Pumps or valves by number; True = running or open."""
    if not data or data[0] != len(data) - 1:
        return None
    return {"switches": _bits(data[1:], 8 * data[0])}


def _gates(data: bytes) -> Said | None:
    """The number of gates, whether each is open, and how far in centimetres."""
    width = (data[0] + 7) // 8 if data else 0
    if not data or len(data) != 1 + width + 2 * data[0]:
        return None
    heights = [data[at : at + 2].hex() for at in range(1 + width, len(data), 2)]
    opened = [int(one) if one.isdigit() else None for one in heights]
    return {"switches": _bits(data[1 : 1 + width], data[0]), "opening_cm": opened}


def _bits(data: bytes, count: int) -> dict[str, bool]:
    return {str(number + 1): bool(data[number // 8] >> number % 8 & 1) for number in range(count)}


def _quota(data: bytes) -> Said | None:
    return {"quota_control": data[0] == 0xFF} if len(data) == 1 and data[0] in (0, 0xFF) else None


def _events(data: bytes) -> Said | None:
    """How often each event happened, two bytes a counter; the later ones are reserved."""
    if len(data) < 2 * len(EVENTS):
        return None
    return {"events": {name: data[2 * at] << 8 | data[2 * at + 1] for at, name in enumerate(EVENTS)}}


def _card(data: bytes) -> Said | None:
    if data[:2] != b"\x45\x20" or len(data) != 6:
        return None
    word = int.from_bytes(data[2:], "big")
    return {"status_bits": word, "alarms": [name for bit, name in STATUS_BITS.items() if word >> bit & 1]}


_READERS = {
    "45": _version, "4B": _card, "4C": _switches, "4D": _switches, "4E": _gates, "4F": _quota, "50": _events,
}  # fmt: skip
