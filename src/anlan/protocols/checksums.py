"""Check sums of the device protocols."""


def _table() -> tuple[int, ...]:
    rows = []
    for row in range(256):
        for _ in range(8):
            row = row >> 1 ^ (0xA001 if row & 1 else 0)
        rows.append(row)
    return tuple(rows)


_A001 = _table()


def crc_modbus(data: bytes) -> int:
    """CRC-16/MODBUS (reflected A001, start FFFF), as SL 651 and Modbus use it."""
    crc = 0xFFFF
    table = _A001
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc


def crc_hj212(data: bytes) -> int:
    """The check of HJ 212-2017 annex A: it puts each byte on the register's high half. Not CRC-16/MODBUS."""
    crc = 0xFFFF
    table = _A001
    for byte in data:
        crc = table[crc >> 8 ^ byte]
    return crc


def sum8(data: bytes | bytearray) -> int:
    """The sum of all bytes, modulo 256."""
    return sum(data) & 0xFF
