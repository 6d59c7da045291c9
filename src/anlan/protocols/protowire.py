"""Protocol Buffers on the wire, as far as telling fields apart: number, kind of wire, value."""

import struct
from collections.abc import Iterator

from anlan.protocols.frames import FrameError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST = 1 << 64


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of at most 64 bits and the place behind it. FrameError where it does not end."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise FrameError("truncated", "a number is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value % MOST, at
    raise FrameError("format", "a number of more than ten bytes")


def fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Every field in order: its number, how it lies on the wire, and its number or bytes. FrameError for what is none."""
    at, end = 0, len(data)
    while at < end:
        tag, at = (data[at], at + 1) if data[at] < 0x80 else varint(data, at)
        number, wire = tag >> 3, tag & 7
        if not number:
            raise FrameError("format", "a field without a number")
        if wire == VARINT:
            value, at = (data[at], at + 1) if at < end and data[at] < 0x80 else varint(data, at)
            yield number, wire, value
            continue
        if wire == BYTES:
            size, at = (data[at], at + 1) if at < end and data[at] < 0x80 else varint(data, at)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            raise FrameError("format", f"wire type {wire}")
        if size > end - at:
            raise FrameError("truncated", f"{size} bytes told, {end - at} found")
        piece = data[at : at + size]
        yield number, wire, piece if wire == BYTES else int.from_bytes(piece, "little")
        at += size


def write_varint(value: int) -> bytes:
    value %= MOST
    said = bytearray()
    while value > 0x7F:
        said.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*said, value))


def write_field(number: int, value: int | float | bytes, *, double: bool = False) -> bytes:
    """A whole number as a varint, a float as four bytes (eight: `double`), bytes with their length."""
    if isinstance(value, bytes):
        return write_varint(number << 3 | BYTES) + write_varint(len(value)) + value
    if isinstance(value, float):
        wire, code = (FIXED64, "<d") if double else (FIXED32, "<f")
        return write_varint(number << 3 | wire) + struct.pack(code, value)
    return write_varint(number << 3 | VARINT) + write_varint(value)
