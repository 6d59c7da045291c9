"""GB 26875.3-2011, remote monitoring of building fire protection: alarm panels behind a transmission unit.

Series: "part-{system type}-{system}-{part}:fire", ":fault" and ":analog-{type}";
"system-{type}-{system}:fire", ":fault" and ":power"; "unit:fire", ":fault" and ":link" of the transmission
unit itself. A clock that was never set (six zeros) is told as "no_clock"; the frame's time is taken instead.
"""

from collections.abc import Mapping

from anlan.protocols import gb26875_write
from anlan.protocols.checksums import sum8
from anlan.protocols.frames import Decoder, Event, Frame, FrameError, ProtocolSpec, Reading
from anlan.protocols.gb26875_units import (
    COMMANDS,
    UNIT_TYPES,
    Item,
    object_spans,
    read_object,
    read_time,
    readings_of,
    show_time,
)
from anlan.protocols.stream import Refusal, StreamDecoder, Wire, only_frame
from anlan.vocab.clock import ClockError

NAME = "gb26875"
MARK, TAIL = b"@@", b"##"
HEAD, FRAMING = 27, 30
LONGEST_UNIT = 1024
SEND, CONFIRM, DENY = 2, 3, 6
_PARTS = 2


def measure(buffer: bytearray, at: int) -> int | Refusal | None:
    if at + HEAD > len(buffer):
        return None
    length = buffer[at + 24] | buffer[at + 25] << 8
    if buffer[at + 26] not in COMMANDS:
        return 0
    if length > LONGEST_UNIT:
        return FrameError("too_long", f"an application unit of {length} bytes"), FRAMING + length
    return FRAMING + length


def read(raw: bytes) -> Event:
    if raw[-2:] != TAIL:
        return FrameError("tail", f"{raw[-2:].hex()} at the end", raw)
    made = sum8(raw[2:-3])
    if made != raw[-3]:
        return FrameError("checksum", f"{raw[-3]:02X} told, {made:02X} computed", raw)
    unit = raw[HEAD:-3]
    if len(unit) == 1:
        return FrameError("format", "an application unit of one byte", raw)
    try:
        return _read_unit(raw, unit)
    except ClockError as error:
        return FrameError("time", str(error), raw)


def _read_unit(raw: bytes, unit: bytes) -> Event:
    sent, deviations = read_time(raw[6:12]), list[str]()
    if sent is None:
        deviations.append("no_clock")
    fields = _head_fields(raw, sent)
    readings: list[Reading] = []
    if unit:
        spans = object_spans(unit)
        if spans is None:
            return FrameError("length", f"{unit[1]} objects of type {unit[0]} in {len(unit)} bytes", raw)
        items = [read_object(unit[0], unit[start:end]) for start, end in spans]
        for item in items:
            readings += _timed_readings(unit[0], item, sent, deviations)
        fields |= {"type": unit[0], "type_name": UNIT_TYPES.get(unit[0], ""), "count": unit[1]}
        fields |= {"app_hex": unit.hex(), "parts" if unit[0] == _PARTS else "items": items}
    return _frame(raw, fields, readings, deviations)


def _timed_readings(kind: int, item: Item, sent: int | None, deviations: list[str]) -> list[Reading]:
    """Readings at the object's own time, else at the frame's. ClockError where neither clock was set."""
    time = item.pop("time_ms", None)
    if time is None and "time" in item:
        deviations.append("no_clock")
        time = sent
    readings = readings_of(kind, item, time or 0)
    if readings and time is None:
        raise ClockError("neither the object nor the frame has a time")
    return readings


def _head_fields(raw: bytes, sent: int | None) -> dict[str, object]:
    return {
        "serial": int.from_bytes(raw[2:4], "little"),
        "version": f"{raw[4]}.{raw[5]}",
        "time": show_time(sent),
        "source": int.from_bytes(raw[12:18], "little"),
        "target": int.from_bytes(raw[18:24], "little"),
        "app_len": int.from_bytes(raw[24:26], "little"),
        "command": raw[26],
        "command_name": COMMANDS[raw[26]],
        "checksum": f"{raw[-3]:02X}".lower(),
    }


def _frame(raw: bytes, fields: dict[str, object], readings: list[Reading], deviations: list[str]) -> Frame:
    """The function is the unit's type; "ack" or "deny" for a frame without a unit, else "command-n"."""
    command = raw[26]
    bare = {CONFIRM: "ack", DENY: "deny"}.get(command, f"command-{command}")
    return Frame(
        protocol=NAME,
        device=str(fields["source"]),
        function=str(fields.get("type", bare)),
        readings=tuple(readings),
        fields=fields,
        reply=gb26875_write.confirmation(raw) if command == SEND else None,
        raw=raw,
        deviations=tuple(dict.fromkeys(deviations)),
    )


def decoder() -> Decoder:
    return StreamDecoder(Wire(marks=(MARK,), measure=measure, read=read))


def retime(raw: bytes, time: int) -> bytes:
    frame = only_frame(decoder(), raw)
    return gb26875_write.moved(raw, time, max((reading.time for reading in frame.readings), default=None))


def encode(device: str, time: int, values: Mapping[str, float]) -> bytes:
    return gb26875_write.reports(device, time, values)


PROTOCOL = ProtocolSpec(
    name=NAME, title="城市消防远程监控 GB 26875.3", decoder=decoder, port=5875, encode=encode, retime=retime
)
