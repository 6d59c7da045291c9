"""SL 651 frames as stations and centres write them."""

import math
from collections.abc import Mapping

from anlan.protocols.sl651_elements import (
    IDS_ASCII,
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
from anlan.protocols.sl651_frame import Envelope, framed, summed
from anlan.vocab import clock

TIMED_REPORT = "32"
_RAIN = frozenset(f"{number:02X}" for number in range(0x1A, 0x27)) | {RAIN_SLOTS, "38"}
_SEND, OBSERVED = "YYMMDDHHmmSS", "YYMMDDHHmm"
SENT = {False: 8, True: 16}
"""Bytes of serial and send time in the HEX and in the ASCII encoding."""


def confirmation(envelope: Envelope, said: bytes, end: str, number: int = 0) -> bytes:
    """The centre's answer: serial and send time again. `number` is a packet's in the answer to a split message."""
    return framed(envelope._replace(down=True, end=end, number=number), said[: SENT[envelope.text]])


def sending(serial: int, time: int, *, text: bool) -> bytes:
    """Serial and send time, with which every body begins."""
    data = serial.to_bytes(2, "big") + bcd_time(time, _SEND)
    return data.hex().upper().encode() if text else data


def report(device: str, time: int, values: Mapping[str, float], *, text: bool = False) -> bytes:
    """A timed report (32H) of a station with a ten-digit address. ValueError for what it cannot hold."""
    envelope = station_envelope(device, TIMED_REPORT, text=text)
    serial = time // 1000 % 65535 + 1
    return framed(envelope, sending(serial, time, text=text) + observed(device, time, values, text=text))


def station_envelope(device: str, function: str, *, text: bool) -> Envelope:
    if len(device) != 10 or not (device.isascii() and device.isdigit()):
        raise ValueError(f"a station has ten digits: {device!r}")
    return Envelope(
        text=text, down=False, centre=1, station=device, password="0000", function=function, end="ETX"
    )  # fmt: skip


def observed(device: str, time: int, values: Mapping[str, float], *, text: bool) -> bytes:
    """Station, class, observation time and elements. ValueError."""
    kind = "P" if values.keys() <= _RAIN else "H"
    if text:
        words = f"ST {device} {kind} TT {clock.write(time, OBSERVED)} " + _words(time, values)
        return words.encode("ascii")
    head = b"\xf1\xf1" + bytes.fromhex(device) + kind.encode() + b"\xf0\xf0"
    return head + bcd_time(time, OBSERVED) + _elements(time, values)


def moved(raw: bytes, start: int, stamps: list[tuple[int, str, int]], by: int, latest: int) -> bytes:
    """A frame whose times, at their offsets in the body at `start`, are moved, none beyond `latest`."""
    text = raw[0] == 1
    frame = bytearray(raw[: -4 if text else -2])
    for at, layout, moment in stamps:
        digits = clock.write(min(moment + by, latest), layout)
        data = digits.encode() if text else bytes.fromhex(digits)
        frame[start + at : start + at + len(data)] = data
    return summed(bytes(frame))


def _parts(values: Mapping[str, float]) -> tuple[dict[str, float], int | None, dict[str, float]]:
    """Plain elements, the status word where alarm bits are told, and five-minute slots."""
    slots = {key: value for key, value in values.items() if key == RAIN_SLOTS or key in LEVEL_SLOTS}
    bits = {key: value for key, value in values.items() if key.startswith(f"{STATUS}:")}
    plain = {key: value for key, value in values.items() if key not in slots and key not in bits}
    word = sum(1 << int(key.partition(":")[2]) for key, value in bits.items() if value and not math.isnan(value))
    return plain, word if bits else None, slots


def _elements(time: int, values: Mapping[str, float]) -> bytes:
    """Five-minute slots come last, after the time of their first slot."""
    plain, word, slots = _parts(values)
    data = b"".join(bytes.fromhex(key) + write_number(value, KINDS.get(key, UNLISTED)) for key, value in plain.items())
    if word is not None:
        data += bytes.fromhex(STATUS) + b"\x20" + word.to_bytes(4, "big")
    if slots:
        data += b"\xf0\xf0" + bcd_time(time - SLOT_MS * (SLOTS - 1), OBSERVED)
        data += b"".join(bytes.fromhex(key) + write_last_slot(key, value) for key, value in slots.items())
    return data


def _words(time: int, values: Mapping[str, float]) -> str:
    plain, word, slots = _parts(values)
    said = [f"{_ascii(key)} {_decimal(key, value)} " for key, value in plain.items()]
    said += [f"{_ascii(STATUS)} {word:08X} "] if word is not None else []
    if slots:
        said.append(f"TT {clock.write(time - SLOT_MS * (SLOTS - 1), OBSERVED)} ")
        said += [f"{_ascii(key)} {write_last_slot(key, value)[1:].hex().upper()} " for key, value in slots.items()]
    return "".join(said)


def _ascii(key: str) -> str:
    if key not in IDS_ASCII:
        raise ValueError(f"no word for element {key}")
    return IDS_ASCII[key]


def _decimal(key: str, value: float) -> str:
    kind = KINDS[key]
    if math.isnan(value):
        return "M"
    if not math.isfinite(value) or not kind.digits or abs(value) >= 10 ** max(1, kind.digits):
        raise ValueError(f"{kind.name} cannot hold {value}")
    return f"{value:.{kind.decimals}f}"


def bcd_time(moment: int, layout: str) -> bytes:
    return bytes.fromhex(clock.write(moment, layout))
