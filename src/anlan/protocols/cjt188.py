"""CJ/T 188-2004, water and gas meters behind a transparent line (DTU).

A device is its meter's address, fourteen digits. Series: "volume" and "settled" (at the last settlement day), m3, also
where the meter says litres; a unit that measures no volume is told and leaves the value without a unit.
What a meter says is timed by the meter's own clock; who asks it passes the moment of asking. Data of heat meters and
status bits, on whose order makers differ, are kept as hex.
"""

import re
from collections.abc import Mapping

from anlan.protocols import tables
from anlan.protocols.checksums import sum8
from anlan.protocols.frames import Decoder, Event, Frame, FrameError, ProtocolSpec, Reading
from anlan.protocols.stream import StreamDecoder, Wire, only_frame
from anlan.vocab import clock

NAME = "cjt188"
MARK, TAIL, WAKE = 0x68, 0x16, b"\xfe"
HEAD, FRAMING = 11, 13
READ, READ_ANSWER, ADDRESS, ADDRESS_ANSWER = 0x01, 0x81, 0x03, 0x83
VOLUME = b"\x90\x1f"
M3 = 0x2C
NAMES = {
    0x01: "read", 0x81: "data", 0xC1: "read_failed", 0x03: "read_address", 0x83: "address", 0x15: "set_address",
    0x95: "address_set", 0x16: "set_counter", 0x96: "counter_set", 0x04: "write", 0x84: "written", 0xC4: "write_failed",
}  # fmt: skip
_CODES = tables.load_json("cjt188_codes.json")
TYPES: dict[int, str] = {int(code, 16): row["name"] for code, row in _CODES["types"].items()}
UNITS: dict[int, str] = {int(code, 16): row["unit"] for code, row in _CODES["units"].items()}
CUBIC_METRES: dict[int, float] = {int(code, 16): row["m3"] for code, row in _CODES["units"].items() if "m3" in row}
_WATER = range(0x10, 0x20)
_STAMP = "YYYYMMDDHHmmSS"
_MEASURED = frozenset((*_WATER, *range(0x30, 0x40), 0x40))
_MOST_DATA = 100


def measure(buffer: bytearray, at: int) -> int | None:
    if at + HEAD > len(buffer):
        return None
    if buffer[at + 9] not in NAMES or buffer[at + 10] > _MOST_DATA:
        return 0
    return FRAMING + buffer[at + 10]


def read(raw: bytes, now: int | None = None) -> Event:
    """One frame; with `now` its readings are of that moment (ms)."""
    if raw[-1] != TAIL:
        return FrameError("tail", f"{raw[-1]:02X} at the end", raw)
    if sum8(raw[:-2]) != raw[-2]:
        return FrameError("checksum", f"{raw[-2]:02X} told, {sum8(raw[:-2]):02X} computed", raw)
    function, data, fields = raw[9], raw[HEAD:-2], _fields(raw)
    readings, deviations = list[Reading](), list[str]()
    if function == READ_ANSWER and raw[1] in _MEASURED and data[:2] in (VOLUME, VOLUME[::-1]):
        if len(data) < 22:
            return FrameError("length", f"{len(data)} bytes of data", raw)
        readings = _volumes(data, now, fields, deviations)
    return Frame(
        protocol=NAME,
        device=str(fields["address"]),
        function=f"{function:02X}",
        readings=tuple(readings),
        fields=fields,
        reply=None,
        raw=raw,
        deviations=tuple(deviations),
    )


def _fields(raw: bytes) -> dict[str, object]:
    return {
        "type": raw[1],
        "type_name": TYPES.get(raw[1], ""),
        "address": raw[8:1:-1].hex(),
        "control": f"{raw[9]:02x}",
        "name": NAMES[raw[9]],
        "data": raw[HEAD:-2].hex(),
    }


def _volumes(data: bytes, now: int | None, fields: dict[str, object], deviations: list[str]) -> list[Reading]:
    """None where neither the meter nor who asks it has a time; what it counts then stands in the fields alone."""
    if data[:2] != VOLUME:
        deviations.append("swapped_identifier")
    stamp = data[19:12:-1].hex()
    time = _time(stamp, deviations) if now is None else now
    fields |= {"serial": data[2], "meter_time": stamp, "status": data[20:22].hex()}
    readings = []
    for series, at in (("volume", 3), ("settled", 8)):
        digits, unit = data[at : at + 4][::-1].hex(), data[at + 4]
        if unit not in CUBIC_METRES:
            deviations.append(f"unit_{unit:02x}")
        value = int(digits) / 100 * CUBIC_METRES.get(unit, 1) if digits.isdigit() else float("nan")
        fields |= {series: digits, f"{series}_unit": UNITS.get(unit, "")}
        if time is not None:
            readings.append(Reading(series=series, time=time, value=value, unit="m3" if unit in CUBIC_METRES else ""))
    return readings


def _time(stamp: str, deviations: list[str]) -> int | None:
    try:
        return clock.parse(stamp, _STAMP)
    except clock.ClockError:
        deviations.append("bad_time" if stamp.strip("0") else "no_clock")
        return None


def address_bytes(device: str) -> bytes:
    """As it is sent, low digits first. ValueError for what is no address."""
    if not re.fullmatch(r"\d{14}|[aA]{14}", device, re.ASCII):
        raise ValueError(f"a meter has fourteen digits: {device!r}")
    return bytes.fromhex(device)[::-1]


def frame(device: str, kind: int, control: int, data: bytes) -> bytes:
    said = bytes((MARK, kind)) + address_bytes(device) + bytes((control, len(data))) + data
    return said + bytes((sum8(said), TAIL))


def question(device: str, serial: int, kind: int = 0x10) -> bytes:
    """What a centre asks a meter with: its wake-up bytes, then "read the volume"."""
    return WAKE * 3 + frame(device, kind, READ, VOLUME + bytes((serial % 256,)))


def encode(device: str, time: int, values: Mapping[str, float]) -> bytes:
    """A meter's answer. ValueError for series that are none of a meter's, and for what eight digits do not hold."""
    if unknown := values.keys() - {"volume", "settled"}:
        raise ValueError(f"CJ/T 188 has no series {sorted(unknown)[0]!r}")
    data = VOLUME + bytes((time // 1000 % 256,))
    for series in ("volume", "settled"):
        value = values.get(series, float("nan"))
        data += (b"\xee" * 4 if value != value else _bcd(value)) + bytes((M3,))
    data += bytes.fromhex(clock.write(time, _STAMP))[::-1] + b"\x00\x00"
    return frame(device, 0x10, READ_ANSWER, data)


def _bcd(value: float) -> bytes:
    if not 0 <= round(value * 100) < 10**8:
        raise ValueError(f"a meter counts from 0 to 999999.99: {value}")
    return bytes.fromhex(f"{round(value * 100):08}")[::-1]


def retime(raw: bytes, time: int) -> bytes:
    """A frame without a meter's clock stays as it is."""
    found = only_frame(decoder(), raw)
    if not found.readings:
        return raw
    stamp = bytes.fromhex(clock.write(time, _STAMP))[::-1]
    start = raw.index(MARK) + HEAD + 13
    said = raw[:start] + stamp + raw[start + 7 : -2]
    return said + bytes((sum8(said[raw.index(MARK) :]), TAIL))


def decoder() -> Decoder:
    return StreamDecoder(Wire(marks=(bytes((MARK,)),), measure=measure, read=read, blank=WAKE))


PROTOCOL = ProtocolSpec(
    name=NAME, title="户用计量仪表 CJ/T 188", decoder=decoder, port=7188, encode=encode, retime=retime
)
