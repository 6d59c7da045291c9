"""The few packets of MQTT 3.1.1 and 5 that a receiving client sends and is sent, apart from messages."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONNACK, PUBLISH, SUBACK, PINGRESP, DISCONNECT = 2, 3, 9, 13, 14
PING, GOODBYE = b"\xc0\x00", b"\xe0\x00"
UNSUPPORTED = {4: {1}, 5: {1, 0x84}}
"""Answers by which a broker says that it does not speak this version."""
SERVER_KEEP_ALIVE = 0x13
_SIZES = {
    0x01: 1, 0x02: 4, 0x11: 4, 0x13: 2, 0x17: 1, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2, 0x24: 1, 0x25: 1, 0x27: 4,
    0x28: 1, 0x29: 1, 0x2A: 1,
}  # fmt: skip


class PacketError(ValueError):
    """Bytes that no broker sends."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a client asks of its session: seconds of `keep_alive` and `expiry`, `in_flight` messages, bytes of a packet."""

    name: str
    username: str
    password: str
    keep_alive: int
    expiry: int
    in_flight: int
    largest: int


def connect(version: int, wishes: Wishes) -> bytes:
    """A session that goes on where it was."""
    flags = 0x80 * bool(wishes.username) | 0x40 * bool(wishes.password)
    body = _text("MQTT") + struct.pack(">BBH", version, flags, wishes.keep_alive)
    if version == 5:
        said = struct.pack(">BIBHBI", 0x11, wishes.expiry, 0x21, wishes.in_flight, 0x27, wishes.largest)
        body += _number(len(said)) + said
    body += _text(wishes.name)
    body += _text(wishes.username) if wishes.username else b""
    body += _text(wishes.password) if wishes.password else b""
    return b"\x10" + _number(len(body)) + body


def subscribe(version: int, packet: int, filters: Iterable[str]) -> bytes:
    """With QoS 1."""
    body = struct.pack(">H", packet) + (b"\x00" if version == 5 else b"")
    body += b"".join(_text(one) + b"\x01" for one in filters)
    return b"\x82" + _number(len(body)) + body


def acknowledge(packets: NDArray[np.int64]) -> bytes:
    """All of them at once."""
    found = np.empty((len(packets), 4), np.uint8)
    found[:, 0], found[:, 1] = 0x40, 2
    found[:, 2], found[:, 3] = packets >> 8, packets & 255
    return found.tobytes()


def connack(version: int, body: bytes) -> tuple[int, dict[int, int]]:
    """(Why it is refused, or 0; numeric properties)."""
    if len(body) < 2:
        raise PacketError("a short answer to CONNECT")
    return body[1], _properties(body, 2) if version == 5 and len(body) > 2 else {}


def suback(version: int, body: bytes) -> list[int]:
    """What was granted for each filter; 128 and more is a refusal."""
    at = 2
    if version == 5:
        at, length = _read_number(body, 2)
        at += length
    if len(body) <= at:
        raise PacketError("a short answer to SUBSCRIBE")
    return list(body[at:])


def _properties(body: bytes, at: int) -> dict[int, int]:
    at, length = _read_number(body, at)
    found, end = {}, at + length
    while at < end <= len(body):
        name, at = body[at], at + 1
        if size := _SIZES.get(name):
            found[name] = int.from_bytes(body[at : at + size], "big")
            at += size
        else:
            for _ in range(2 if name == 0x26 else 1):
                at += 2 + int.from_bytes(body[at : at + 2], "big")
    if at != end or end > len(body):
        raise PacketError("properties that contradict their length")
    return found


def _text(said: str) -> bytes:
    data = said.encode()
    return struct.pack(">H", len(data)) + data


def _number(value: int) -> bytes:
    found = bytearray()
    while True:
        value, low = divmod(value, 128)
        found.append(low | 0x80 * bool(value))
        if not value:
            return bytes(found)


def _read_number(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for k in range(4):
        if at + k >= len(body):
            break
        value |= (body[at + k] & 127) << (7 * k)
        if body[at + k] < 128:
            return at + k + 1, value
    raise PacketError("a length without end")
