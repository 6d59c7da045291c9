from typing import Any

import numpy as np
import pytest

from anlan.rules import KernelState, Ledger, Rule, RuleTable, Threshold, judge

from .board import MINUTE, START, Board

DAY = 86_400_000
RULE = Rule(low=0, high=100, red=Threshold(raise_at=60, clear_at=55))


def test_the_limits_of_the_range_are_still_measurements() -> None:
    board = Board(RULE)
    assert [board.send(value)[0] for value in (0, 100, -0.1, 100.1)] == [
        Ledger.NORMAL,
        Ledger.ALARM,
        Ledger.OUT_OF_RANGE,
        Ledger.OUT_OF_RANGE,
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_counted_as_such(value: float) -> None:
    assert Board(RULE).send(value) == (Ledger.NOT_A_NUMBER, [])


def test_infinity_is_no_number_even_where_the_range_is_open() -> None:
    assert Board(Rule()).send(float("inf"))[0] == Ledger.NOT_A_NUMBER


def test_a_reading_before_the_last_is_late() -> None:
    board = Board(RULE)
    board.send(50, at=START)
    assert board.send(99, at=START - 1, now=START) == (Ledger.LATE, [])


def test_a_reading_at_the_time_of_the_last_is_a_duplicate_whatever_its_value() -> None:
    board = Board(RULE)
    board.send(50, at=START)
    assert [board.send(value, at=START)[0] for value in (50, 99)] == [Ledger.DUPLICATE] * 2


def test_a_reading_of_last_week_is_late_even_as_the_first() -> None:
    board = Board(RULE)
    assert board.send(99, at=START - 7 * DAY - 1, now=START) == (Ledger.LATE, [])
    assert board.send(99, at=START - 7 * DAY, now=START)[0] == Ledger.ALARM


def test_a_reading_from_beyond_the_tolerance_is_of_the_future() -> None:
    board = Board(RULE)
    assert board.send(50, at=START + 5 * MINUTE + 1, now=START) == (Ledger.FUTURE, [])
    assert board.send(50, at=START + 5 * MINUTE, now=START)[0] == Ledger.NORMAL


def test_a_reading_of_the_future_makes_no_later_one_late() -> None:
    board = Board(RULE)
    board.send(50, at=START + DAY, now=START)
    assert board.send(50, at=START + MINUTE)[0] == Ledger.NORMAL


def test_an_unknown_device_is_counted_and_touches_nothing() -> None:
    table, state = RuleTable.of([RULE]), KernelState.empty(1)
    before = state.rows([0]).tobytes()
    verdict = judge(table, state, np.array([-1]), np.array([START]), np.array([99.0]), now=START)
    assert verdict.counts()[Ledger.UNKNOWN_DEVICE] == 1
    assert state.rows([0]).tobytes() == before


@pytest.mark.parametrize(
    ("value", "at"),
    [(float("nan"), START + 1), (float("inf"), START + 1), (101, START + 1), (99, START), (99, START - 1)],
)
def test_a_refused_reading_leaves_the_state_to_the_bit(value: float, at: int) -> None:
    board = Board(RULE)
    board.send(50, at=START)
    before = board.state.rows([0])
    board.send(value, at=at, now=START)
    assert board.state.rows([0]).tobytes() == before.tobytes()


def test_readings_of_one_batch_are_judged_in_the_order_given() -> None:
    verdict = Board(RULE).judge([50, 70, 70, 40, 50], [1, 2, 2, 1, 3], now=3)
    assert verdict.ledger.tolist() == [
        Ledger.NORMAL,
        Ledger.ALARM,
        Ledger.DUPLICATE,
        Ledger.LATE,
        Ledger.NORMAL,
    ]


def test_the_counts_name_every_state_and_add_up_to_the_batch() -> None:
    counts = Board(RULE).judge([50, 70, 70, float("nan")], [1, 2, 2, 9], now=9).counts()
    assert set(counts) == set(Ledger)
    assert sum(counts.values()) == 4


def test_a_transition_carries_its_reading_series_time_and_value() -> None:
    table, state = RuleTable.of([Rule(), RULE]), KernelState.empty(2)
    verdict = judge(table, state, np.array([0, 1]), np.array([7, 8]), np.array([99.0, 98.0]), now=9)
    assert verdict.transitions[["reading", "series", "time", "value"]].tolist() == [(1, 1, 8, 98.0)]


def test_a_batch_longer_than_a_piece_numbers_its_readings_through() -> None:
    n = 200_000
    values = np.full(n, 50.0)
    values[[10, 150_000]] = 70
    times = np.arange(n)
    verdict = judge(RuleTable.of([RULE]), KernelState.empty(1), np.zeros(n, np.int64), times, values, now=n)
    assert verdict.transitions["reading"].tolist() == [10, 11, 150_000, 150_001]


def test_an_empty_batch_has_an_empty_verdict() -> None:
    verdict = Board(RULE).judge([], [], now=START)
    assert (len(verdict.ledger), len(verdict.transitions)) == (0, 0)


def test_read_only_strided_and_narrower_arrays_are_judged_like_any_other() -> None:
    series: Any = np.zeros(2, np.int32)
    values: Any = np.array([50, 0, 70, 0], np.float32)[::2]
    times = np.frombuffer(np.array([1, 2]).tobytes(), np.int64)
    verdict = judge(RuleTable.of([RULE]), KernelState.empty(1), series, times, values, now=2)
    assert verdict.ledger.tolist() == [Ledger.NORMAL, Ledger.ALARM]


def test_a_series_beyond_the_table_is_refused_before_anything_is_judged() -> None:
    state = KernelState.empty(1)
    with pytest.raises(IndexError, match="series 1 in a table of 1"):
        judge(RuleTable.of([RULE]), state, np.array([0, 1]), np.array([1, 1]), np.zeros(2), now=1)
    assert state.rows([0]).tobytes() == KernelState.empty(1).rows([0]).tobytes()


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"columns of \[1, 2\] readings"):
        judge(RuleTable.empty(1), KernelState.empty(1), np.zeros(2, np.int64), np.array([1]), np.zeros(2), now=1)


def test_a_table_and_a_state_of_unequal_size_are_refused() -> None:
    none = np.zeros(0, np.int64)
    with pytest.raises(ValueError, match="a table of 2, a state of 1"):
        judge(RuleTable.empty(2), KernelState.empty(1), none, none, np.zeros(0), now=1)


def test_times_at_the_ends_of_the_scale_are_judged_without_overflow() -> None:
    ends = np.iinfo(np.int64)
    board = Board(RULE)
    assert board.send(50, at=ends.min, now=0)[0] == Ledger.LATE
    assert board.send(50, at=ends.max, now=0)[0] == Ledger.FUTURE
    assert board.send(50, at=ends.max, now=ends.max)[0] == Ledger.NORMAL
