"""The kernel inside Spark says what it says in process, also when it is stopped in the middle and goes on."""

import json
import os
import signal
import subprocess
import sys
import time
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
from anlan.rules.spark import FORGOTTEN, LEDGER, Shard
from anlan.site.cli import main

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
SCRIPT = [sys.executable, str(Path(__file__).parent / "spark_run.py")]
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


def killed_in_the_middle(folder: Path) -> None:
    """A first process, with all that it has started, dies without a word while it works on a micro-batch."""
    with (folder / "said").open("w") as said:
        process = subprocess.Popen([*SCRIPT, str(folder)], start_new_session=True, stdout=said, stderr=said)
        begun = folder / "checkpoint" / "offsets" / "1"
        until = time.monotonic() + 90
        while not begun.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert begun.exists(), (folder / "said").read_text()[-4000:]


def test_equal_alarms_for_equal_input_over_a_kill_and_a_stop_in_the_middle(tmp_path: Path) -> None:
    tables = made()
    (tmp_path / "in").mkdir()
    for k, table in enumerate(tables):
        path = tmp_path / "in" / f"{k}.parquet"
        pq.write_table(table, path)
        os.utime(path, (1_800_000_000 + k, 1_800_000_000 + k))
    (tmp_path / "rules.json").write_text(json.dumps(WORDS))
    killed_in_the_middle(tmp_path)
    done = subprocess.run([*SCRIPT, str(tmp_path)], capture_output=True, text=True, check=False)
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


def test_a_shard_judges_by_the_calendar_of_the_rules_file() -> None:
    day, thursday = 86_400_000, 1_790_827_200_000
    words = {
        "high": {"raise": 60, "clear": 55},
        "schedule": {"weekly": [{"days": ["workday"]}]},
        "calendar": {"holidays": ["2026-10-01"], "workdays": ["2026-10-03"]},
    }
    frame = pd.DataFrame({"series": ["a"] * 8, "time": thursday + day // 2 * np.arange(8), "value": [70.0, 1.0] * 4})
    packed, raised = b"", []
    for k in range(8):
        shard = Shard(read_rules(json.dumps(words)), packed)
        rows = shard.take([frame[k : k + 1]], 0).to_pylist()
        raised += [(row["time"] - thursday) // day for row in rows if row["transition"] == "high_raised"]
        packed = shard.pack()
    assert raised == [1, 2]


def test_a_series_not_heard_for_long_enough_is_let_go_counted_and_begins_anew() -> None:
    rules = read_rules(json.dumps({"high": {"raise": 60, "samples": 2}, "low": {"raise": 1}}))
    shard = Shard(rules, b"")
    shard.take([pd.DataFrame({"series": ["a", "b", "c"], "time": [1, 50, 90], "value": [70.0, 70.0, None]})], 0)
    assert shard.forget(1).to_pylist()[0]["value"] == 1
    (told,) = shard.forget(50).to_pylist()
    assert (told["transition"], told["value"], told["series"]) == (FORGOTTEN, 1, None)
    shard = Shard(rules, shard.pack())
    assert shard.series.names == ["b"]
    assert shard.forget(50).num_rows == 0
    rows = shard.take([pd.DataFrame({"series": ["b", "a"], "time": [60, 60], "value": [70.0, 70.0]})], 0).to_pylist()
    assert [row["series"] for row in rows if row["transition"] == "high_raised"] == ["b"]


def test_without_its_connector_kafka_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text('{"high": {"raise": 1}}')
    words = ["--kafka", "127.0.0.1:9", "--topic", "readings", "--kafka-option", "kafka.security.protocol=SASL_SSL"]
    told = spark_command(tmp_path, *words)
    assert told.returncode == 2
    assert "Spark has no Kafka connector; add it by PYSPARK_SUBMIT_ARGS" in told.stderr
    assert "Traceback" not in told.stderr


def spark_command(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    fixed = ["--rules", str(folder / "rules.json"), "--out", str(folder / "o"), "--checkpoint", str(folder / "c")]
    settings = "--master local[1] --conf spark.ui.enabled=false --conf spark.driver.host=127.0.0.1 pyspark-shell"
    return subprocess.run(
        [sys.executable, "-m", "anlan.site.cli", "rules", "spark", *words, *fixed, "--once"],
        env=os.environ | {"PYSPARK_SUBMIT_ARGS": settings}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", [[], ["in", "--kafka", "h:9"], ["--kafka", "h:9", "--kafka-option", "x"]])
def test_a_source_that_is_none_or_two_is_refused(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text("{}")
    fixed = ["--rules", str(tmp_path / "rules.json"), "--out", "o", "--checkpoint", "c"]
    assert main(["rules", "spark", *words, *fixed]) == 2


def test_a_state_of_other_directions_is_refused() -> None:
    shard = Shard(read_rules(json.dumps(WORDS)), b"")
    shard.take([pd.DataFrame({"series": ["a"], "time": [1], "value": [1.0]})], 0)
    with pytest.raises(ValueError, match="a state of 1 directions under rules of 2"):
        Shard(read_rules('{"high": {"raise": 1}, "low": {"raise": 0}}'), shard.pack())
