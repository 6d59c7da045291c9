"""Check sums by several bytes at once are those of the standards' loops, byte by byte."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols.checksums import crc_hj212, crc_modbus


def shifted(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def modbus(crc: int, byte: int) -> int:
    return shifted(crc ^ byte)


def hj212(crc: int, byte: int) -> int:
    return shifted(crc >> 8 ^ byte)


@pytest.mark.parametrize(("made", "step"), [(crc_modbus, modbus), (crc_hj212, hj212)])
@given(data=st.binary(max_size=200))
def test_a_check_sum_is_what_the_loop_over_single_bits_makes(
    made: Callable[[bytes], int], step: Callable[[int, int], int], data: bytes
) -> None:
    crc = 0xFFFF
    for byte in data:
        crc = step(crc, byte)
    assert made(data) == crc
