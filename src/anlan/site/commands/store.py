"""The store of readings: what it holds, packing and ageing by hand, and a range of it as a file.

example: anlan store state
         anlan store pack
         anlan store age --days 45
         anlan store check
         anlan store export --series 12,13 --start 2026-01-01 --end 2026-02-01 --out january.parquet

`check` reads every Parquet file to its end and marks what is damaged or missing; exit code 1 where anything is, as with
files that `age` could not write. `export` writes the columns series, time (ms since 1970), value, state; CSV unless the file ends in .parquet.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anlan.site.standing import stand_up

if TYPE_CHECKING:
    import pyarrow as pa

YEAR_9999 = 253_370_736_000_000
TITLES = {"log": "日志", "chunks": "压缩块", "files": "归档文件"}
HEAD = ("形式", "件数", "读数", "大小 MB", "最早", "最晚")


def arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    state = what.add_parser("state", help="pieces, readings, size, oldest and newest of each form")
    state.add_argument("--json", action="store_true", help="one JSON object")
    what.add_parser("pack", help="fold the log into chunks now")
    age = what.add_parser("age", help="move old months into Parquet files now")
    age.add_argument("--days", type=int, help="months over for so many days (the row readings_online_days)")
    check = what.add_parser("check", help="read every Parquet file and name those that are damaged or missing")
    check.add_argument("--json", action="store_true", help="one JSON object")
    export = what.add_parser("export", help="write a range of some series")
    export.add_argument("--series", required=True, type=_ids, metavar="ID,…", help="ids of series, or all")
    export.add_argument("--start", type=_moment, default=-(2**61), help="from this moment, Beijing time")
    export.add_argument("--end", type=_moment, default=2**61, help="up to and without this moment")
    export.add_argument("--points", type=int, help="at most so many of each series, extremes kept")
    export.add_argument("--out", type=Path, help="the file to write (CSV on standard output)")


def run(arguments: argparse.Namespace) -> int:
    stand_up()
    return int(
        {"state": _state, "pack": _pack, "age": _age, "check": _check, "export": _export}[arguments.what](arguments)
    )


def _state(arguments: argparse.Namespace) -> int:
    from anlan.monitoring.store.standing import forms

    found = forms()
    if arguments.json:
        print(json.dumps({form.name: form._asdict() for form in found}))
        return 0
    print("\t".join(HEAD))
    for form in found:
        cells = [TITLES[form.name], form.pieces, form.readings, f"{form.bytes / 1e6:.1f}"]
        print(*cells, _said(form.oldest), _said(form.newest), sep="\t")
    return 0


def _said(time: int | None) -> str:
    from django.utils.timezone import localtime

    from anlan.monitoring.moments import moment

    if time is None:
        return "-"
    return f"{localtime(moment(time)):%Y-%m-%d %H:%M:%S}" if 0 <= time < YEAR_9999 else str(time)


def _pack(_: argparse.Namespace) -> int:
    from anlan.monitoring.keeping import readings_pack
    from anlan.monitoring.moments import now_ms

    print(json.dumps(readings_pack(now=now_ms(), least=1)._asdict()))
    return 0


def _age(arguments: argparse.Namespace) -> int:
    from anlan.monitoring.keeping import readings_age
    from anlan.monitoring.moments import now_ms

    found = readings_age(now=now_ms(), days=arguments.days)
    print(json.dumps(found._asdict()))
    return 1 if found.failed else 0


def _check(arguments: argparse.Namespace) -> int:
    from anlan.monitoring import store

    found = store.check()
    if arguments.json:
        print(json.dumps({"damaged": [one._asdict() for one in found]}))
    else:
        print(*(f"{one.path}\t{one.readings}\t{one.reason}" for one in found), f"损坏或丢失 {len(found)} 个", sep="\n")
    return 1 if found else 0


def _export(arguments: argparse.Namespace) -> int:
    import pyarrow.csv as csv
    import pyarrow.parquet as pq

    from anlan.monitoring.store.aged import SCHEMA

    as_parquet = arguments.out is not None and arguments.out.suffix == ".parquet"
    place = str(arguments.out) if arguments.out else sys.stdout.buffer
    with (pq.ParquetWriter if as_parquet else csv.CSVWriter)(place, SCHEMA) as writer:
        for table in _tables(arguments):
            writer.write_table(table)
    return 0


def _tables(arguments: argparse.Namespace) -> Iterator["pa.Table"]:
    """One series a table."""
    import numpy as np
    import pyarrow as pa

    from anlan.monitoring import store
    from anlan.monitoring.store.aged import SCHEMA

    ids = store.series_stored() if arguments.series is None else arguments.series
    for series_id, found in store.scan(ids, start=arguments.start, end=arguments.end, valid_only=False):
        columns: tuple[Any, ...] = tuple(found)
        if arguments.points:
            time, _ = store.downsample(found.time, found.value, points=arguments.points)
            columns = tuple(column[np.isin(found.time, time)] for column in found)
        names = [np.full(len(columns[0]), series_id), *columns]
        yield pa.table(dict(zip(SCHEMA.names, names, strict=True)), schema=SCHEMA)


def _ids(text: str) -> list[int] | None:
    return None if text == "all" else [int(part) for part in text.split(",")]


def _moment(text: str) -> int:
    from anlan.vocab.clock import BEIJING

    return int(datetime.fromisoformat(text).replace(tzinfo=BEIJING).timestamp() * 1000)
