"""Readings of whole months that are over, as Parquet: a file a month and block of series, a row group a series."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from anlan.monitoring.store.blocks import Columns, StoreError

BLOCK = 64
"""Series in a file: ids that are the same when divided by it."""
OPEN = 256
SCHEMA = pa.schema([("series", pa.int64()), ("time", pa.int64()), ("value", pa.float64()), ("state", pa.uint8())])


def block_of(series_id: int) -> int:
    return series_id // BLOCK


def folder() -> Path:
    return Path(settings.READINGS_ROOT)


def write(path: str, series: Iterable[Columns]) -> int:
    """Writes the ordered readings of one series after the other for good, under their final name only when whole;
    gives the file's size in bytes.

    OSError where the disk is full: then nothing is left behind.
    """
    final = folder() / path
    final.parent.mkdir(parents=True, exist_ok=True)
    draft = final.with_suffix(".part")
    try:
        _write(draft, series)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(draft, final)
        _sync(final.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return final.stat().st_size


def _write(path: Path, series: Iterable[Columns]) -> None:
    dictionary = {"use_dictionary": ["series", "value", "state"], "column_encoding": {"time": "DELTA_BINARY_PACKED"}}
    with pq.ParquetWriter(path, SCHEMA, compression="zstd", write_page_checksum=True, **dictionary) as writer:
        for columns in series:
            table = pa.table(dict(zip(SCHEMA.names, columns, strict=True)), schema=SCHEMA)
            writer.write_table(table, row_group_size=len(columns.time))


def _sync(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _damage(name: str) -> Iterator[None]:
    """What cannot be read of a file that is there becomes a StoreError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{name}: {error}") from None


def read(path: str, ids: Sequence[int]) -> Columns:
    """The readings of these series in a file. FileNotFoundError where it has been replaced, StoreError where damaged."""
    name = folder() / path
    with _damage(f"{name}, series {list(ids)[:5]}"):
        metadata, groups = _index(str(name))
        wanted = [groups[series_id] for series_id in ids if series_id in groups]
        if not wanted:
            return Columns.empty()
        with pq.ParquetFile(name, metadata=metadata, memory_map=True, page_checksum_verification=True) as file:
            table = file.read_row_groups(wanted, use_threads=False)
    return Columns(*(np.ascontiguousarray(table.column(name).to_numpy()) for name in SCHEMA.names))


def verified(path: str) -> int:
    """How many readings a file holds, all of them read. FileNotFoundError, or StoreError where it is damaged."""
    name = folder() / path
    with _damage(str(name)), pq.ParquetFile(name, page_checksum_verification=True) as file:
        return sum(file.read_row_group(i, use_threads=False).num_rows for i in range(file.num_row_groups))


def series_in(path: str) -> list[int]:
    """The ids of the series in a file. FileNotFoundError, or StoreError where it is damaged."""
    name = folder() / path
    with _damage(str(name)):
        return list(_index(str(name))[1])


@lru_cache(OPEN)
def _index(name: str) -> tuple[Any, dict[int, int]]:
    """A file's metadata, and which row group holds a series. Names are never used again."""
    with pq.ParquetFile(name) as file:
        metadata = file.metadata
    statistics = [metadata.row_group(i).column(0).statistics.min for i in range(metadata.num_row_groups)]
    return metadata, {series_id: i for i, series_id in enumerate(statistics)}
