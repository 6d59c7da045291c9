"""Readings row by row, for files with text among the numbers: slow, and takes what it can."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa

STEP, LOOKED_AT = 100_000, 100
LONGEST = BLOCK = 1 << 24
BOM = b"\xef\xbb\xbf"
_STRAY = re.compile("[\ud800-\udfff]")
TYPES = {"series": pa.string(), "time": pa.int64(), "value": pa.float64()}


def header(begin: bytes) -> tuple[list[str], str, str]:
    """Names of the columns, delimiter and encoding (UTF-8, or GB 18030 where it is not)."""
    cut = begin.rfind(b"\n") + 1 or len(begin)
    try:
        text, encoding = begin[:cut].decode("utf-8-sig"), "utf8"
    except UnicodeDecodeError:
        text, encoding = begin[:cut].decode("gb18030", "replace"), "gb18030"
    line = re.split("[\r\n]", text.lstrip(), maxsplit=1)[0]
    delimiter = max(",;\t", key=line.count)
    try:
        return next(csv.reader([line], delimiter=delimiter)), delimiter, encoding
    except csv.Error as error:
        raise ValueError(f"the names of the columns cannot be read: {error}") from None


def keys(text: bytes) -> list[str]:
    """Those of the first JSON objects; all that is needed where one is not complete."""
    found: dict[str, None] = {}
    for line in text.split(b"\n", LOOKED_AT)[:LOOKED_AT]:
        try:
            found |= dict.fromkeys(json.loads(line) if line.strip() else ())
        except (ValueError, TypeError, RecursionError):
            return list(TYPES)
    return list(found)


def of_csv(file: BinaryIO, begin: bytes) -> Iterator[pa.RecordBatch]:
    delimiter = header(begin)[1]
    csv.field_size_limit(LONGEST)
    with _text(file) as text:
        reader = csv.DictReader(text, delimiter=delimiter, strict=True)
        try:
            yield from _batches(reader)
        except csv.Error as error:
            raise ValueError(f"line {reader.line_num}: {error}") from None


def of_json(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    """Lines of objects, or one list of them."""
    with _text(file) as text:
        is_list = text.read(1 << 16).lstrip()[:1] == "["
        text.seek(0)
        try:
            yield from _batches(json.load(text) if is_list else _lines(text))
        except RecursionError:
            raise ValueError("JSON that is nested too deep") from None


def _encoding(file: BinaryIO) -> str:
    """UTF-8, or GB 18030 where the whole file has too much that is not UTF-8 to be merely broken: the GB 18030 of some
    words, such as 水位, is UTF-8 too.
    """
    decoder, good, bad = codecs.getincrementaldecoder("utf-8")("replace"), 0, 0
    while piece := file.read(BLOCK):
        if not piece.isascii():
            text = decoder.decode(piece)
            bad += text.count("\ufffd")
            good += len(text) - len(text.encode("ascii", "ignore"))
    file.seek(0)
    return "utf-8-sig" if bad * 10 <= good - bad else "gb18030"


@contextmanager
def _text(file: BinaryIO) -> Iterator[io.TextIOWrapper]:
    """Gives the file back open, as it came."""
    text = io.TextIOWrapper(file, encoding=_encoding(file), errors="replace", newline="")
    try:
        yield text
    finally:
        text.detach()


def _lines(lines: Iterable[str]) -> Iterator[Any]:
    for number, line in enumerate(lines, 1):
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
            "time": [moment(row.get("time"), number) for number, row in enumerate(step, first)],
            "value": reals([row.get("value") for row in step]),
        }
        yield pa.RecordBatch.from_pydict({name: pa.array(columns[name], type) for name, type in TYPES.items()})
        first += len(step)


def _name(told: Any) -> str | None:
    return None if told is None else _STRAY.sub("\ufffd", str(told))


def moment(told: Any, number: int) -> int | None:
    """A time in ms; None for nothing. ValueError, with the reading's number, for what is no time."""
    if told is None or (isinstance(told, str) and told.strip().lower() in ("", "null", "nan")):
        return None
    try:
        ms = int(told) if isinstance(told, str | int) else float(told)
    except (TypeError, ValueError):
        ms = _float(told)
    if ms != ms or not -(2**63) <= ms < 2**63 or ms != int(ms):
        raise ValueError(f"reading {number}: {told!r:.60} is no time in whole ms")
    return int(ms)


def reals(values: Iterable[Any]) -> list[float]:
    """What is no number is NaN."""
    return [_float(value) for value in values]


def _float(told: Any) -> float:
    try:
        return float("nan") if isinstance(told, bool) else float(told)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
