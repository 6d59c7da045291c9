"""The kernel inside Spark says what it says in process, also when it is stopped in the middle and goes on."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from anlan.rules.rulefile import read_rules
from anlan.rules.run import rules_run
from anlan.rules.spark import LEDGER, Shard

WORDS = {
    "default": {
        "range": [0, 100],
        "high": {"raise": 60, "clear": 55, "samples": 3},
        "rate": {"limit": 20},
        "no_data": {"after": "3m"},
    },
    "series": {"P-1": {"high": {"samples": 1}, "accumulation": {"windows": {"10m": {"raise": 600, "clear": 500}}}}},
}
FILES, MINUTES, SERIES = 4, 60, 12
MOVED = ["series", "time", "value", "transition", "level_before", "level_after"]


def made(seed: int = 3) -> list[pa.Table]:
    """Each file an hour of all series, minute by minute, some readings missing; in the last there is one series only, so
    that all others never return.
    """
    random = np.random.default_rng(seed)
    tables = []
    for file in range(FILES):
        value = 55 + random.normal(0, 12, MINUTES * SERIES)
        value[random.random(len(value)) < 0.02] = np.nan
        minute = file * MINUTES + np.repeat(np.arange(MINUTES), SERIES)
        names = [f"P-{i}" for i in range(SERIES)] * MINUTES
        kept = random.random(len(value)) > 0.1
        table = pa.table({"series": names, "time": 60_000 * minute, "value": value})
        tables.append(table.filter(pa.array(kept)))
    alone = 60_000 * (FILES * MINUTES + np.arange(MINUTES))
    return [*tables, pa.table({"series": ["P-0"] * MINUTES, "time": alone, "value": np.full(MINUTES, 50.0)})]


def judged_in_process(folder: Path, tables: list[pa.Table]) -> tuple[list[tuple[object, ...]], dict[str, int]]:
    whole, out = folder / "whole.parquet", folder / "moved.parquet"
    pq.write_table(pa.concat_tables(tables), whole)
    counts = rules_run(whole, read_rules(json.dumps(WORDS)), out)
    rows = [row for row in pq.read_table(out).to_pylist() if told_by_a_reading(row)]
    return sorted(tuple(row[name] for name in MOVED) for row in rows), counts["ledger"] | {"alarm": counts["in_alarm"]}


def told_by_a_reading(row: dict[str, object]) -> bool:
    """At the end of a file the clock tells of sums and silences too; a stream has no end."""
    return row["reading"] is not None or row["transition"] == "no_data_raised"


def test_equal_alarms_for_equal_input_over_a_stop_in_the_middle(tmp_path: Path) -> None:
    tables = made()
    (tmp_path / "in").mkdir()
    for k, table in enumerate(tables):
        path = tmp_path / "in" / f"{k}.parquet"
        pq.write_table(table, path)
        os.utime(path, (1_800_000_000 + k, 1_800_000_000 + k))
    (tmp_path / "rules.json").write_text(json.dumps(WORDS))
    script = Path(__file__).parent / "spark_run.py"
    done = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    found = pq.read_table(tmp_path / "out").to_pylist()
    expected, ledger = judged_in_process(tmp_path, tables)
    moved = sorted(tuple(row[name] for name in MOVED) for row in found if row["series"])
    assert moved == expected
    assert len(moved) > 100
    never_returned = Counter(
        row[0] for row in moved if row[3] == "no_data_raised" and row[1] > 60_000 * FILES * MINUTES
    )
    assert never_returned == dict.fromkeys((f"P-{i}" for i in range(1, SERIES)), 1)
    counts: Counter[str] = Counter()
    for row in found:
        if not row["series"]:
            counts[row["transition"].removeprefix(LEDGER)] += int(row["value"])
    assert counts["normal"] + counts["alarm"] == ledger["normal"]
    assert counts["alarm"] == ledger["alarm"]
    assert sum(counts.values()) == sum(len(table) for table in tables)


def test_a_shard_cut_into_frames_and_packed_between_says_the_same() -> None:
    rules = read_rules(json.dumps(WORDS))
    frames = [table.to_pandas() for table in made()]
    whole = Shard(rules, b"").take(frames, 0)
    packed, parts = b"", []
    for frame in frames:
        shard = Shard(rules, packed)
        parts.append(shard.take([frame.sample(frac=1, random_state=1)], 0))
        packed = shard.pack()
    told = [[row for row in table.to_pylist() if row["series"]] for table in (whole, pa.concat_tables(parts))]
    assert sorted(map(str, told[0])) == sorted(map(str, told[1]))
    assert len(told[0]) > 100


def test_however_often_the_clock_is_looked_at_silences_are_the_same_and_none_is_told_twice() -> None:
    rules = read_rules(json.dumps(WORDS))
    whole, parts = pa.concat_tables(made()).sort_by("time"), []
    newest, packed = 60_000 * (FILES + 1) * MINUTES, b""
    for begin in range(0, newest, 7 * 60_000):
        shard = Shard(rules, packed)
        part = whole.filter((pc.field("time") >= begin) & (pc.field("time") < begin + 7 * 60_000))
        parts.append(shard.take([part.to_pandas()] if len(part) else [], begin))
        packed = shard.pack()
    parts.append(Shard(rules, packed).take([], newest))
    once = Shard(rules, b"").take([whole.to_pandas()], newest)
    told = [[row for row in table.to_pylist() if row["series"]] for table in (once, pa.concat_tables(parts))]
    assert sorted(map(str, told[0])) == sorted(map(str, told[1]))
    assert shard.due() is None or shard.due() > begin


def test_a_state_of_other_directions_is_refused() -> None:
    shard = Shard(read_rules(json.dumps(WORDS)), b"")
    shard.take([pd.DataFrame({"series": ["a"], "time": [1], "value": [1.0]})], 0)
    with pytest.raises(ValueError, match="a state of 1 directions under rules of 2"):
        Shard(read_rules('{"high": {"raise": 1}, "low": {"raise": 0}}'), shard.pack())
