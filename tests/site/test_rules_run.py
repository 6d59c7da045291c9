"""`anlan rules run` against a plain loop over rows, on files of every kind and on odd ones."""

import csv
import gzip
import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anlan.site.cli import main

WORDS: dict[str, Any] = {
    "range": [0, 100],
    "high": {"raise": 60, "clear": 55, "samples": 3},
    "rate": {"limit": 20},
}
Row = tuple[str, int, float | None]
START = 1_800_000_000_000


def made(n: int = 3000, seed: int = 5) -> list[Row]:
    """Series in any order, some values missing, not a number, infinite or out of range."""
    chance, rows, level = random.Random(seed), [], [50.0] * 7
    for i in range(n):
        s = chance.randrange(7)
        level[s] += chance.gauss(0, 6)
        odd = [None, math.nan, math.inf, -math.inf, -1.0, 101.0, 0.0, 100.0, float(chance.randrange(101))]
        value = chance.choice(odd) if chance.random() < 0.1 else min(110.0, max(-5.0, level[s]))
        rows.append((f"P-{s}", START + i * 1000, value))
    return rows


def counted(rows: list[Row], rules: Callable[[str], dict[str, Any]]) -> dict[str, int]:
    """The words of the rules file, read as a plain loop."""
    state: dict[str, dict[str, Any]] = {}
    counts = dict.fromkeys(("high_raised", "high_cleared", "rate_raised", "rate_cleared", "normal", "invalid"), 0)
    for name, _, value in rows:
        rule = rules(name)
        low, high = rule["range"]
        if value is None or math.isnan(value) or not low <= value <= high:
            counts["invalid"] += 1
            continue
        counts["normal"] += 1
        one = state.setdefault(name, {"run": 0, "raised": False, "last": None, "fast": False})
        level(one, rule["high"], value, counts)
        if "rate" in rule:
            fast = one["last"] is not None and abs(value - one["last"]) > rule["rate"]["limit"]
            counts["rate_raised"] += fast and not one["fast"]
            counts["rate_cleared"] += one["fast"] and not fast
            one["fast"] = fast
        one["last"] = value
    return counts


def level(one: dict[str, Any], rule: dict[str, Any], value: float, counts: dict[str, int]) -> None:
    if one["raised"]:
        if value < rule["clear"]:
            one |= {"raised": False, "run": 0}
            counts["high_cleared"] += 1
        return
    one["run"] = one["run"] + 1 if value > rule["raise"] else 0
    if one["run"] >= rule.get("samples", 1):
        one["raised"] = True
        counts["high_raised"] += 1


def write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([("time", "note", "value", "series")])
        writer.writerows((time, "x,y", "" if value is None else value, name) for name, time, value in rows)


def write_jsonl(path: Path, rows: list[Row]) -> None:
    lines = (json.dumps({"series": name, "value": value, "time": time}) for name, time, value in rows)
    path.write_text("\n\n".join(lines) + "\n")


def write_parquet(path: Path, rows: list[Row]) -> None:
    names, times, values = zip(*rows, strict=True)
    pq.write_table(pa.table({"value": values, "series": names, "time": times}), path, row_group_size=999)


def write_gzip(path: Path, rows: list[Row]) -> None:
    write_csv(path, rows)
    path.write_bytes(gzip.compress(path.read_bytes()))


WRITERS = {"r.csv": write_csv, "r.jsonl": write_jsonl, "r.parquet": write_parquet, "r.csv.gz": write_gzip}


class Desk:
    """A folder with a rules file, and the command."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def run(self, words: Any, readings: str = "r.csv", *more: str) -> tuple[int, dict[str, Any], str]:
        (self.folder / "rules.json").write_text(words if isinstance(words, str) else json.dumps(words))
        where = [str(self.folder / readings), "--rules", str(self.folder / "rules.json"), "--json", *more]
        code = main(["rules", "run", *where])
        out, err = self.capsys.readouterr()
        return code, json.loads(out) if out else {}, err

    def counts(self, words: Any, text: str) -> dict[str, Any]:
        (self.folder / "r.csv").write_text(text)
        code, facts, err = self.run(words)
        assert (code, err) == (0, "")
        assert sum(facts["ledger"].values()) == facts["readings"]
        return facts


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def flat(facts: dict[str, Any]) -> dict[str, int]:
    numbers = facts["transitions"] | facts["ledger"]
    return {name: numbers[name] for name in numbers if name in counted([], lambda name: WORDS)}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_gives_the_counts_of_a_plain_loop(desk: Desk, name: str) -> None:
    rows = made()
    WRITERS[name](desk.folder / name, rows)
    code, facts, err = desk.run(WORDS, name)
    assert (code, err, facts["readings"]) == (0, "", len(rows))
    expected = counted(rows, lambda name: WORDS)
    assert min(expected.values()) > 0
    assert flat(facts) == expected
    assert sum(facts["ledger"].values()) == len(rows)
    assert facts["kernel_readings_per_s"] > facts["end_to_end_readings_per_s"] > 0


def test_an_override_is_laid_over_the_default_key_by_key(desk: Desk) -> None:
    rows = made(seed=6)
    write_csv(desk.folder / "r.csv", rows)
    own = {
        "P-1": {"high": {"raise": 52, "clear": 50}},
        "P-2": {"rate": None},
        "P-3": {"range": [40, 90], "high": {"samples": 1}},
    }
    merged = {
        "P-1": WORDS | {"high": {"raise": 52, "clear": 50, "samples": 3}},
        "P-2": {key: one for key, one in WORDS.items() if key != "rate"},
        "P-3": WORDS | {"range": [40, 90], "high": {"raise": 60, "clear": 55, "samples": 1}},
    }
    _, facts, _ = desk.run({"default": WORDS, "series": {**own, "P-99": {}}})
    assert flat(facts) == counted(rows, lambda name: merged.get(name, WORDS))


def test_the_bare_rule_and_the_one_under_default_are_the_same(desk: Desk) -> None:
    write_csv(desk.folder / "r.csv", made())
    bare, under = desk.run(WORDS)[1], desk.run({"default": WORDS})[1]
    assert (bare["transitions"], bare["ledger"]) == (under["transitions"], under["ledger"])


@pytest.mark.parametrize(("name", "text"), [("r.csv", ""), ("r.csv", "series,time,value\n"), ("r.jsonl", "\n")])
def test_an_empty_file_has_no_readings(desk: Desk, name: str, text: str) -> None:
    (desk.folder / name).write_text(text)
    code, facts, _ = desk.run(WORDS, name)
    assert (code, facts["readings"], facts["kernel_readings_per_s"]) == (0, 0, 0)
    assert set(facts["transitions"]) == {"high_raised", "high_cleared", "rate_raised", "rate_cleared"}


def test_text_among_the_numbers_is_invalid_and_touches_nothing(desk: Desk) -> None:
    facts = desk.counts(WORDS, "series,time,value\na,1,61\na,2,broken\na,3,-\na,4,61\na,5.0,61\n")
    assert (facts["ledger"]["invalid"], facts["transitions"]["high_raised"]) == (2, 1)


PARQUET = {"series": ["a", "a", "b"], "time": [1, 2, 1], "value": [70.0, 71.0, None]}
TYPED: list[tuple[str, Any]] = [
    ("series", pa.array(PARQUET["series"]).dictionary_encode()),
    ("series", pa.array(PARQUET["series"], pa.large_string())),
    ("series", pa.array(PARQUET["series"], pa.string_view())),
    ("series", pa.array([7, 7, 8])),
    ("time", pa.array([1, 2, 1], pa.int32())),
    ("time", pa.array([1.0, 2.0, 1.0])),
    ("time", pa.array(["1", " 2", "1"])),
    ("time", pa.array([1, 2, 1], pa.timestamp("ms"))),
    ("time", pa.array([1_000, 2_000, 1_000], pa.timestamp("us", "Asia/Shanghai"))),
    ("time", pa.array([1_000_000, 2_000_000, 1_000_000], pa.timestamp("ns", "UTC"))),
    ("value", pa.array([70, 71, None], pa.float32())),
    ("value", pa.array([70, 71, None], pa.int32())),
    ("value", pa.array([70, 71, 2**64 - 1], pa.uint64())),
    ("value", pa.array([Decimal(70), Decimal("71.25"), None], pa.decimal128(9, 2))),
    ("value", pa.array(["70", "+71.0", "none"])),
]


@pytest.mark.parametrize(("name", "column"), TYPED, ids=[f"{name}-{column.type}" for name, column in TYPED])
def test_parquet_columns_of_other_types_are_read_as_what_they_mean(desk: Desk, name: str, column: Any) -> None:
    pq.write_table(pa.table(PARQUET | {name: column}), desk.folder / "r.parquet")
    code, facts, err = desk.run({"range": [0, 100], "high": {"raise": 60, "samples": 2}}, "r.parquet")
    assert (code, err, facts["series"], facts["transitions"]["high_raised"]) == (0, "", 2, 1)
    assert (facts["ledger"]["normal"], facts["ledger"]["invalid"]) == (2, 1)


def test_names_that_are_lists_are_refused(desk: Desk) -> None:
    pq.write_table(pa.table(PARQUET | {"series": [["a"], ["a"], []]}), desk.folder / "r.parquet")
    code, _, err = desk.run(WORDS, "r.parquet")
    assert (code, "column series holds no names but list" in err) == (2, True)


def test_a_name_of_the_rules_that_the_readings_do_not_have_is_counted(desk: Desk) -> None:
    facts = desk.counts({"default": {}, "series": {"a": {"high": {"raise": 1}}, "A": {}}}, "series,time,value\na,1,2\n")
    assert (facts["transitions"]["high_raised"], facts["named_without_readings"]) == (1, 1)


def test_the_same_readings_by_series_or_by_time_give_the_same(desk: Desk) -> None:
    rows = made()
    found = []
    for order in (rows, sorted(rows, key=lambda row: row[0])):
        write_csv(desk.folder / "r.csv", order)
        facts = desk.run(WORDS, "r.csv", "--out", str(desk.folder / "o.jsonl"))[1]
        moved = [(row["series"], row["time"], row["transition"]) for row in moved_in(desk.folder / "o.jsonl")]
        found.append((facts["transitions"], facts["ledger"], sorted(moved)))
    assert found[0] == found[1]


def test_a_parquet_file_without_rows_and_one_without_any_time_are_counted(desk: Desk) -> None:
    for rows, column, without in ((0, [1.0] * 3, 0), (3, [math.nan] * 3, 3), (3, pa.nulls(3), 3)):
        pq.write_table(pa.table(PARQUET | {"time": column}).slice(0, rows), desk.folder / "r.parquet")
        facts = desk.run(WORDS, "r.parquet")[1]
        assert (facts["readings"], facts["invalid"]["without_time"]) == (rows, without)


def test_the_ends_of_an_integer_are_times_and_what_lies_between_is_a_silence(desk: Desk) -> None:
    words = {"high": {"raise": 60, "duration": "10m"}, "rate": {"limit": 1, "per": "1h"}, "no_data": {"after": "1h"}}
    first, last = -(2**63), 2**63 - 1
    facts = desk.counts(words, f"series,time,value\na,{first},70\na,{first + 1},70\na,{last},90\nb,{last},90\n")
    assert (facts["ledger"]["normal"], facts["ledger"]["late"]) == (3, 1)
    moved = facts["transitions"]
    assert (moved["high_raised"], moved["rate_raised"], moved["no_data_raised"], moved["no_data_cleared"]) == (
        1,
        0,
        1,
        1,
    )


def test_json_lines_of_every_odd_kind_end_each_in_one_state(desk: Desk) -> None:
    lines = [
        '\ufeff{"series": "a", "time": 1}', "", '{"value": 5, "time": 2}', '{"series": "a", "value": 5}', "  ", "{}",
        '{"series": "a", "time": 3, "value": {"v": 5}}', '{"series": "a", "time": 4, "value": true}',
        '{"series": "a", "time": "5", "value": "70", "more": {"x": [1, {"y": 2}]}}', '{"series": "a", "time": 6, "value": NaN}',
        '{"series": "\\ud800", "time": 1, "value": 1}',
    ]  # fmt: skip
    (desk.folder / "r.jsonl").write_text("\n".join(lines), encoding="utf-8")
    code, facts, err = desk.run({"high": {"raise": 60}}, "r.jsonl")
    assert (code, err, facts["transitions"]["high_raised"]) == (0, "", 1)
    assert facts["ledger"] == {"normal": 2, "invalid": 5, "late": 0, "duplicate": 0, "unknown_device": 2}
    assert facts["invalid"] == {"out_of_range": 0, "not_a_number": 4, "without_time": 1}


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl"])
def test_names_in_gb18030_far_behind_the_beginning_are_told_apart(desk: Desk, name: str) -> None:
    rows: list[Row] = [("a", time, 1.0) for time in range(9000)] + [("水位", 1, 70.0), ("雨量", 1, 70.0)]
    (write_csv if name == "r.csv" else write_wide)(desk.folder / name, rows)
    (desk.folder / name).write_bytes((desk.folder / name).read_text(encoding="utf-8").encode("gb18030"))
    facts = desk.run({"default": {}, "series": {"水位": {"high": {"raise": 60}}}}, name)[1]
    assert (facts["series"], facts["transitions"]["high_raised"]) == (3, 1)


def write_wide(path: Path, rows: list[Row]) -> None:
    lines = (json.dumps({"series": s, "value": v, "time": t}, ensure_ascii=False) for s, t, v in rows)
    path.write_text("\n".join(lines), encoding="utf-8")


def test_a_hundred_thousand_rows_with_one_text_among_the_numbers_are_still_read_as_columns(desk: Desk) -> None:
    rows = "".join(f"P-{i % 100},{i},{i % 60}\n" for i in range(100_000))
    facts = desk.counts(WORDS, f"series,time,value\n{rows}P-1,100000,-\nP-1,1e5,\nP-1, 100001 , 5 \n")
    assert (facts["readings"], facts["ledger"]["invalid"], facts["ledger"]["normal"]) == (100_003, 2, 100_001)


def test_a_reading_without_time_or_series_is_counted_by_its_own_name(desk: Desk) -> None:
    facts = desk.counts(WORDS, "series,time,value\na,,50\n,1,50\na,1,50\n")
    assert (facts["ledger"]["invalid"], facts["ledger"]["unknown_device"], facts["ledger"]["normal"]) == (1, 1, 1)
    assert facts["invalid"] == {"out_of_range": 0, "not_a_number": 0, "without_time": 1}


def test_times_that_do_not_ascend_are_late_or_duplicate(desk: Desk) -> None:
    facts = desk.counts(WORDS, "series,time,value\na,2,50\na,2,99\na,1,99\nb,1,50\na,3,99\n")
    assert facts["ledger"] == {"normal": 3, "invalid": 0, "late": 1, "duplicate": 1, "unknown_device": 0}
    assert facts["transitions"]["rate_raised"] == 1


def test_a_file_in_gb18030_has_its_names(desk: Desk) -> None:
    (desk.folder / "r.csv").write_bytes("series,time,value\n水位计,1,70\n".encode("gb18030"))
    words = {"default": {}, "series": {"水位计": {"high": {"raise": 60}}}}
    assert desk.run(words)[1]["transitions"]["high_raised"] == 1


def test_json_lines_take_whole_numbers_nothing_and_names_that_are_numbers(desk: Desk) -> None:
    lines = [
        '{"series": 7, "time": 1, "value": 70}',
        '{"series": 7, "time": 2}',
        '{"series": 7, "time": 3, "value": "x"}',
    ]
    (desk.folder / "r.jsonl").write_text("\n".join(lines))
    facts = desk.run({"high": {"raise": 60}}, "r.jsonl")[1]
    assert (facts["transitions"]["high_raised"], facts["ledger"]["invalid"]) == (1, 2)


def test_too_low_and_too_high_are_counted_apart(desk: Desk) -> None:
    words = {"high": {"raise": 60, "clear": 55}, "low": {"raise": 10, "clear": 15}}
    facts = desk.counts(words, "series,time,value\na,1,70\na,2,50\na,3,5\na,4,12\na,5,20\n")
    found = {name: facts["transitions"][name] for name in ("high_raised", "high_cleared", "low_raised", "low_cleared")}
    assert found == {"high_raised": 1, "high_cleared": 1, "low_raised": 1, "low_cleared": 1}
    assert (facts["in_alarm"], facts["ledger"]["normal"]) == (3, 5)


def test_silence_rain_and_flatness_of_a_file_are_told_by_its_own_times(desk: Desk) -> None:
    words = {
        "no_data": {"after": "10m"},
        "flat": {"after": "2m", "tolerance": 0.1},
        "accumulation": {"windows": {"1h": {"raise": 5, "clear": 3}}},
    }
    minutes = [(0, 1), (1, 1), (2, 1), (3, 3), (30, 0), (90, 0)]
    text = "series,time,value\n" + "".join(f"a,{minute * 60_000},{value}\n" for minute, value in minutes)
    moved = desk.counts(words, text)["transitions"]
    assert (moved["no_data_raised"], moved["no_data_cleared"]) == (2, 2)
    assert (moved["accumulation_raised"], moved["accumulation_cleared"]) == (1, 1)
    assert (moved["flat_raised"], moved["flat_cleared"]) == (2, 1)


def test_several_spans_n_of_m_and_a_duration_stand_in_a_file(desk: Desk) -> None:
    week = [
        {"days": [1, 2], "from": "08:00", "to": "09:00"},
        {"from": "22:00", "to": "02:00", "season": ["12-01", "02-28"]},
    ]
    high = {"raise": 60, "samples": 2, "within": 4, "duration": "2m"}
    begins = {
        "tuesday morning": 1_764_633_600,
        "wednesday": 1_764_720_000,
        "night": 1_764_604_800,
        "may": 1_777_644_000,
    }
    text = "series,time,value\n"
    for name, begin in begins.items():
        text += "".join(f"{name},{(begin + minute * 60) * 1000},70\n" for minute in range(-5, 3))
    facts = desk.counts({"high": high, "schedule": {"weekly": week}}, text)
    assert facts["transitions"]["high_raised"] == 2


@pytest.mark.parametrize("name", ["o.parquet", "o.csv", "o.jsonl"])
def test_every_transition_is_written(desk: Desk, name: str) -> None:
    rows = made()
    write_csv(desk.folder / "r.csv", rows)
    out = desk.folder / name
    _, facts, _ = desk.run(WORDS, "r.csv", "--out", str(out))
    found = moved_in(out)
    assert len(found) == sum(facts["transitions"].values())
    first = found[0]
    series, time, value = rows[int(first["reading"])]
    assert (first["series"], int(first["time"]), float(first["value"])) == (series, time, value)
    kinds = [one["transition"] for one in found]
    assert {kind: kinds.count(kind) for kind in facts["transitions"]} == facts["transitions"]
    assert not list(desk.folder.glob("*.part"))


def moved_in(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    lines = path.read_text().splitlines()
    return [json.loads(line) for line in lines] if path.suffix == ".jsonl" else list(csv.DictReader(lines))


WRONG: list[tuple[Any, str]] = [
    ("{", "not JSON"),
    ("[]", "is an object"),
    ({"hihg": {"raise": 1}}, "default.hihg: unknown"),
    ({"high": {"raise": 1, "sample": 3}}, "default.high.sample: unknown"),
    ({"high": {"clear": 1}}, "default.high.raise: is missing"),
    ({"high": {"raise": 1, "clear": 2}}, "would clear"),
    ({"high": {"raise": "1"}}, "is a finite number"),
    ({"high": {"raise": 1, "samples": 0}}, "samples is 1"),
    ({"high": {"raise": 1, "samples": 1.5}}, "is a whole number"),
    ({"range": [5, 1]}, "is empty"),
    ({"range": 5}, r"default.range: is \[low, high\]"),
    ({"rate": {}}, "default.rate.limit: is missing"),
    ({"rate": {"limit": 1, "per": "1 week"}}, "default.rate.per: is a time"),
    ({"default": {}, "high": {"raise": 1}}, "beside default"),
    ({"default": {}, "series": {"a": {"high": {"raise": None}}}}, "series.a.high.raise: is missing"),
    ({"schedule": {"weekly": [{"from": "25:00"}]}}, "default.schedule.weekly.0: minutes 1500"),
    ({"schedule": {"weekly": [{"season": ["06-01", "06-31"]}]}}, "weekly.0: there is no day 31 of month 6"),
    ({"schedule": {"weekly": [{}] * 9}}, "at most 8 spans"),
    ({"schedule": {"weekly": [{"until": "08:00"}]}}, "weekly.0.until: unknown"),
    ('{"range": [0, 1], "range": [0, 2]}', "stands twice: range"),
    ('{"range": [0, NaN]}', "NaN is no number"),
    ('{"range": [0, 1e999]}', "is a finite number"),
    ("", "not JSON"),
    ({"high": 5}, "default.high: is an object"),
    ({"high": {"raise": 1, "samples": 0}}, "samples is 1"),
    ({"high": {"raise": 1, "samples": True}}, "is a whole number"),
    ({"rate": {"limit": -1}}, "rate_limit is 0 or more"),
    ({"rate": {"limit": 1, "level": 0}}, "default.rate.level: is blue"),
    ({"series": []}, "series: is an object"),
    ({"default": {}, "series": {"a": 1}}, "series.a: is an object"),
    ({"accumulation": {"counter": 0, "windows": {"1h": {"raise": 1}}}}, "counter: is true or false"),
    ({"schedule": {"weekly": {}}}, "schedule.weekly: is a list"),
    ({"schedule": {"weekly": [{"days": []}]}}, "days are 1"),
]


@pytest.mark.parametrize(("words", "reason"), WRONG)
def test_rules_that_contradict_themselves_end_with_code_2_and_the_place(desk: Desk, words: Any, reason: str) -> None:
    write_csv(desk.folder / "r.csv", made(9))
    code, facts, err = desk.run(words)
    assert (code, facts) == (2, {})
    assert re.search(reason, err)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("r.csv", b"series,time\na,1\n", "no column value"),
        ("r.jsonl", b'{"series": "a", "value": 1}\n', "no column time"),
        ("r.jsonl", b'{"series": "a", "time": 1, "value": 1}\n{"series": \n', "line 2 is no JSON"),
        ("r.csv", b"series,time,value\na,noon,1\n", "is no time"),
        (
            "r.csv",
            b"series,time,value\na,1,1\na,2026-01-01T00:00:00Z,1\n",
            "reading 2: '2026-01-01T00:00:00Z' is no time",
        ),
        ("r.csv", b"series,time,value\na,9223372036854775808,1\n", "is no time"),
        ("r.csv", b'series,time,value\n"a,1,1\nb,2,1\n', "unexpected end of data"),
        ("r.csv", b"series,time,value,value\na,1,1,2\n", "column value stands twice"),
        ("r.csv", "series,time,value\na,1,1\n".encode("utf-16"), "no column series"),
        ("r.csv", bytes(range(256)), "no column series"),
        ("r.csv.gz", gzip.compress(b"series,time,value\n" + b"a,1,1\n" * 9999)[:60], "ended before the end-of-stream"),
        ("r.csv.gz", b"\x1f\x8b and no more", "ile"),
        ("r.jsonl", b'{"series": "a", "time": 1, "value": 1}\n7\n', "reading 2 is 7, not an object"),
        ("r.json", b'[{"series": "a", "time": 1, "value": 1},', "Expecting value"),
        ("r.json", b'[{"x": ' + b"[" * 99_999, "nested too deep"),
        ("r.jsonl", b'{"series": "a", "time": 1.5, "value": 1}\n', "is no time"),
        ("r.parquet", b"PAR1 and nothing else", "arquet"),
        ("r.parquet", b"", "no Parquet file"),
    ],
)
def test_a_file_that_holds_no_readings_ends_with_code_2(desk: Desk, name: str, content: bytes, reason: str) -> None:
    (desk.folder / name).write_bytes(content)
    code, _, err = desk.run(WORDS, name)
    assert code == 2
    assert reason in err


def test_a_file_that_does_not_exist_ends_with_code_2(desk: Desk) -> None:
    code, _, err = desk.run(WORDS, "none.csv")
    assert code == 2
    assert "none.csv: No such file" in err


def test_an_out_file_of_no_known_kind_is_refused(desk: Desk) -> None:
    write_csv(desk.folder / "r.csv", made(9))
    code, _, err = desk.run(WORDS, "r.csv", "--out", str(desk.folder / "o.xls"))
    assert (code, "ends in none of" in err) == (2, True)


def test_the_command_loads_no_django_and_tells_a_person_too(desk: Desk) -> None:
    write_csv(desk.folder / "r.csv", made(99))
    (desk.folder / "rules.json").write_text(json.dumps(WORDS))
    words = ["rules", "run", str(desk.folder / "r.csv"), "--rules", str(desk.folder / "rules.json")]
    code = f"import sys; from anlan.site.cli import main; main({words!r}); assert 'django' not in sys.modules"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "high raised" in done.stdout
