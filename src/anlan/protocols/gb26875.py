"""GB 26875.3-2011, remote monitoring of building fire protection: alarm panels behind a transmission unit.

Series: "part-{system type}-{system}-{part}:fire", ":fault" and ":analog-{type}";
"system-{type}-{system}:fire", ":fault" and ":power"; "unit:fire", ":fault" and ":link" of the transmission
unit itself. A clock that was never set (six zeros) is told as "no_clock"; the frame's time is taken instead.
"""

from collections.abc import Mapping

from anlan.protocols import gb26875_write
from anlan.protocols.frames import Decoder, Event, Frame, FrameError, ProtocolSpec, Reading
from anlan.protocols.gb26875_commands import COMMANDS as ORDERS
from anlan.protocols.gb26875_frame import HEAD, MARK, fault, measure
from anlan.protocols.gb26875_simulator import TransmissionUnit
from anlan.protocols.gb26875_units import (
    COMMANDS,
    UNIT_TYPES,
    Item,
    object_spans,
    read_clock,
    read_object,
    readings_of,
)
from anlan.protocols.stream import StreamDecoder, Wire, only_frame
from anlan.vocab.clock import ClockError

NAME = "gb26875"
SEND = 2
_BARE = {2: "heartbeat", 3: "ack", 6: "deny"}
_PARTS = 2


def read(raw: bytes) -> Event:
    wrong = fault(raw)
    if wrong:
        return wrong
    try:
        return _read_unit(raw, raw[HEAD:-3])
    except ClockError as error:
        return FrameError("time", str(error), raw)


def _read_unit(raw: bytes, unit: bytes) -> Event:
    sent, shown = read_clock(raw[6:12])
    deviations = [] if shown else ["no_clock"]
    fields = _head_fields(raw, shown)
    readings: list[Reading] = []
    if unit:
        kind, spans = unit[0], object_spans(unit)
        if spans is None:
            return FrameError("length", f"{unit[1]} objects of type {kind} in {len(unit)} bytes", raw)
        if kind not in UNIT_TYPES:
            deviations.append("unlisted_unit")
        items = [read_object(kind, unit[start:end]) for start, end in spans]
        for item in items:
            readings += _timed_readings(kind, item, sent, deviations)
        fields["type"], fields["type_name"], fields["count"] = kind, UNIT_TYPES.get(kind, ""), unit[1]
        fields["app_hex"], fields["parts" if kind == _PARTS else "items"] = unit.hex(), items
    return _frame(raw, fields, readings, deviations)


def _timed_readings(kind: int, item: Item, sent: int | None, deviations: list[str]) -> list[Reading]:
    """Readings at the object's own time, else at the frame's. ClockError where neither clock was set."""
    if "encoding" in item:
        deviations.append("utf8_text")
    time = item.pop("time_ms", None)
    if time is None and "time" in item:
        deviations.append("no_clock")
        time = sent
    readings = readings_of(kind, item, time or 0)
    if readings and time is None:
        raise ClockError("neither the object nor the frame has a time")
    return readings


def _head_fields(raw: bytes, shown: str | None) -> dict[str, object]:
    return {
        "serial": raw[2] | raw[3] << 8,
        "version": f"{raw[4]}.{raw[5]}",
        "time": shown,
        "source": int.from_bytes(raw[12:18], "little"),
        "target": int.from_bytes(raw[18:24], "little"),
        "app_len": raw[24] | raw[25] << 8,
        "command": raw[26],
        "command_name": COMMANDS[raw[26]],
        "checksum": f"{raw[-3]:02x}",
    }


def _frame(raw: bytes, fields: dict[str, object], readings: list[Reading], deviations: list[str]) -> Frame:
    """The function is the unit's type; for a frame without a unit "heartbeat", "ack", "deny", else "command-n"."""
    command = raw[26]
    return Frame(
        protocol=NAME,
        device=str(fields["source"]),
        function=str(fields["type"]) if "type" in fields else _BARE.get(command, f"command-{command}"),
        readings=tuple(readings),
        fields=fields,
        reply=gb26875_write.confirmation(raw) if command == SEND else None,
        raw=raw,
        deviations=tuple(dict.fromkeys(deviations)) if deviations else (),
    )


def decoder() -> Decoder:
    return StreamDecoder(Wire(marks=(MARK,), measure=measure, read=read))


def retime(raw: bytes, time: int) -> bytes:
    frame = only_frame(decoder(), raw)
    return gb26875_write.moved(raw, time, max((reading.time for reading in frame.readings), default=None))


def encode(device: str, time: int, values: Mapping[str, float]) -> bytes:
    return gb26875_write.reports(device, time, values)


PROTOCOL = ProtocolSpec(
    name=NAME,
    title="城市消防远程监控 GB 26875.3",
    decoder=decoder,
    port=5875,
    encode=encode,
    retime=retime,
    commands=ORDERS,
    simulator=TransmissionUnit,
)
