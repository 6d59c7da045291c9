from anlan.rules import Kind, Ledger, Level, Rule, Threshold

from .board import Board

NONE, BLUE, YELLOW, ORANGE, RED = Level
HOT = Rule(red=Threshold(raise_at=60, clear_at=55))
THRICE = Rule(red=Threshold(raise_at=60, clear_at=55), samples=3)
RIVER = Rule(
    blue=Threshold(raise_at=1, clear_at=0.5),
    yellow=Threshold(raise_at=2, clear_at=1.5),
    orange=Threshold(raise_at=3, clear_at=2.5),
    red=Threshold(raise_at=4, clear_at=3.5),
)
COLD = Rule(direction="below", blue=Threshold(raise_at=0, clear_at=2), red=Threshold(raise_at=-10, clear_at=-8))


def test_a_value_at_the_threshold_raises_nothing_and_one_beyond_it_does() -> None:
    assert Board(HOT).levels(60, 60.000001) == [NONE, RED]


def test_a_raised_level_stays_until_a_value_lies_past_the_clearing_one() -> None:
    assert Board(HOT).levels(61, 59, 55, 54.9) == [RED, RED, RED, NONE]


def test_a_level_is_told_when_it_is_raised_and_when_it_is_cleared_and_not_between() -> None:
    assert Board(HOT).changes(61, 99, 58, 50, 50) == [
        [(Kind.LEVEL, NONE, RED)],
        [],
        [],
        [(Kind.LEVEL, RED, NONE)],
        [],
    ]


def test_a_level_waits_for_as_many_samples_in_a_row_as_the_rule_says() -> None:
    assert Board(THRICE).levels(61, 62, 63) == [NONE, NONE, RED]


def test_one_sample_that_is_not_beyond_starts_the_count_anew() -> None:
    assert Board(THRICE).levels(61, 62, 60, 61, 62, 63) == [NONE] * 5 + [RED]


def test_a_raised_series_counts_no_further_and_clearing_starts_the_count_anew() -> None:
    board = Board(THRICE)
    assert board.levels(61, 61, 61, 61, 61, 54) == [NONE, NONE, RED, RED, RED, NONE]
    assert board.levels(61, 61, 61) == [NONE, NONE, RED]


def test_an_invalid_sample_neither_breaks_nor_feeds_the_count() -> None:
    board = Board(Rule(low=0, high=100, red=Threshold(raise_at=60, clear_at=55), samples=3))
    assert board.levels(61, float("nan"), 62, 101, 63) == [NONE, NONE, NONE, NONE, RED]


def test_rising_water_climbs_the_colours_one_transition_a_reading() -> None:
    assert Board(RIVER).changes(1.2, 4.5) == [[(Kind.LEVEL, NONE, BLUE)], [(Kind.LEVEL, BLUE, RED)]]


def test_falling_water_clears_the_colours_part_by_part() -> None:
    board = Board(RIVER)
    assert board.levels(4.5, 3.6, 3.4, 2.6, 1.7, 1.0, 0.4) == [RED, RED, ORANGE, ORANGE, YELLOW, BLUE, NONE]


def test_a_drop_through_all_colours_is_told_once() -> None:
    assert Board(RIVER).changes(4.5, 0) == [[(Kind.LEVEL, NONE, RED)], [(Kind.LEVEL, RED, NONE)]]


def test_each_colour_counts_its_own_samples() -> None:
    rule = Rule(blue=Threshold(raise_at=1, clear_at=0.5), red=Threshold(raise_at=4, clear_at=3.5), samples=2)
    assert Board(rule).levels(1.5, 4.5, 4.5) == [NONE, BLUE, RED]


def test_below_is_the_mirror_of_above() -> None:
    assert Board(COLD).levels(0, -0.1, -10.1, -8, -7.9, 2, 2.1) == [NONE, BLUE, RED, RED, BLUE, BLUE, NONE]


def test_colours_that_are_not_given_are_never_reached() -> None:
    assert Board(COLD).levels(-5, -1e300) == [BLUE, RED]


def test_a_reading_is_in_alarm_as_long_as_its_series_is() -> None:
    board = Board(HOT)
    assert [board.send(value)[0] for value in (50, 61, 57, 54)] == [
        Ledger.NORMAL,
        Ledger.ALARM,
        Ledger.ALARM,
        Ledger.NORMAL,
    ]


def test_a_series_without_a_rule_is_always_normal() -> None:
    board = Board(Rule())
    assert [board.send(value) for value in (-1e308, 1e308)] == [(Ledger.NORMAL, [])] * 2


def test_a_changed_rule_judges_what_is_raised_by_its_next_reading() -> None:
    board = Board(HOT)
    board.levels(61)
    board.table.set(0, Rule(red=Threshold(raise_at=80, clear_at=70)))
    assert board.changes(65) == [[(Kind.LEVEL, RED, NONE)]]


def test_a_threshold_that_is_taken_away_is_cleared_by_the_next_reading() -> None:
    board = Board(HOT)
    board.levels(61)
    board.table.set(0, Rule())
    assert board.changes(99) == [[(Kind.LEVEL, RED, NONE)]]
