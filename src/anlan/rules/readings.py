"""Files of readings as columns: Parquet, CSV or JSON lines, plain or gzipped, told apart by what they begin with."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.json as pjson
import pyarrow.parquet as pq
from numpy.typing import NDArray

from anlan.rules import plain_rows

COLUMNS = ("series", "time", "value")
ROWS = 1 << 20
BLOCK = 16 << 20
NAME = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema([("series", pa.string()), ("time", pa.int64()), ("value", pa.float64())])


class ReadingsError(ValueError):
    """A file that holds no readings; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows in the order of the file. `series` is a place in `Readings.names`, -1 where none is named; a reading
    without a value or without a time (counted in `timeless`) has NaN.
    """

    series: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    timeless: int


@dataclass(kw_only=True)
class Readings:
    """What a file holds, a batch at a time. `names` grows as batches come."""

    path: Path
    names: list[str] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)
    _dictionary: Any = None
    _known: NDArray[np.int64] = field(default_factory=lambda: np.full(1, -1))

    def batches(self, *, lenient: bool = False) -> Iterator[Batch]:
        """Raises ReadingsError, and pyarrow.ArrowInvalid for what only a `lenient` reading, row by row, takes:
        text among the numbers, whole numbers written as 1.0.
        """
        with self.path.open("rb") as file:
            for batch in _record_batches(file, self.path, lenient):
                if batch.num_rows:
                    yield self.batch(batch)

    def batch(self, batch: pa.RecordBatch) -> Batch:
        """The columns of COLUMNS as arrays."""
        series, time, value = (batch.column(name) for name in COLUMNS)
        time = _whole(time)
        values = _plain(pc.fill_null(_real(value), np.nan), np.float64)
        if time.null_count:
            values = np.where(_plain(pc.cast(pc.is_null(time), pa.int8()), np.int8), np.nan, values)
        return Batch(
            series=self._series(series),
            time=_plain(pc.fill_null(time, 0), np.int64),
            value=values,
            timeless=time.null_count,
        )

    def _series(self, column: pa.Array) -> NDArray[np.int64]:
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        if self._dictionary is None or not column.dictionary.equals(self._dictionary):
            names = pc.cast(column.dictionary, pa.string()).to_pylist()
            self._dictionary, self._known = column.dictionary, self.places([*names, None])
        nobody = len(self._known) - 1
        return self._known[_plain(pc.cast(pc.fill_null(column.indices, nobody), pa.int32()), np.int32)]

    def places(self, names: list[str | None]) -> NDArray[np.int64]:
        """The place of each, made where it is new."""
        return np.array([self._place(name) for name in names], np.int64)

    def _place(self, name: str | None) -> int:
        if not name:
            return -1
        place = self._places.setdefault(name, len(self.names))
        if place == len(self.names):
            self.names.append(name)
        return place


def _record_batches(file: BinaryIO, path: Path, lenient: bool) -> Iterator[pa.RecordBatch]:
    begin = file.read(1 << 16)
    file.seek(0)
    if begin[:2] == b"\x1f\x8b":
        file = cast(BinaryIO, gzip.GzipFile(fileobj=file))
        begin = file.read(1 << 16)
        file.seek(0)
    if begin[:4] == b"PAR1":
        return _parquet(file)
    if path.suffix in (".parquet", ".pq"):
        raise ReadingsError(f"{path} is no Parquet file")
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        return iter(())
    if text[:1] in b"{[":
        return plain_rows.of_json(file) if lenient or text[:1] == b"[" else _json(file, text)
    return plain_rows.of_csv(file, begin) if lenient else _csv(file, begin)


def _columns(names: list[str]) -> None:
    if missing := [name for name in COLUMNS if name not in names]:
        raise ReadingsError(f"no column {', '.join(missing)}; there are {', '.join(names)}")


def _parquet(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    opened = pq.ParquetFile(file, read_dictionary=["series"], pre_buffer=True)
    _columns(opened.schema_arrow.names)
    return iter(opened.iter_batches(ROWS, columns=list(COLUMNS)))


def _csv(file: BinaryIO, begin: bytes) -> Iterator[pa.RecordBatch]:
    names, delimiter, encoding = plain_rows.header(begin)
    _columns(names)
    types = {"series": NAME, "time": pa.int64(), "value": pa.float64()}
    return iter(
        pcsv.open_csv(
            file,
            read_options=pcsv.ReadOptions(block_size=BLOCK, encoding=encoding),
            parse_options=pcsv.ParseOptions(delimiter=delimiter),
            convert_options=pcsv.ConvertOptions(column_types=types, include_columns=list(COLUMNS)),
        )
    )


def _json(file: BinaryIO, text: bytes) -> Iterator[pa.RecordBatch]:
    _columns(plain_rows.keys(text))
    return iter(
        pjson.open_json(
            file,
            read_options=pjson.ReadOptions(block_size=BLOCK),
            parse_options=pjson.ParseOptions(explicit_schema=SCHEMA, unexpected_field_behavior="ignore"),
        )
    )


def _plain(array: Any, kind: type[Any]) -> NDArray[Any]:
    """An Arrow array without nulls as it lies in memory; `to_numpy` would load pandas, which takes a second."""
    return np.frombuffer(array.buffers()[1] or b"", kind)[array.offset : array.offset + len(array)]


def _whole(time: Any) -> Any:
    """Times as int64 ms; moments of Parquet are turned into them."""
    if pa.types.is_timestamp(time.type):
        time = pc.cast(time, pa.timestamp("ms"), safe=False)
    try:
        return pc.cast(time, pa.int64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ReadingsError(f"time is ms in whole numbers: {error}") from None


def _real(value: Any) -> Any:
    try:
        return pc.cast(value, pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array(plain_rows.reals(value.to_pylist()), pa.float64())
