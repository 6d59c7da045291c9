"""The head of a JT/T 808 message, and messages that come in several packets."""

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from anlan.protocols import jt808_write as write
from anlan.protocols.frames import FrameError

MOST_BYTES, MOST_PACKETS = 262_144, 512
"""Of all unfinished messages of a connection together; the oldest make room."""
DONE = 32
"""Whole messages that are remembered, so that a packet which comes again is acknowledged by itself."""
Whole: TypeAlias = tuple[bytes | None, tuple[int, ...]]
"""A body with the serials of its packets; None for a packet whose message was read before."""
_Key: TypeAlias = tuple[bytes, int, int, int]


def unescaped(data: bytes) -> bytes:
    """FrameError for an escape that is none."""
    first, *rest = data.split(b"\x7d")
    if any(part[:1] not in (b"\x01", b"\x02") for part in rest):
        raise FrameError("format", "7D before neither 01 nor 02")
    return first + b"".join((b"\x7d" if part[0] == 1 else b"\x7e") + part[1:] for part in rest)


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """`packet` is (total, index counted from 1) of a split message. `version` is 0 in the edition of 2013."""

    function: int
    props: int
    version: int
    phone: bytes
    serial: int
    packet: tuple[int, int] | None
    body: bytes

    @classmethod
    def read(cls, message: bytes) -> "Header":
        """From an unescaped message with its check. FrameError for one that is broken."""
        if write.check(message):
            raise FrameError("checksum", f"{message[-1]:02X} told, {write.check(message[:-1]):02X} computed")
        props = int.from_bytes(message[2:4], "big")
        new, split = bool(props & write.VERSIONED), bool(props & write.SPLIT)
        start = 5 if new else 4
        end = start + (10 if new else 6)
        body = end + 2 + 4 * split
        if len(message) - 1 - body != props & write.LONGEST_BODY:
            raise FrameError("length", f"{props & write.LONGEST_BODY} bytes told, {len(message) - 1 - body} found")
        phone = message[start:end]
        if not phone.hex().isdigit():
            raise FrameError("format", f"a number that is not BCD: {phone.hex()}")
        packet = tuple(int.from_bytes(message[at : at + 2], "big") for at in (end + 2, end + 4)) if split else None
        if packet and not 0 < packet[1] <= packet[0]:
            raise FrameError("format", f"packet {packet[1]} of {packet[0]}")
        return cls(
            function=int.from_bytes(message[:2], "big"),
            props=props,
            version=message[4] if new else 0,
            phone=phone,
            serial=int.from_bytes(message[end : end + 2], "big"),
            packet=(packet[0], packet[1]) if packet else None,
            body=message[body:-1],
        )

    @property
    def new(self) -> bool:
        """Of the edition of 2019."""
        return len(self.phone) == 10

    @property
    def device(self) -> str:
        return self.phone.hex().lstrip("0") or "0"

    @property
    def encryption(self) -> int:
        """0: none, 1: RSA; others are reserved."""
        return self.props >> 10 & 7

    def fields(self) -> dict[str, object]:
        told: dict[str, object] = {
            "msg_id": f"{self.function:04x}",
            "body_len": len(self.body),
            "encrypt": self.encryption,
            "split": self.packet is not None,
            "version_flag": self.new,
            "phone": self.phone.hex(),
            "serial": self.serial,
        }
        if self.new:
            told["protocol_version"] = self.version
        if self.packet:
            told |= {"packets": self.packet[0], "packet": self.packet[1]}
        return told


class Parts:
    """Packets of messages that are not whole yet."""

    def __init__(self) -> None:
        self._found: dict[_Key, dict[int, Header]] = {}
        self._done: deque[_Key] = deque(maxlen=DONE)
        self._bytes = self._packets = 0

    def add(self, header: Header) -> tuple[Whole | None, list[int]]:
        """The whole message with its packets' serials where this packet completes it, and the sizes in packets of
        those given up for it."""
        if header.packet is None or header.encryption:
            return (header.body, (header.serial,)), []
        total, index = header.packet
        key = (header.phone, header.function, total, (header.serial - index) % 65536)
        if key in self._done:
            return (None, (header.serial,)), []
        packets = self._found.setdefault(key, {})
        if index not in packets:
            packets[index] = header
            self._bytes += len(header.body)
            self._packets += 1
        if len(packets) < total:
            return None, self._make_room()
        self._drop(key)
        self._done.append(key)
        ordered = [packets[place] for place in sorted(packets)]
        return (b"".join(one.body for one in ordered), tuple(one.serial for one in ordered)), []

    def _make_room(self) -> list[int]:
        given_up = []
        while self._bytes > MOST_BYTES or self._packets > MOST_PACKETS:
            oldest = next(iter(self._found))
            given_up.append(self._drop(oldest))
        return given_up

    def _drop(self, key: _Key) -> int:
        packets = self._found.pop(key)
        self._bytes -= sum(len(one.body) for one in packets.values())
        self._packets -= len(packets)
        return len(packets)

    def forget(self) -> list[int]:
        """All of them, when the connection ends; how many packets each had."""
        return [self._drop(key) for key in list(self._found)]
