"""Readings row by row, for files with text among the numbers: slow, and takes what it can."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa

STEP = 100_000
TYPES = {"series": pa.string(), "time": pa.int64(), "value": pa.float64()}


def header(begin: bytes) -> tuple[list[str], str, str]:
    """Names of the columns, delimiter and encoding (UTF-8, or GB 18030 where it is not)."""
    cut = begin.rfind(b"\n") + 1 or len(begin)
    try:
        text, encoding = begin[:cut].decode("utf-8-sig"), "utf8"
    except UnicodeDecodeError:
        text, encoding = begin[:cut].decode("gb18030", "replace"), "gb18030"
    line = text.lstrip().partition("\n")[0].rstrip("\r")
    delimiter = max(",;\t", key=line.count)
    return next(csv.reader([line], delimiter=delimiter)), delimiter, encoding


def keys(text: bytes) -> list[str]:
    """Those of the first JSON object; all that is needed where it is not complete."""
    try:
        return list(json.loads(text.split(b"\n", 1)[0]))
    except ValueError:
        return list(TYPES)


def of_csv(file: BinaryIO, begin: bytes) -> Iterator[pa.RecordBatch]:
    _, delimiter, encoding = header(begin)
    with _text(file, "utf-8-sig" if encoding == "utf8" else encoding) as text:
        yield from _batches(csv.DictReader(text, delimiter=delimiter))


def of_json(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    """Lines of objects, or one list of them."""
    with _text(file, "utf-8-sig") as text:
        is_list = text.read(1).strip() == "["
        text.seek(0)
        yield from _batches(json.load(text) if is_list else _lines(text))


@contextmanager
def _text(file: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    """Gives the file back open, as it came."""
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        yield text
    finally:
        text.detach()


def _lines(text: Iterable[str]) -> Iterator[Any]:
    for number, line in enumerate(text, 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"line {number} is no JSON: {error}") from None


def _batches(rows: Iterable[Any]) -> Iterator[pa.RecordBatch]:
    rest, first = iter(rows), 1
    while step := list(islice(rest, STEP)):
        for number, row in enumerate(step, first):
            if not isinstance(row, dict):
                raise ValueError(f"reading {number} is {row!r:.60}, not an object")
        columns = {
            "series": [_name(row.get("series")) for row in step],
            "time": [_moment(row.get("time"), number) for number, row in enumerate(step, first)],
            "value": reals([row.get("value") for row in step]),
        }
        yield pa.RecordBatch.from_pydict({name: pa.array(columns[name], type) for name, type in TYPES.items()})
        first += len(step)


def _name(told: Any) -> str | None:
    return None if told is None else str(told)


def _moment(told: Any, number: int) -> int | None:
    if told is None or (isinstance(told, str) and told.strip().lower() in ("", "null", "nan")):
        return None
    try:
        moment = int(told) if isinstance(told, str | int) else float(told)
    except (TypeError, ValueError):
        moment = _float(told)
    if moment != moment or not abs(moment) < 2**63 or moment != int(moment):
        raise ValueError(f"reading {number}: {told!r:.60} is no time in whole ms")
    return int(moment)


def reals(values: Iterable[Any]) -> list[float]:
    """What is no number is NaN."""
    return [_float(value) for value in values]


def _float(told: Any) -> float:
    try:
        return float("nan") if isinstance(told, bool) else float(told)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
