"""The envelope of SL 651 messages in both encodings: HEX/BCD (7E7E) and ASCII (SOH), up and down, whole or split.

In the ASCII encoding every byte of head and check is two hexadecimal characters; lengths count characters.
"""

import re
from typing import NamedTuple

from anlan.protocols.checksums import crc_modbus
from anlan.protocols.frames import FrameError
from anlan.protocols.sl651_elements import FUNCTIONS

HEX_MARK, TEXT_MARK = b"\x7e\x7e", b"\x01"
HEX_HEAD, TEXT_HEAD = 14, 24
STX, SYN = 0x02, 0x16
STARTS = {STX: "STX", SYN: "SYN"}
UP_ENDS = {0x03: "ETX", 0x17: "ETB"}
DOWN_ENDS = {0x05: "ENQ", 0x06: "ACK", 0x15: "NAK", 0x04: "EOT", 0x1B: "ESC"}
ENDS = {name: code for ends in (UP_ENDS, DOWN_ENDS) for code, name in ends.items()}
_TEXT_HEAD = re.compile(rb"\x01[0-9A-Fa-f]{18}[08][0-9A-Fa-f]{3}[\x02\x16]")


class Envelope(NamedTuple):
    """Everything around a body. `total` and `number` are those of a split message, else 0; `end` is a name."""

    text: bool
    down: bool
    centre: int
    station: str
    password: str
    function: str
    end: str
    total: int = 0
    number: int = 0


def measure(buffer: bytearray, at: int) -> int | None:
    if buffer[at] == TEXT_MARK[0]:
        return _measure_text(buffer, at)
    if at + HEX_HEAD > len(buffer):
        return None
    if buffer[at + 11] >> 4 not in (0, 8) or buffer[at + 13] not in STARTS:
        return 0
    return HEX_HEAD + ((buffer[at + 11] & 0x0F) << 8 | buffer[at + 12]) + 3


def _measure_text(buffer: bytearray, at: int) -> int | None:
    head = bytes(buffer[at : at + TEXT_HEAD])
    if len(head) < TEXT_HEAD:
        return None if all(byte in b"0123456789ABCDEFabcdef" for byte in head[1:]) else 0
    if not _TEXT_HEAD.fullmatch(head):
        return 0
    return TEXT_HEAD + int(head[20:23], 16) + 5


def opened(raw: bytes) -> tuple[Envelope, bytes]:
    """Envelope and body of one whole frame. FrameError: tail, checksum, format, length."""
    text = raw[0] == 1
    end, told, made = _ending(raw, text)
    head = bytes.fromhex(raw[1:23].decode()) if text else raw[2:13]
    down = bool(head[9] & 0x80)
    name = (DOWN_ENDS if down else UP_ENDS).get(end)
    if name is None:
        raise FrameError("tail", f"end character {end:02X}", raw)
    if told != made:
        raise FrameError("checksum", f"{told:04X} told, {made:04X} computed", raw)
    station, centre = (head[:5], head[5]) if down else (head[1:6], head[0])
    begin = TEXT_HEAD if text else HEX_HEAD
    body, numbers = raw[begin : -5 if text else -3], (0, 0)
    if raw[begin - 1] == SYN:
        body, numbers = _packet(raw, body, text)
    envelope = Envelope(
        text, down, centre, station.hex(), head[6:8].hex().upper(), f"{head[8]:02X}", name, numbers[0], numbers[1]
    )
    return envelope, body


def _ending(raw: bytes, text: bool) -> tuple[int, int, int]:
    """The end character, the check that is told, and the one computed."""
    if not text:
        return raw[-3], int.from_bytes(raw[-2:], "big"), crc_modbus(raw[:-2])
    try:
        return raw[-5], int(raw[-4:].decode("ascii"), 16), crc_modbus(raw[:-4])
    except ValueError:
        raise FrameError("checksum", f"{raw[-4:]!r} is no check", raw) from None


def _packet(raw: bytes, body: bytes, text: bool) -> tuple[bytes, tuple[int, int]]:
    try:
        width = 6 if text else 3
        word = int(body[:width].decode("ascii"), 16) if text else int.from_bytes(body[:width], "big")
    except ValueError:
        raise FrameError("format", f"{body[:6]!r} are no packet numbers", raw) from None
    total, index = word >> 12, word & 0xFFF
    if len(body) < width or not 1 <= index <= total:
        raise FrameError("format", f"packet {index} of {total}", raw)
    return body[width:], (total, index)


def framed(envelope: Envelope, body: bytes) -> bytes:
    """The bytes of a frame. ValueError where the body is too long."""
    one = envelope
    station, centre = bytes.fromhex(one.station), bytes((one.centre,))
    split = (one.total << 12 | one.number).to_bytes(3, "big") if one.total else b""
    numbers = split.hex().upper().encode() if one.text else split
    if len(body) + len(numbers) > 4095:
        raise ValueError("too long for one frame")
    head = (station + centre if one.down else centre + station) + bytes.fromhex(one.password + one.function)
    head += (0x8000 * one.down | len(body) + len(numbers)).to_bytes(2, "big")
    mark, shown = (TEXT_MARK, head.hex().upper().encode()) if one.text else (HEX_MARK, head)
    frame = mark + shown + bytes((SYN if split else STX,)) + numbers + body + bytes((ENDS[one.end],))
    return summed(frame)


def summed(frame: bytes) -> bytes:
    """A frame without its check, and the check."""
    check = crc_modbus(frame).to_bytes(2, "big")
    return frame + (check.hex().upper().encode() if frame[0] == TEXT_MARK[0] else check)


def head_fields(envelope: Envelope, raw: bytes) -> dict[str, object]:
    """The envelope as fields of a `Frame`."""
    text, down, centre, station, password, function, end, total, index = envelope
    fields: dict[str, object] = {
        "center": str(centre),
        "station": station,
        "password": password,
        "func": function,
        "func_name": FUNCTIONS.get(function, ""),
        "direction": "down" if down else "up",
        "length": int(raw[20:23], 16) if text else (raw[11] & 0x0F) << 8 | raw[12],
        "start": STARTS[raw[TEXT_HEAD - 1 if text else HEX_HEAD - 1]],
        "end": end,
    }
    if text:
        fields["encoding"] = "ASCII"
    if total:
        fields["packets"], fields["index"] = total, index
    return fields
