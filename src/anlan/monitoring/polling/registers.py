"""Registers as numbers: which to ask for in one go, and what they say."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from anlan.monitoring.polling.plans import Point

SIZES = {"int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2, "float64": 4}
_CODES = {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f", "float64": ">d"}
BITS = ("coil", "discrete")
MOST, GAP = 120, 8


@dataclass(frozen=True, kw_only=True)
class Block:
    """Neighbours that are read in one question."""

    table: str
    start: int
    count: int
    points: tuple[Point, ...]


def size(point: Point) -> int:
    return 1 if point.table in BITS else SIZES[point.type]


def blocks(points: Sequence[Point]) -> list[Block]:
    """Points in as few questions as the protocol and small gaps allow."""
    found: list[Block] = []
    for point in sorted((p for p in points if p.number is not None), key=lambda p: (p.table, p.number or 0)):
        start = point.number or 0
        end, last = start + size(point), found[-1] if found else None
        if last and last.table == point.table and start - last.start - last.count <= GAP and end - last.start <= MOST:
            count = max(last.count, end - last.start)
            found[-1] = Block(table=last.table, start=last.start, count=count, points=(*last.points, point))
        else:
            found.append(Block(table=point.table, start=start, count=end - start, points=(point,)))
    return found


def value_of(point: Point, block: Block, words: Sequence[int | bool]) -> float:
    """NaN for what the device calls missing, for infinity, and where the answer is too short."""
    at = (point.number or 0) - block.start
    found = list(words[at : at + size(point)])
    if len(found) < size(point):
        return math.nan
    if point.table in BITS:
        raw = float(found[0])
    else:
        ordered = found if point.word_order == "big" else found[::-1]
        (raw,) = struct.unpack(_CODES[point.type], b"".join(int(word).to_bytes(2, "big") for word in ordered))
    return scaled(point, float(raw))


def scaled(point: Point, raw: float) -> float:
    value = raw * point.scale + point.offset
    return math.nan if raw == point.missing or not math.isfinite(value) else value
