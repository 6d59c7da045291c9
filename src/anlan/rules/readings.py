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

from anlan.rules import plain_rows, text_numbers

COLUMNS = ("series", "time", "value")
MOST = 2
ROWS = 1 << 20
BLOCK = 16 << 20
NAME = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema([("series", pa.string()), ("time", pa.int64()), ("value", pa.float64())])


class ReadingsError(ValueError):
    """A file that holds no readings; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows in the order of the file. `series` is a place in `Readings.names`, -1 where none is named; a reading
    without a value or without a time (counted in `timeless`, where it has a series) has NaN.
    """

    series: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    timeless: int


@dataclass(kw_only=True)
class Readings:
    """What a file holds, a batch at a time. `names` and the number of readings `read` grow as batches come."""

    path: Path
    names: list[str] = field(default_factory=list)
    read: int = 0
    _places: dict[str, int] = field(default_factory=dict)
    _dictionary: Any = None
    _known: NDArray[np.int64] = field(default_factory=lambda: np.full(1, -1))

    def batches(self, patience: int = 0) -> Iterator[Batch]:
        """Raises ReadingsError, and pyarrow.ArrowInvalid for what only more `patience` takes: 1 for text among the
        numbers of a CSV file, MOST, row by row, for rows of odd lengths, odd encodings and JSON of odd values.
        """
        with self.path.open("rb") as file:
            for batch in _record_batches(file, self.path, patience):
                if batch.num_rows:
                    yield self.batch(batch)

    def batch(self, batch: pa.RecordBatch) -> Batch:
        """The columns of COLUMNS as arrays."""
        series, time, value = (batch.column(name) for name in COLUMNS)
        time = _whole(time, self.read + 1)
        self.read += len(time)
        values = _plain(pc.fill_null(_real(value), np.nan), np.float64)
        timeless, places = np.zeros(0, np.int64), self._series(series)
        if time.null_count:
            timeless = np.flatnonzero(_plain(pc.cast(pc.is_null(time), pa.int8()), np.int8))
            values = values.copy()
            values[timeless] = np.nan
        return Batch(
            series=places,
            time=_plain(pc.fill_null(time, 0), np.int64),
            value=values,
            timeless=int((places[timeless] >= 0).sum()),
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


def _record_batches(file: BinaryIO, path: Path, patience: int) -> Iterator[pa.RecordBatch]:
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
    text = begin.removeprefix(plain_rows.BOM).lstrip()
    if not text:
        return iter(())
    if text[:1] in b"{[":
        return plain_rows.of_json(file) if patience or text[:1] == b"[" else _json(file, text)
    return plain_rows.of_csv(file, begin) if patience == MOST else _csv(file, begin, as_text=patience > 0)


def _columns(names: list[str]) -> None:
    if missing := [name for name in COLUMNS if name not in names]:
        raise ReadingsError(f"no column {', '.join(missing)}; there are {', '.join(names)!r:.200}")
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        raise ReadingsError(f"column {twice[0]} stands twice")


def _parquet(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    schema = pq.read_schema(file)
    _columns(schema.names)
    if pa.types.is_nested(kind := schema.field("series").type):
        raise ReadingsError(f"column series holds no names but {kind}")
    file.seek(0)
    opened = pq.ParquetFile(file, read_dictionary=["series"], pre_buffer=True)
    return iter(opened.iter_batches(ROWS, columns=list(COLUMNS)))


def _csv(file: BinaryIO, begin: bytes, *, as_text: bool) -> Iterator[pa.RecordBatch]:
    names, delimiter, encoding = plain_rows.header(begin)
    _columns(names)
    types = {"series": NAME, "time": pa.int64(), "value": pa.float64()}
    types |= dict.fromkeys(("time", "value"), pa.string()) if as_text else {}
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


def _whole(time: Any, first: int) -> Any:
    """Times as int64 ms, of readings counted from `first`; moments of Parquet are turned into them."""
    if text_numbers.is_text(time):
        return text_numbers.times(time, first)
    if pa.types.is_timestamp(time.type):
        time = pc.cast(time, pa.timestamp("ms"), safe=False)
    if pa.types.is_floating(time.type):
        time = pc.if_else(pc.is_nan(time), None, time)
    try:
        return pc.cast(time, pa.int64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ReadingsError(f"time is ms in whole numbers: {error}") from None


def _real(value: Any) -> Any:
    """What is no number, such as true, is NaN."""
    if pa.types.is_boolean(value.type):
        return pa.nulls(len(value), pa.float64())
    if text_numbers.is_text(value):
        return text_numbers.reals(value)
    try:
        return pc.cast(value, pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array(plain_rows.reals(value.to_pylist()), pa.float64())
