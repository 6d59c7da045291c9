from anlan.rules import Kind, Ledger, Level, Rule, Threshold

from .board import START, Board

JUMPY = Rule(low=0, high=100, rate_limit=10, rate_level=Level.ORANGE)
UP, DOWN = (Kind.RATE, Level.NONE, Level.ORANGE), (Kind.RATE, Level.ORANGE, Level.NONE)


def test_a_step_wider_than_the_limit_raises_the_rate_and_one_within_clears_it() -> None:
    assert Board(JUMPY).changes(50, 60, 70.5, 70) == [[], [], [UP], [DOWN]]


def test_a_fall_counts_like_a_rise() -> None:
    assert Board(JUMPY).changes(50, 30) == [[], [UP]]


def test_steps_that_stay_wide_are_told_once() -> None:
    assert Board(JUMPY).changes(10, 30, 50, 70, 71) == [[], [UP], [], [], [DOWN]]


def test_the_first_reading_has_nothing_to_be_compared_with() -> None:
    assert Board(JUMPY).changes(99) == [[]]


def test_the_rate_is_taken_from_the_previous_valid_value() -> None:
    assert Board(JUMPY).changes(50, float("nan"), 500, 61) == [[], [], [], [UP]]


def test_a_duplicate_is_no_previous_value() -> None:
    board = Board(JUMPY)
    board.send(50, at=START)
    assert board.send(90, at=START)[0] == Ledger.DUPLICATE
    assert board.send(55, at=START + 1) == (Ledger.NORMAL, [])


def test_a_raised_rate_puts_the_reading_in_alarm() -> None:
    board = Board(JUMPY)
    assert [board.send(value)[0] for value in (50, 70, 71)] == [Ledger.NORMAL, Ledger.ALARM, Ledger.NORMAL]


def test_one_reading_can_raise_a_level_and_the_rate_in_that_order() -> None:
    board = Board(Rule(red=Threshold(raise_at=60, clear_at=55), rate_limit=10, rate_level=Level.ORANGE))
    assert board.changes(50, 70) == [[], [(Kind.LEVEL, Level.NONE, Level.RED), UP]]


def test_a_step_too_wide_for_a_number_is_wide() -> None:
    assert Board(Rule(rate_limit=10, rate_level=Level.ORANGE)).changes(1e308, -1e308) == [[], [UP]]
