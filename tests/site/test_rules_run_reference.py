"""`anlan rules run` against the sentences that promise it, on random files of every kind and random rules."""

import csv
import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.site.cli import main

Row = tuple[str, int, float | None]
Moved = tuple[str, int, str]
NAMES = ("a", "监测站,一", 'say "b"', "7", "P-3/level")
KINDS = ("high_raised", "high_cleared", "rate_raised", "rate_cleared")


@dataclass(kw_only=True)
class Series:
    """Straight from the sentences: no kernel, no file, one reading after another."""

    rule: dict[str, Any]
    above: int = 0
    raised: bool = False
    fast: bool = False
    previous: float | None = None

    def take(self, value: float | None) -> list[str] | None:
        """The transitions of one reading; None where it is invalid."""
        low, high = self.rule.get("range", (-math.inf, math.inf))
        if value is None or math.isnan(value) or math.isinf(value) or value < low or value > high:
            return None
        found = []
        if level := self.rule.get("high"):
            found += self.threshold(level, value)
        if rate := self.rule.get("rate"):
            fast = self.previous is not None and abs(value - self.previous) > rate["limit"]
            if fast != self.fast:
                found.append("rate_raised" if fast else "rate_cleared")
            self.fast = fast
        self.previous = value
        return found

    def threshold(self, level: dict[str, Any], value: float) -> list[str]:
        if self.raised:
            if value < level["clear"]:
                self.raised, self.above = False, 0
                return ["high_cleared"]
            return []
        self.above = self.above + 1 if value > level["raise"] else 0
        if self.above == level.get("samples", 1):
            self.raised = True
            return ["high_raised"]
        return []


def expected(rows: list[Row], words: dict[str, Any]) -> tuple[list[Moved], int]:
    """Every transition in order of the file, and how many readings are invalid."""
    known: dict[str, Series] = {}
    moved, invalid = [], 0
    for name, time, value in rows:
        one = known.setdefault(name, Series(rule=laid_over(words["default"], words["series"].get(name, {}))))
        found = one.take(value)
        invalid += found is None
        moved += [(name, time, kind) for kind in found or []]
    return moved, invalid


def laid_over(default: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    both = {key: {**default.get(key, {}), **one} if isinstance(one, dict) else one for key, one in own.items()}
    return {key: one for key, one in (default | both).items() if one is not None}


numbers = st.integers(0, 12).map(float) | st.sampled_from([2.5, -0.0, 1e300, -1e300, 5e-324])
values = numbers | numbers | st.sampled_from([None, math.nan, math.inf, -math.inf])


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    clear = draw(st.integers(0, 10))
    low = draw(st.integers(-1, 4))
    parts = {
        "range": [low, draw(st.integers(low, 13))],
        "high": {"raise": clear + draw(st.integers(0, 3)), "clear": clear, "samples": draw(st.integers(1, 4))},
        "rate": {"limit": draw(st.sampled_from([0, 1, 2.5, 5]))},
    }
    return {key: parts[key] for key in draw(st.sets(st.sampled_from(sorted(parts))))}


@st.composite
def files(draw: st.DrawFn) -> tuple[list[Row], dict[str, Any]]:
    default = draw(rules())
    words: dict[str, Any] = {"default": default, "series": {}}
    for name in draw(st.sets(st.sampled_from(NAMES), max_size=3)):
        own = draw(rules())
        own |= dict.fromkeys(draw(st.sets(st.sampled_from(["rate", "range"]), max_size=1)))
        words["series"][name] = own
    steps = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 9), values), max_size=80))
    time, rows = 1_800_000_000_000, []
    for name, step, value in steps:
        time += step
        rows.append((name, time, value))
    return (rows if draw(st.booleans()) else sorted(rows, key=lambda row: row[0])), words


def write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerows([("note", "value", "series", "time")])
        writer.writerows(("", "" if value is None else repr(value), name, time) for name, time, value in rows)


def write_gbk(path: Path, rows: list[Row]) -> None:
    write_csv(path, rows)
    path.write_bytes(path.read_text(encoding="utf-8-sig").encode("gbk"))


def write_jsonl(path: Path, rows: list[Row]) -> None:
    lines = (json.dumps({"time": time, "series": name, "value": value}) for name, time, value in rows)
    path.write_text("\n\n".join(lines) + "\n")


def write_parquet(path: Path, rows: list[Row]) -> None:
    names, times, found = zip(*rows, strict=True) if rows else ((), (), ())
    columns = {"series": pa.array(names, pa.string()), "time": pa.array(times, pa.int64())}
    pq.write_table(pa.table(columns | {"value": pa.array(found, pa.float64())}), path, row_group_size=7)


WRITERS = {"b.csv": write_csv, "g.csv": write_gbk, "r.jsonl": write_jsonl, "r.parquet": write_parquet}


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(told=files())
def test_every_transition_and_state_of_a_random_file_is_the_one_promised(
    name: str, told: tuple[list[Row], dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, words = told
    (tmp_path / "rules.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    WRITERS[name](tmp_path / name, rows)
    out = tmp_path / "moved.jsonl"
    where = [str(tmp_path / name), "--rules", str(tmp_path / "rules.json"), "--out", str(out), "--json"]
    assert main(["rules", "run", *where]) == 0
    printed, errors = capsys.readouterr()
    facts, (moved, invalid) = json.loads(printed), expected(rows, words)
    written = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    by_reading = [(row["series"], row["time"], row["transition"]) for row in written]
    assert sorted(by_reading) == sorted(moved)
    assert [row["reading"] for row in written] == sorted(row["reading"] for row in written)
    assert all(rows[row["reading"]][:2] == (row["series"], row["time"]) for row in written)
    counts = Counter(kind for _, _, kind in moved)
    assert {kind: facts["transitions"][kind] for kind in KINDS} == {kind: counts[kind] for kind in KINDS}
    assert (facts["readings"], facts["ledger"]["invalid"]) == (len(rows), invalid)
    assert facts["ledger"]["normal"] == len(rows) - invalid
    assert sum(facts["ledger"].values()) == len(rows)
    assert not errors
    assert {"kernel_readings_per_s", "end_to_end_readings_per_s"} <= facts.keys()
