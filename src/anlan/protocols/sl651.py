"""SL 651-2014, hydrological telemetry: rain, water level and more from remote stations.

Frames of the HEX/BCD encoding in both directions; the ASCII encoding (a frame that begins with 01H) is not
read. Series are element identifiers in hex ("39"), "45:<bit>" for alarm bits. The packets of a split message
are decoded one by one, and only the first has times; its confirmation is given with the last one.
"""

from collections.abc import Mapping
from typing import Any

from anlan.protocols import sl651_write
from anlan.protocols.checksums import crc_modbus
from anlan.protocols.frames import Decoder, Event, Frame, FrameError, ProtocolSpec
from anlan.protocols.sl651_body import Body
from anlan.protocols.sl651_elements import FUNCTIONS
from anlan.protocols.stream import StreamDecoder, Wire, only_frame
from anlan.vocab.clock import ClockError

NAME = "sl651"
MARK = b"\x7e\x7e"
HEAD = 14
STX, SYN = 0x02, 0x16
_STARTS = {STX: "STX", SYN: "SYN"}
_UP_ENDS = {0x03: "ETX", 0x17: "ETB"}
_DOWN_ENDS = {0x05: "ENQ", 0x06: "ACK", 0x15: "NAK", 0x04: "EOT", 0x1B: "ESC"}
_REPORTS = frozenset(("30", "31", "32", "33", "34", "35", "36"))
_TRANSFERS = 16


def measure(buffer: bytearray, at: int) -> int | None:
    if at + HEAD > len(buffer):
        return None
    if buffer[at + 11] >> 4 not in (0, 8) or buffer[at + 13] not in _STARTS:
        return 0
    return HEAD + _length(buffer, at) + 3


def _length(raw: bytes | bytearray, at: int = 0) -> int:
    return (raw[at + 11] & 0x0F) << 8 | raw[at + 12]


def read_head(raw: bytes) -> dict[str, Any]:
    """The fields in front of the body, and the end character."""
    down = bool(raw[11] & 0x80)
    station, centre = (raw[2:7], raw[7]) if down else (raw[3:8], raw[2])
    head: dict[str, Any] = {"center": str(centre), "station": station.hex()}
    head["password"] = raw[8:10].hex().upper()
    function = f"{raw[10]:02X}"
    head |= {
        "func": function,
        "func_name": FUNCTIONS.get(function, ""),
        "direction": "down" if down else "up",
    }
    ends = _DOWN_ENDS if down else _UP_ENDS
    head |= {"length": _length(raw), "start": _STARTS[raw[13]], "end": ends.get(raw[-3], "")}
    if raw[13] == SYN:
        head["packets"], head["index"] = raw[14] << 4 | raw[15] >> 4, (raw[15] & 0x0F) << 8 | raw[16]
    return head


class Session:
    """Reads the frames of one stream. It remembers which packets of split messages came, to confirm them."""

    def __init__(self) -> None:
        self._transfers: dict[tuple[str, str], dict[int, bytes]] = {}

    def read(self, raw: bytes) -> Event:
        head = read_head(raw)
        if not head["end"]:
            return FrameError("tail", f"end character {raw[-3]:02X}", raw)
        told, made = int.from_bytes(raw[-2:], "big"), crc_modbus(raw[:-2])
        if told != made:
            return FrameError("checksum", f"{told:04X} told, {made:04X} computed", raw)
        body = raw[HEAD + 3 * ("packets" in head) : -3]
        if not 1 <= head.get("index", 1) <= head.get("packets", 1):
            return FrameError("format", f"packet {head['index']} of {head['packets']}", raw)
        if head.get("index", 1) != 1:
            return self._frame(head, raw, None, body)
        if len(body) < 8:
            return FrameError("length", f"a body of {len(body)} bytes", raw)
        try:
            return self._frame(head, raw, Body(body, _readable(head), head["station"]), body)
        except ClockError as error:
            return FrameError("time", str(error), raw)

    def _frame(self, head: dict[str, Any], raw: bytes, body: Body | None, data: bytes) -> Frame:
        fields = head | (body.fields if body else {"rest": data.hex()})
        return Frame(
            protocol=NAME,
            device=head["station"],
            function=head["func"],
            readings=tuple(body.readings) if body else (),
            fields=fields,
            reply=self._reply(head, raw, data),
            raw=raw,
            deviations=tuple(dict.fromkeys(body.deviations)) if body else (),
        )

    def _reply(self, head: dict[str, Any], raw: bytes, body: bytes) -> bytes | None:
        """Serial and send time again, ended by EOT, or by ACK where the station says that more will come."""
        if head["direction"] == "down" or head["func"] not in _REPORTS:
            return None
        if "packets" in head:
            return self._packet_reply(head, raw, body)
        return sl651_write.down_frame(raw, body[:8], "ACK" if head["end"] == "ETB" else "EOT")

    def _packet_reply(self, head: dict[str, Any], raw: bytes, body: bytes) -> bytes | None:
        """One answer for all packets, when the last came: EOT, or NAK with the first missing packet."""
        key, total, index = (head["station"], head["func"]), head["packets"], head["index"]
        came = self._transfers.setdefault(key, {})
        came[index] = body[:8] if index == 1 else b""
        if len(self._transfers) > _TRANSFERS:
            del self._transfers[next(iter(self._transfers))]
        if head["end"] == "ETB":
            return None
        missing = next((number for number in range(1, total + 1) if number not in came), 0)
        if not missing:
            self._transfers.pop(key, None)
        said = came.get(1) or bytes(8)
        return sl651_write.down_frame(raw, said, "NAK" if missing else "EOT", (total, missing or total))


def _readable(head: dict[str, Any]) -> str:
    """Bodies sent downwards hold parameters, not elements."""
    return head["func"] if head["direction"] == "up" else ""


def decoder() -> Decoder:
    return StreamDecoder(Wire(mark=MARK, measure=measure, read=Session().read))


def retime(raw: bytes, time: int) -> bytes:
    """The newest observation goes to `time`. Later packets of a split message hold no time and stay."""
    frame = only_frame(decoder(), raw)
    start = HEAD + 3 * ("packets" in frame.fields)
    if frame.fields.get("index", 1) != 1:
        return raw
    body = Body(raw[start:-3], _readable(frame.fields), frame.device)
    newest = max((reading.time for reading in body.readings), default=body.stamps[0][2])
    return sl651_write.moved(raw, start, body.stamps, time - newest, time)


def encode(device: str, time: int, values: Mapping[str, float]) -> bytes:
    return sl651_write.report(device, time, values)


PROTOCOL = ProtocolSpec(
    name=NAME, title="水文监测数据通信规约 SL 651", decoder=decoder, port=5651, encode=encode, retime=retime
)
