"""Check sums of the device protocols, by a table of what several bytes at once come to."""

import sys
from array import array


def _table() -> tuple[int, ...]:
    rows = []
    for row in range(256):
        for _ in range(8):
            row = row >> 1 ^ (0xA001 if row & 1 else 0)
        rows.append(row)
    return tuple(rows)


_A001 = _table()
_WORDS = array("H", (_A001[low] >> 8 ^ _A001[(_A001[low] ^ high) & 0xFF] for high in range(256) for low in range(256)))
_HIGH = bytes(row >> 8 for row in _A001)
_FOLDS = (_HIGH, _HIGH.translate(_HIGH), _HIGH.translate(_HIGH).translate(_HIGH.translate(_HIGH)))
_FOLDED = _FOLDS[2].translate(_FOLDS[2])


def crc_modbus(data: bytes) -> int:
    """CRC-16/MODBUS (reflected A001, start FFFF), as SL 651 and Modbus use it."""
    crc = 0xFFFF
    words, table = array("H", data[: len(data) & ~1]), _WORDS
    if sys.byteorder == "big":
        words.byteswap()
    for word in words:
        crc = table[crc ^ word]
    return crc >> 8 ^ _A001[(crc ^ data[-1]) & 0xFF] if len(data) & 1 else crc


def crc_hj212(data: bytes) -> int:
    """The check of HJ 212-2017 annex A: it puts each byte on the register's high half. Not CRC-16/MODBUS.

    Only the high half goes on from byte to byte, and what it becomes is linear: so each byte is added to what the one
    before becomes by its step, all pairs at once, three times over; eighths of the bytes are left to go through.
    """
    if not data:
        return 0xFFFF
    data = bytes(-len(data) % 8) + bytes((data[0] ^ 0xFF,)) + data[1:]
    for fold in _FOLDS:
        before, after = int.from_bytes(data[::2].translate(fold)), int.from_bytes(data[1::2])
        data = (before ^ after).to_bytes(len(data) // 2)
    high, table = 0, _FOLDED
    for byte in data:
        high = table[high] ^ byte
    return _A001[high]


def sum8(data: bytes | bytearray) -> int:
    """The sum of all bytes, modulo 256."""
    return sum(data) & 0xFF
