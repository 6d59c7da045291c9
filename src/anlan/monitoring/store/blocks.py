"""Columns of readings as blocks of bytes, zstd frames with a check sum, and back."""

from collections.abc import Sequence
from itertools import pairwise
from threading import local
from typing import Any, NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from anlan.monitoring.store.packing import HEAD, WORST, pack_groups, unpack_groups

LEVEL = 1


class StoreError(RuntimeError):
    """What is stored cannot be read: the text says which row."""


class Columns(NamedTuple):
    """Readings side by side: series id, epoch ms, value (NaN where there was none), ledger state."""

    series: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    state: NDArray[np.uint8]

    @classmethod
    def empty(cls, n: int = 0) -> "Columns":
        return cls(np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.float64), np.empty(n, np.uint8))

    @classmethod
    def joined(cls, parts: Sequence["Columns"]) -> "Columns":
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True))) if parts else cls.empty()

    def take(self, which: NDArray[Any]) -> "Columns":
        return Columns(*(column[which] for column in self))


class _Tools(local):
    """A thread's own: zstd's are not for two at once."""

    def __init__(self) -> None:
        self.packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        self.opener = zstandard.ZstdDecompressor()


_LOCAL = _Tools()


def compressed(data: bytes) -> bytes:
    """A zstd frame with a check sum."""
    return bytes(_LOCAL.packer.compress(data))


def opened(block: bytes, name: str) -> bytes:
    """What `compressed` was given. StoreError, which says `name`, where the frame is damaged."""
    try:
        return bytes(_LOCAL.opener.decompress(block))
    except zstandard.ZstdError as error:
        raise StoreError(f"{name}: damaged, {error}") from None


def plain(series: Any, time: Any, value: Any, state: Any) -> Columns:
    """As contiguous arrays of the right kind. ValueError where their lengths differ."""
    kinds = (np.int64, np.int64, np.float64, np.uint8)
    columns = [np.ascontiguousarray(a, kind) for a, kind in zip((series, time, value, state), kinds, strict=True)]
    if len({len(column) for column in columns}) > 1:
        raise ValueError(f"columns of {[len(column) for column in columns]} readings")
    return Columns(*columns)


def pack(columns: Columns, starts: NDArray[np.int64]) -> list[bytes]:
    """One block a group [starts[g], starts[g + 1]); none is empty."""
    out = np.empty(HEAD * (len(starts) - 1) + WORST * len(columns.time), np.uint8)
    ends = np.empty(len(starts) - 1, np.int64)
    bits = columns.value.view(np.int64)
    pack_groups(starts, columns.series, columns.time, columns.value, bits, columns.state, out, ends)
    whole = out[: ends[-1]].tobytes() if len(ends) else b""
    places = [0, *ends.tolist()]
    pieces = [whole[a:b] for a, b in pairwise(places)]
    return [compressed(piece) for piece in pieces]


def unpack(blocks: Sequence[bytes], numbers: Sequence[int], names: Sequence[str]) -> Columns:
    """The readings of these blocks, one after the other. StoreError names the first that is damaged."""
    bodies = [opened(block, name) for block, name in zip(blocks, names, strict=True)]
    starts = np.cumsum([0, *numbers], dtype=np.int64)
    columns = Columns.empty(int(starts[-1]))
    data = np.frombuffer(b"".join(bodies), np.uint8)
    ends = np.cumsum([len(body) for body in bodies], dtype=np.int64)
    odd = unpack_groups(
        data, ends, starts, columns.series, columns.time, columns.value, columns.value.view(np.int64), columns.state
    )
    if odd >= 0:
        raise StoreError(f"{names[odd]}: no block of {numbers[odd]} readings")
    return columns
