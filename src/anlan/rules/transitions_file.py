"""Transitions into a file: Parquet, CSV or JSON lines by its extension."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from anlan.rules.states import Kind, Level

SCHEMA = pa.schema(
    [
        ("reading", pa.int64()),
        ("series", pa.string()),
        ("time", pa.int64()),
        ("value", pa.float64()),
        ("transition", pa.string()),
        ("level_before", pa.string()),
        ("level_after", pa.string()),
        ("window", pa.int8()),
    ]
)
"""`reading` is the row in the file of readings from 0 on, empty where silence or the end of the file is the cause;
`window` is the place of the window, from the shortest, for accumulation."""
LEVELS = np.array([level.name.lower() for level in Level])
FORMS = (".parquet", ".csv", ".jsonl", ".ndjson")
Moved = Callable[[NDArray[np.void], NDArray[np.str_], list[str]], None]


@contextmanager
def transitions_file(path: Path) -> Iterator[Moved]:
    """Takes TRANSITION rows (`reading` counted through the file), their words and the names of the series. The file
    is there when all is written. ValueError for an extension that is none of FORMS.
    """
    if path.suffix not in FORMS:
        raise ValueError(f"{path} ends in none of {', '.join(FORMS)}")
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with ExitStack() as stack:
            write = _writer(stack, unfinished, path.suffix)
            yield lambda rows, told, names: write(transitions_table(rows, told, names))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _writer(stack: ExitStack, path: Path, suffix: str) -> Callable[[pa.Table], Any]:
    if suffix == ".parquet":
        return stack.enter_context(pq.ParquetWriter(path, SCHEMA)).write_table
    if suffix == ".csv":
        return stack.enter_context(pcsv.CSVWriter(path, SCHEMA)).write_table
    file = stack.enter_context(path.open("w", encoding="utf-8"))
    return lambda table: file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in table.to_pylist())


def transitions_table(rows: NDArray[np.void], told: NDArray[np.str_], names: list[str]) -> pa.Table:
    """As SCHEMA."""
    unseen, value = rows["reading"] < 0, rows["value"]
    columns = {
        "reading": pa.array(rows["reading"], mask=unseen),
        "series": pa.array([names[place] for place in rows["series"].tolist()], pa.string()),
        "time": pa.array(rows["time"]),
        "value": pa.array(value, mask=np.isnan(value)),
        "transition": pa.array(told.tolist(), pa.string()),
        "level_before": pa.array(LEVELS[rows["level_before"]].tolist(), pa.string()),
        "level_after": pa.array(LEVELS[rows["level_after"]].tolist(), pa.string()),
        "window": pa.array(rows["window"].astype(np.int8), mask=rows["kind"] != Kind.ACCUMULATION),
    }
    return pa.table(columns, SCHEMA)
