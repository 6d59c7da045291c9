"""Bands, n of m, durations, rates by time, sums in windows, flatness and schedules: each by its sentence."""

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.rules import (
    Band,
    KernelState,
    Kind,
    Ledger,
    Level,
    Rule,
    RuleError,
    RuleTable,
    Schedule,
    Span,
    Threshold,
    Window,
    from_bytes,
    judge,
    sweep,
    to_bytes,
)
from anlan.rules.compiled import _stamp
from anlan.rules.rows import RULE_ROW, rules_from_bytes

from .board import MINUTE, START, Board, steps
from .reference import lies_in

NONE, BLUE, YELLOW, ORANGE, RED = Level
HOUR = 60 * MINUTE
RED_60 = Threshold(raise_at=60, clear_at=55)
BEIJING = timezone(timedelta(hours=8))


def rain(*, counter: bool = False) -> Rule:
    blue, red = Threshold(raise_at=10, clear_at=8), Threshold(raise_at=30, clear_at=20)
    hour, day = Window(length=HOUR, blue=blue), Window(length=24 * HOUR, yellow=red)
    return Rule(low=0, windows=(hour, day), counter=counter)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BEIJING).timestamp() * 1000)


def test_outside_is_raised_on_either_side_and_cleared_well_within() -> None:
    board = Board(Rule(direction="outside", red=Band(raise_low=10, raise_high=20, clear_low=12, clear_high=18)))
    assert board.levels(10, 20, 9, 11, 12, 13, 21, 19, 17) == [NONE, NONE, RED, RED, RED, NONE, RED, RED, NONE]


def test_inside_is_raised_within_and_cleared_well_outside() -> None:
    board = Board(Rule(direction="inside", red=Band(raise_low=10, raise_high=20, clear_low=8, clear_high=22)))
    assert board.levels(10, 15, 21, 22, 23, 11, 8, 7) == [NONE, RED, RED, RED, NONE, RED, RED, NONE]


def test_n_of_m_forgives_single_samples() -> None:
    board = Board(Rule(red=RED_60, samples=3, within=5))
    assert board.levels(61, 50, 61, 50, 61, 50) == [NONE, NONE, NONE, NONE, RED, NONE]
    assert board.levels(61, 61, 50, 50, 50, 61) == [NONE] * 6


def test_a_duration_runs_from_the_first_reading_beyond_and_starts_anew_after_a_break() -> None:
    board = Board(Rule(red=RED_60, duration=3 * MINUTE))
    assert board.levels(61, 61, 61, 59, 61, 61, 61, 61) == [NONE] * 7 + [RED]


def test_n_of_m_and_a_duration_must_both_hold() -> None:
    board = Board(Rule(red=RED_60, samples=4, within=6, duration=2 * MINUTE))
    assert board.levels(61, 61, 50, 61, 61, 61) == [NONE] * 5 + [RED]
    board = Board(Rule(red=RED_60, samples=2, within=6, duration=2 * MINUTE))
    assert board.levels(61, 50, 61, 61, 50, 61, 61, 61) == [NONE] * 7 + [RED]
    assert board.levels(54, 61, 61, 61) == [NONE] * 3 + [RED]


def test_clearing_may_ask_for_samples_and_for_time() -> None:
    assert Board(Rule(red=RED_60, clear_samples=3)).levels(61, 54, 54, 56, 54, 54, 54) == [RED] * 6 + [NONE]
    assert Board(Rule(red=RED_60, clear_duration=2 * MINUTE)).levels(61, 54, 54, 56, 54, 54, 54) == [RED] * 6 + [NONE]


def test_a_rate_by_time_allows_a_wide_step_over_a_long_gap() -> None:
    board = Board(Rule(rate_limit=60, rate_per=HOUR, rate_level=Level.ORANGE))
    board.send(0, at=START)
    assert board.send(1.5, at=START + MINUTE)[1] == [(Kind.RATE, NONE, ORANGE)]
    assert board.send(11, at=START + 11 * MINUTE)[1] == [(Kind.RATE, ORANGE, NONE)]


def test_rain_of_an_hour_and_of_a_day_have_their_own_thresholds() -> None:
    board = Board(rain())
    assert board.changes(6, 5) == [[], [(Kind.ACCUMULATION, NONE, BLUE)]]
    assert board.send(20, at=START + 2 * HOUR)[1] == [(Kind.ACCUMULATION, BLUE, YELLOW)]
    assert board.send(0, at=START + 4 * HOUR) == (Ledger.ALARM, [])
    assert board.send(0, at=START + 24 * HOUR + 3 * MINUTE) == (Ledger.ALARM, [])
    assert board.send(0, at=START + 26 * HOUR)[1] == [(Kind.ACCUMULATION, YELLOW, NONE)]


def test_a_transition_of_rain_tells_the_sum_and_its_window() -> None:
    board = Board(rain())
    moved = board.judge([6, 5, 20], [START, START + MINUTE, START + 2 * HOUR], START + 2 * HOUR).transitions
    assert moved[["value", "window", "level_after"]].tolist() == [(11, 0, BLUE), (31, 1, YELLOW)]


def test_a_sum_falls_with_time_alone() -> None:
    board = Board(rain())
    board.changes(6, 6)
    assert board.silence(START + 30 * MINUTE) == []
    assert board.silence(START + HOUR + MINUTE) == [(Kind.ACCUMULATION, BLUE, NONE)]
    assert board.silence(START + 2 * HOUR) == []


def test_a_counter_counts_its_rises_and_a_fall_is_a_reset() -> None:
    board = Board(rain(counter=True))
    assert board.changes(500, 506, 2, 5) == [[], [], [], [(Kind.ACCUMULATION, NONE, BLUE)]]


def test_a_day_of_readings_by_the_second_is_summed_in_bounded_room() -> None:
    n = 100_000
    table, state = RuleTable.of([rain()]), KernelState.empty(1)
    times = START + 1000 * np.arange(n)
    judge(table, state, np.zeros(n, np.int64), times, np.full(n, 0.001), now=int(times[-1]))
    assert state.sides["window_sum"][state.side[0]][:2].tolist() == pytest.approx([3.6, 86.4], abs=0.06)
    assert state.ring_time.shape[1] <= 2048
    assert from_bytes(to_bytes(state)).tobytes() == state.tobytes()


def test_a_value_that_does_not_move_is_flat_until_it_does() -> None:
    board = Board(Rule(flat_after=3 * MINUTE, flat_tolerance=0.1, flat_level=YELLOW))
    assert board.changes(5, 5.1, 4.9, 5, 5, 5.2) == [
        [], [], [], [(Kind.FLAT, NONE, YELLOW)], [], [(Kind.FLAT, YELLOW, NONE)],
    ]  # fmt: skip


def test_outside_its_schedule_nothing_is_raised_and_what_is_raised_is_cleared() -> None:
    office = Schedule(spans=(Span(days=(1, 2, 3, 4, 5), start=480, end=1080),))
    board = Board(Rule(red=RED_60, rate_limit=5, schedule=office))
    noon, night = at("2026-11-24T12:00"), at("2026-11-24T19:00")
    assert board.send(50, at=noon - MINUTE)[1] == []
    assert board.send(61, at=noon)[1] == [(Kind.LEVEL, NONE, RED), (Kind.RATE, NONE, BLUE)]
    assert board.send(61, at=night - MINUTE)[1] == [(Kind.RATE, BLUE, NONE)]
    assert board.send(50, at=night)[1] == [(Kind.LEVEL, RED, NONE)]
    assert board.send(90, at=night + MINUTE)[1] == []
    assert board.send(99, at=at("2026-11-28T12:00"))[1] == []


def test_a_span_of_the_night_belongs_to_the_day_on_which_it_begins() -> None:
    board = Board(Rule(red=RED_60, schedule=Schedule(spans=(Span(days=(5,), start=1320, end=360),))))
    assert board.send(61, at=at("2026-11-27T05:00"))[1] == []
    assert board.send(61, at=at("2026-11-28T05:59"))[1] == [(Kind.LEVEL, NONE, RED)]


def holds(schedule: Schedule, moment: str) -> bool:
    return bool(Board(Rule(red=RED_60, schedule=schedule)).send(61, at=at(moment))[1])


def test_several_spans_hold_each_in_its_own_season() -> None:
    week, summer = (1, 2, 3, 4, 5), ((6, 1), (8, 31))
    shifts = (Span(days=week, start=480, end=720), Span(days=week, start=840, end=1080))
    schedule = Schedule(spans=(*shifts, Span(start=1320, end=360, season=summer)))
    hours = ("07:59", "08:00", "11:59", "12:00", "14:00", "18:00", "22:00")
    assert [holds(schedule, f"2026-11-24T{hour}") for hour in hours] == [False, True, True, False, True, False, False]
    nights = ("2026-06-01T05:59", "2026-06-01T22:00", "2026-09-01T05:59", "2026-09-01T22:00")
    assert [holds(schedule, night) for night in nights] == [False, True, True, False]


def test_in_a_file_a_silence_of_the_night_is_raised_when_the_schedule_begins() -> None:
    board = Board(Rule(no_data_after=MINUTE, schedule=Schedule(spans=(Span(start=480, end=1080),))))
    board.send(1, at=at("2026-11-23T20:00"))
    times, now = np.array([at("2026-11-24T08:00"), at("2026-11-25T08:00") + 1]), at("2026-11-26T00:00")
    verdict = judge(board.table, board.state, np.zeros(2, np.int64), times, np.ones(2), now=now, gaps=True)
    assert verdict.transitions["time"].tolist() == [times[0] + MINUTE, times[1]]
    assert len(sweep(board.table, board.state, now, gaps=True)) == 1


def test_silence_is_raised_only_in_season() -> None:
    board = Board(Rule(no_data_after=MINUTE, schedule=Schedule(season=((4, 15), (10, 15)))))
    board.send(1, at=at("2026-10-15T23:58"))
    assert board.silence(at("2026-10-16T00:00")) == []
    assert board.silence(at("2026-10-15T23:59")) == [(Kind.NO_DATA, NONE, BLUE)]


@given(
    st.integers(-(2**42), 2**42),
    st.lists(st.tuples(st.sets(st.integers(1, 7), min_size=1), st.integers(0, 1439), st.integers(1, 1440)), max_size=8),
    st.booleans(),
)
def test_any_moment_lies_in_a_schedule_as_the_calendar_says(time: int, drawn: list[Any], own: bool) -> None:
    season = ((11, 2), (3, 1))
    spans = (Span(days=tuple(d), start=a, end=b, season=season if own else None) for d, a, b in drawn)
    schedule = Schedule(spans=tuple(spans), season=None if own else season)
    table = RuleTable.of([Rule(red=RED_60, schedule=schedule)])
    verdict = judge(table, KernelState.empty(1), np.zeros(1, np.int64), np.array([time]), np.array([61.0]), now=2**43)
    late = judge(table, KernelState.empty(1), np.zeros(1, np.int64), np.array([time]), np.array([61.0]), now=time)
    assert verdict.ledger[0] in (Ledger.LATE, late.ledger[0])
    assert bool(len(late.transitions)) == lies_in(schedule, time)


def test_with_gaps_a_silence_is_told_by_the_reading_that_ends_it() -> None:
    board = Board(Rule(no_data_after=10 * MINUTE, no_data_level=YELLOW))
    times = np.array([START, START + 10 * MINUTE, START + 21 * MINUTE])
    verdict = judge(
        board.table, board.state, np.zeros(3, np.int64), times, np.array([1.0, 2, 3]), now=int(times[-1]), gaps=True
    )
    assert steps(verdict.transitions) == [(Kind.NO_DATA, NONE, YELLOW), (Kind.NO_DATA, YELLOW, NONE)]
    assert verdict.transitions[["reading", "time", "value"]].tolist()[0] == (-1, START + 20 * MINUTE, 2.0)


def test_a_rule_that_loses_a_kind_clears_what_it_had_raised() -> None:
    board = Board(Rule(flat_after=MINUTE, windows=(Window(length=HOUR, blue=Threshold(raise_at=1, clear_at=1)),)))
    board.changes(2, 2)
    assert (board.state.flat_level[0], board.state.accumulation_level[0]) == (BLUE, BLUE)
    board.table.set(0, Rule(red=RED_60))
    assert board.changes(2) == [[(Kind.ACCUMULATION, BLUE, NONE), (Kind.FLAT, BLUE, NONE)]]
    assert board.state.highest().tolist() == [NONE]


def test_few_series_are_put_back_as_they_were_with_all_that_lies_beside() -> None:
    rules = [rain(), Rule(red=RED_60), Rule(red=RED_60, samples=2, within=4)]
    table, state = RuleTable.of(rules), KernelState.empty(3)
    series, times = np.array([0, 1, 2] * 3), START + MINUTE * np.arange(9)
    judge(table, state, series, times, np.full(9, 61.0), now=int(times[-1]))
    before, kept = to_bytes(state), state.rows([0, 2])
    judge(table, state, series, times + HOUR, np.full(9, 7.0), now=int(times[-1]) + HOUR)
    assert to_bytes(state) != before
    state.set_rows([0, 2], kept)
    state.set_rows([1], from_bytes(before)[1:2])
    assert to_bytes(state) == before
    assert b"".join(to_bytes(state.rows([i])) for i in range(3)) == before


def test_a_fresh_row_put_back_forgets_what_lay_beside() -> None:
    table, state = RuleTable.of([rain()]), KernelState.empty(1)
    judge(table, state, np.zeros(1, np.int64), np.array([START]), np.array([99.0]), now=START)
    state.set_rows([0], KernelState.empty(1))
    assert to_bytes(state) == to_bytes(KernelState.empty(1))


@pytest.mark.parametrize("cut", [-1, -8, 100])
def test_bytes_of_a_series_with_more_to_remember_are_refused_when_cut(cut: int) -> None:
    table, state = RuleTable.of([rain()]), KernelState.empty(1)
    judge(table, state, np.zeros(1, np.int64), np.array([START]), np.array([99.0]), now=START)
    with pytest.raises(ValueError, match="row"):
        from_bytes(to_bytes(state)[:cut])


def test_series_of_one_rule_share_its_row_and_rules_may_be_kept_as_bytes() -> None:
    table = RuleTable.of([rain(), Rule(red=RED_60), rain()])
    assert len(table.distinct) == 3
    other = RuleTable.empty(3)
    other.set_rows([0, 1, 2], np.frombuffer(table.rows([0, 1, 2]).tobytes(), table.distinct.dtype))
    assert other.cells.tobytes() == table.cells.tobytes()
    with pytest.raises(ValueError, match="read-only"):
        table.cells[0] = other.cells[1]


def test_a_sweep_stays_within_its_room_and_finds_all() -> None:
    n = 50_000
    table, state = RuleTable.of([Rule(no_data_after=1)] * n), KernelState.empty(n)
    state.since[:] = 0
    assert len(sweep(table, state, START)) == n


def test_a_hundred_thousand_series_with_side_rows_stay_small() -> None:
    n = 100_000
    table, state = RuleTable.of([Rule(red=RED_60, duration=1)] * n), KernelState.empty(n)
    state.prepare(table)
    assert table.nbytes + state.nbytes < 40_000_000


CONTRADICTIONS: list[tuple[str, dict[str, Any]]] = [
    ("band", {"direction": "outside", "red": RED_60}),
    ("band", {"red": Band(raise_low=0, raise_high=1, clear_low=0, clear_high=1)}),
    ("band", {"direction": "inside", "red": Band(raise_low=1, raise_high=0, clear_low=0, clear_high=1)}),
    ("hysteresis", {"direction": "inside", "red": Band(raise_low=0, raise_high=3, clear_low=1, clear_high=2)}),
    ("hysteresis", {"direction": "outside", "red": Band(raise_low=1, raise_high=2, clear_low=0, clear_high=3)}),
    ("within", {"samples": 3, "within": 2}),
    ("within", {"within": 61}),
    ("duration", {"duration": -1}),
    ("clear_samples", {"clear_samples": 0}),
    ("flat_tolerance", {"flat_tolerance": float("nan")}),
    ("flat_level", {"flat_after": 1, "flat_level": NONE}),
    ("windows", {"windows": (Window(length=2 * HOUR), Window(length=HOUR))}),
    ("windows", {"windows": (Window(length=1),)}),
    ("hysteresis", {"windows": (Window(length=HOUR, red=Threshold(raise_at=1, clear_at=2)),)}),
]


@pytest.mark.parametrize(("code", "fields"), CONTRADICTIONS)
def test_more_rules_that_contradict_themselves_are_refused(code: str, fields: dict[str, Any]) -> None:
    with pytest.raises(RuleError) as refusal:
        Rule(**fields)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("schedule", lambda: Schedule(spans=(Span(days=(0,)),))),
        ("schedule", lambda: Schedule(spans=(Span(start=1440),))),
        ("spans", lambda: Schedule(spans=(Span(),) * 9)),
        ("season", lambda: Span(season=((0, 1), (3, 1)))),
        ("season", lambda: Schedule(season=((2, 30), (3, 1)))),
    ],
)
def test_a_schedule_that_is_none_is_refused(code: str, make: Any) -> None:
    with pytest.raises(RuleError) as refusal:
        make()
    assert refusal.value.code == code


def test_the_bytes_of_rules_of_an_earlier_release_are_read_as_they_were_meant() -> None:
    shorter = RULE_ROW.fields["span_season"][1]  # type: ignore[index]
    rules = [Rule(red=RED_60, schedule=Schedule(spans=(Span(days=(5,)),), season=((4, 15), (10, 15)))), Rule(low=1)]
    rows = RuleTable.of(rules).cells
    data = b"".join(row.tobytes()[:shorter] for row in rows)
    assert rules_from_bytes(data, 2).tobytes() == rows.tobytes()
    assert rules_from_bytes(rows.tobytes(), 2).tobytes() == rows.tobytes()
    assert len(rules_from_bytes(b"", 0)) == 0


def test_compiled_code_is_kept_only_while_no_module_of_its_folder_changes(tmp_path: Any) -> None:
    (tmp_path / "a.py").write_text("1")
    before = _stamp(tmp_path)
    (tmp_path / "b.py").write_text("2")
    assert _stamp(tmp_path) != before
