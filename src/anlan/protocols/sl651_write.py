"""SL 651 frames as stations and centres write them."""

import math
from collections.abc import Mapping

from anlan.protocols.checksums import crc_modbus
from anlan.protocols.sl651_elements import (
    KINDS,
    LEVEL_SLOTS,
    RAIN_SLOTS,
    SLOT_MS,
    SLOTS,
    STATUS,
    UNLISTED,
    write_last_slot,
    write_number,
)
from anlan.vocab import clock

_ENDS = {"EOT": 0x04, "ENQ": 0x05, "ACK": 0x06, "NAK": 0x15, "ESC": 0x1B}
_TIMED_REPORT = 0x32
_RAIN = frozenset(f"{number:02X}" for number in range(0x1A, 0x27)) | {RAIN_SLOTS, "38"}
_OBSERVED = "YYMMDDHHmm"


def down_frame(up: bytes, body: bytes, end: str, packet: tuple[int, int] | None = None) -> bytes:
    """The centre's answer to an up frame; `packet` is (total, index) in the answer to a split message."""
    start = b"\x02"
    if packet:
        start = b"\x16" + (packet[0] << 12 | packet[1]).to_bytes(3, "big")
    length = 0x8000 | len(body) + len(start) - 1
    head = b"\x7e\x7e" + up[3:8] + up[2:3] + up[8:11] + length.to_bytes(2, "big")
    return _summed(head + start + body + bytes((_ENDS[end],)))


def report(device: str, time: int, values: Mapping[str, float]) -> bytes:
    """A timed report (32H) of a station with a ten-digit address. ValueError for what it cannot hold."""
    if len(device) != 10 or not (device.isascii() and device.isdigit()):
        raise ValueError(f"a station has ten digits: {device!r}")
    station = bytes.fromhex(device)
    kind = b"P" if values.keys() <= _RAIN else b"H"
    body = (time // 1000 % 65535 + 1).to_bytes(2, "big") + _time(time, "YYMMDDHHmmSS")
    body += b"\xf1\xf1" + station + kind + b"\xf0\xf0" + _time(time, _OBSERVED) + _elements(time, values)
    if len(body) > 4095:
        raise ValueError("too many values for one frame")
    head = b"\x7e\x7e\x01" + station + b"\x00\x00" + bytes((_TIMED_REPORT,)) + len(body).to_bytes(2, "big")
    return _summed(head + b"\x02" + body + b"\x03")


def moved(raw: bytes, start: int, stamps: list[tuple[int, str, int]], by: int, latest: int) -> bytes:
    """A frame whose times, at their offsets in the body at `start`, are moved, none beyond `latest`."""
    frame = bytearray(raw[:-2])
    for at, layout, moment in stamps:
        data = _time(min(moment + by, latest), layout)
        frame[start + at : start + at + len(data)] = data
    return _summed(bytes(frame))


def _elements(time: int, values: Mapping[str, float]) -> bytes:
    """Alarm bits go into one status word; five-minute slots follow, after the time of their first slot."""
    slots = {key: value for key, value in values.items() if key == RAIN_SLOTS or key in LEVEL_SLOTS}
    bits = {key: value for key, value in values.items() if key.startswith(f"{STATUS}:")}
    data = b"".join(
        bytes.fromhex(key) + write_number(value, KINDS.get(key, UNLISTED))
        for key, value in values.items()
        if key not in slots and key not in bits
    )
    if bits:
        word = sum(1 << int(key.partition(":")[2]) for key, value in bits.items() if value and not math.isnan(value))
        data += bytes.fromhex(STATUS) + b"\x20" + word.to_bytes(4, "big")
    if slots:
        data += b"\xf0\xf0" + _time(time - SLOT_MS * (SLOTS - 1), _OBSERVED)
        data += b"".join(bytes.fromhex(key) + write_last_slot(key, value) for key, value in slots.items())
    return data


def _time(moment: int, layout: str) -> bytes:
    return bytes.fromhex(clock.write(moment, layout))


def _summed(frame: bytes) -> bytes:
    return frame + crc_modbus(frame).to_bytes(2, "big")
