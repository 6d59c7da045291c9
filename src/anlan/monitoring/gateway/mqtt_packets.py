"""The few packets of MQTT 3.1.1 and 5 that a client sends and is sent, apart from messages that come."""

import struct
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.gateway.mqtt_session import Message, Session

CONNACK, PUBACK, SUBACK, PINGRESP, DISCONNECT = 2, 4, 9, 13, 14
PING, GOODBYE = b"\xc0\x00", b"\xe0\x00"
UNSUPPORTED = {4: {1}, 5: {1, 0x84}}
"""Answers by which a broker says that it does not speak this version."""
SERVER_KEEP_ALIVE, RECEIVE_MAXIMUM = 0x13, 0x21
_SIZES = {
    0x01: 1, 0x02: 4, 0x11: 4, 0x13: 2, 0x17: 1, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2, 0x24: 1, 0x25: 1, 0x27: 4,
    0x28: 1, 0x29: 1, 0x2A: 1,
}  # fmt: skip


class PacketError(ValueError):
    """Bytes that no broker sends."""


def connect(version: int, session: Session, username: str, password: str) -> bytes:
    """A session that goes on where it was, or begins anew where the broker need not remember it."""
    will = session.will() if session.will else None
    flags = 0x80 * bool(username) | 0x40 * bool(password) | 0x02 * (not session.expiry)
    flags |= (0x0C | 0x20 * will.retain) if will else 0
    body = _text("MQTT") + struct.pack(">BBH", version, flags, session.keep_alive)
    if version == 5:
        said = struct.pack(">BIBHBI", 0x11, session.expiry, 0x21, session.in_flight, 0x27, session.largest)
        body += number(len(said)) + said
    body += _text(session.name)
    if will:
        body += _none(version) + _text(will.topic) + _bytes(will.payload)
    body += _text(username) if username else b""
    body += _text(password) if password else b""
    return b"\x10" + number(len(body)) + body


def publish(version: int, packet: int, message: Message) -> bytes:
    """With QoS 1."""
    body = _text(message.topic) + struct.pack(">H", packet) + _none(version) + message.payload
    return bytes([0x32 | message.retain]) + number(len(body)) + body


def subscribe(version: int, packet: int, filters: Iterable[str]) -> bytes:
    """With QoS 1."""
    body = struct.pack(">H", packet) + _none(version)
    body += b"".join(_text(one) + b"\x01" for one in filters)
    return b"\x82" + number(len(body)) + body


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


def puback(body: bytes) -> tuple[int, int]:
    """(Number of the packet, 128 and more where it is refused)."""
    if len(body) < 2:
        raise PacketError("a short answer to PUBLISH")
    return int.from_bytes(body[:2], "big"), body[2] if len(body) > 2 else 0


def suback(version: int, body: bytes) -> list[int]:
    """What was granted for each filter; 128 and more is a refusal."""
    at = 2
    if version == 5:
        at, length = number_at(body, 2)
        at += length
    if len(body) <= at:
        raise PacketError("a short answer to SUBSCRIBE")
    return list(body[at:])


def _properties(body: bytes, at: int) -> dict[int, int]:
    at, length = number_at(body, at)
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


def _none(version: int) -> bytes:
    """No properties, of which the old version has never heard."""
    return b"\x00" if version == 5 else b""


def _text(said: str) -> bytes:
    return _bytes(said.encode())


def _bytes(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


def number(value: int) -> bytes:
    """As packets tell lengths."""
    found = bytearray()
    while True:
        value, low = divmod(value, 128)
        found.append(low | 0x80 * bool(value))
        if not value:
            return bytes(found)


def number_at(body: bytes, at: int) -> tuple[int, int]:
    """(The place after it, the number)."""
    value = 0
    for k in range(4):
        if at + k >= len(body):
            break
        value |= (body[at + k] & 127) << (7 * k)
        if body[at + k] < 128:
            return at + k + 1, value
    raise PacketError("a length without end")
