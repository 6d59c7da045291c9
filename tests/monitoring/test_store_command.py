"""`anlan store` says what is kept in which form, packs and ages it, and writes a range of it as a file."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.conf import LazySettings

from anlan.monitoring import store
from anlan.monitoring.jobs import readings_age_each_night, readings_pack_each_minute
from anlan.site.cli import main

DAY = 86_400_000
START = 1_735_660_800_000
"""2025-01-01 00:00 in Beijing."""


@pytest.fixture(autouse=True)
def _stored(db: None, tmp_path: Path, settings: LazySettings) -> None:
    settings.READINGS_ROOT = tmp_path / "readings"
    time = np.repeat(START + np.arange(0, 2 * DAY, 60_000), 2)
    value = np.sin(np.arange(len(time)) / 100).round(2)
    store.append(np.tile([1, 2], len(time) // 2), time, value, np.zeros(len(time), np.uint8))


def state(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    assert main(["store", "state", "--json"]) == 0
    return {name: form["readings"] for name, form in json.loads(capsys.readouterr().out).items()}


def test_readings_go_from_the_log_to_chunks_to_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert state(capsys) == {"log": 5760, "chunks": 0, "files": 0}
    assert main(["store", "pack"]) == 0
    assert json.loads(capsys.readouterr().out) == {"rows": 1, "readings": 5760, "chunks": 24}
    assert state(capsys) == {"log": 0, "chunks": 5760, "files": 0}
    assert main(["store", "age", "--days", "9"]) == 0
    assert json.loads(capsys.readouterr().out)["readings"] == 5760
    assert state(capsys) == {"log": 0, "chunks": 0, "files": 5760}


def test_the_state_is_read_by_people(capsys: pytest.CaptureFixture[str]) -> None:
    store.append(np.array([3]), np.array([2**61]), np.array([1.0]), np.array([8], np.uint8))
    assert main(["store", "state"]) == 0
    said = capsys.readouterr().out
    assert "日志\t2\t5761" in said
    assert "2025-01-01 00:00:00" in said
    assert str(2**61) in said


def test_the_jobs_leave_alone_what_is_new_and_age_what_is_old(capsys: pytest.CaptureFixture[str]) -> None:
    readings_pack_each_minute(timestamp=0)
    assert state(capsys)["log"] == 5760
    store.tend()
    readings_age_each_night(timestamp=0)
    assert state(capsys)["files"] == 5760


def test_a_range_is_exported_as_parquet_with_its_extremes(tmp_path: Path) -> None:
    out = tmp_path / "range.parquet"
    words = ["--start", "2025-01-01", "--end", "2025-01-02", "--points", "50", "--out", str(out)]
    assert main(["store", "export", "--series", "all", *words]) == 0
    table = pq.read_table(out).to_pydict()
    whole = store.arrays(2, start=START, end=START + DAY).value
    mine = [value for series, value in zip(table["series"], table["value"], strict=True) if series == 2]
    assert (len(mine), min(mine), max(mine)) == (50, whole.min(), whole.max())


def test_a_range_is_exported_as_csv(tmp_path: Path) -> None:
    out = tmp_path / "range.csv"
    words = ["--series", "2", "--start", "2025-01-02T23:58", "--out", str(out)]
    assert main(["store", "export", *words]) == 0
    lines = out.read_text().splitlines()
    assert lines[0] == '"series","time","value","state"'
    assert [line.split(",")[:2] for line in lines[1:]] == [["2", str(START + 2 * DAY - k * 60_000)] for k in (2, 1)]
