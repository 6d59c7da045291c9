import numpy as np

from anlan.rules import Kind, Ledger, Level, Rule, Threshold, sweep

from .board import MINUTE, START, Board

WATCHED = Rule(no_data_after=10 * MINUTE, no_data_level=Level.YELLOW)
UP, DOWN = (Kind.NO_DATA, Level.NONE, Level.YELLOW), (Kind.NO_DATA, Level.YELLOW, Level.NONE)


def test_silence_is_raised_when_it_has_lasted_as_long_as_the_rule_says() -> None:
    board = Board(WATCHED)
    board.send(1, at=START)
    assert board.silence(START + 10 * MINUTE - 1) == []
    assert board.silence(START + 10 * MINUTE) == [UP]


def test_silence_is_raised_once() -> None:
    board = Board(WATCHED)
    board.send(1, at=START)
    assert [board.silence(START + n * 10 * MINUTE) for n in (1, 2, 3)] == [[UP], [], []]


def test_a_valid_reading_ends_the_silence_and_it_can_begin_again() -> None:
    board = Board(WATCHED)
    board.send(1, at=START)
    board.silence(START + 20 * MINUTE)
    assert board.send(1, at=START + 21 * MINUTE) == (Ledger.NORMAL, [DOWN])
    assert board.silence(START + 31 * MINUTE) == [UP]


def test_an_invalid_reading_ends_no_silence() -> None:
    board = Board(WATCHED)
    board.send(1, at=START)
    board.silence(START + 20 * MINUTE)
    assert board.send(float("nan"), at=START + 21 * MINUTE) == (Ledger.NOT_A_NUMBER, [])
    assert board.state.no_data_level[0] == Level.YELLOW


def test_the_end_of_a_silence_is_told_before_the_level_of_its_reading() -> None:
    rule = Rule(red=Threshold(raise_at=60, clear_at=55), no_data_after=MINUTE, no_data_level=Level.YELLOW)
    board = Board(rule)
    board.send(1, at=START)
    board.silence(START + MINUTE)
    assert board.send(70, at=START + MINUTE)[1] == [DOWN, (Kind.LEVEL, Level.NONE, Level.RED)]


def test_a_series_that_never_reported_is_silent_since_its_start() -> None:
    board = Board(WATCHED)
    board.state.since[0] = START
    assert board.silence(START + 9 * MINUTE) == []
    assert board.silence(START + 10 * MINUTE) == [UP]


def test_a_series_without_start_and_reading_is_never_silent() -> None:
    assert Board(WATCHED).silence(START) == []


def test_a_start_after_the_last_reading_gives_the_series_new_time() -> None:
    board = Board(WATCHED)
    board.send(1, at=START)
    board.state.since[0] = START + 60 * MINUTE
    assert board.silence(START + 69 * MINUTE) == []


def test_a_rule_without_no_data_allows_any_silence() -> None:
    board = Board(Rule())
    board.send(1, at=START)
    assert board.silence(START * 2) == []


def test_the_transition_tells_when_the_allowed_silence_ended_and_the_last_value() -> None:
    board = Board(WATCHED)
    board.send(42, at=START)
    rows = sweep(board.table, board.state, START + 99 * MINUTE)
    assert rows[["reading", "series", "time", "value"]].tolist() == [(-1, 0, START + 10 * MINUTE, 42.0)]


def test_the_value_of_a_series_that_never_reported_is_missing() -> None:
    board = Board(WATCHED)
    board.state.since[0] = START
    assert np.isnan(sweep(board.table, board.state, START + 10 * MINUTE)["value"]).all()
