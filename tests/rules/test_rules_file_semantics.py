"""The words of a rules file for the kernel at work: range, high with raise, clear and samples, and rate."""

from typing import Any

import numpy as np

from anlan.rules import KernelState, Kind, Ledger, Level, Rule, RuleTable, Threshold, judge

from .board import Board, steps

WORDS: dict[str, Any] = {
    "range": [0, 100],
    "high": {"raise": 60, "clear": 55, "samples": 3},
    "rate": {"limit": 20},
}


def rule_of(words: dict[str, Any]) -> Rule:
    high = words["high"]
    return Rule(
        low=words["range"][0],
        high=words["range"][1],
        red=Threshold(raise_at=high["raise"], clear_at=high["clear"]),
        samples=high["samples"],
        rate_limit=words["rate"]["limit"],
        rate_level=Level.YELLOW,
    )


HIGH_RAISED, HIGH_CLEARED = (Kind.LEVEL, Level.NONE, Level.RED), (Kind.LEVEL, Level.RED, Level.NONE)
RATE_RAISED, RATE_CLEARED = (Kind.RATE, Level.NONE, Level.YELLOW), (Kind.RATE, Level.YELLOW, Level.NONE)


def test_a_stream_gives_each_transition_the_words_promise() -> None:
    assert Board(rule_of(WORDS)).changes(50, 61, 62, 101, 63, 99, 98, 55, 54) == [
        [],
        [],
        [],
        [],
        [HIGH_RAISED],
        [RATE_RAISED],
        [RATE_CLEARED],
        [RATE_RAISED],
        [HIGH_CLEARED, RATE_CLEARED],
    ]


def test_out_of_range_and_not_a_number_together_are_the_invalid_ones() -> None:
    board = Board(rule_of(WORDS))
    ends = [board.send(value)[0] for value in (-1, 101, float("nan"), 0, 100)]
    invalid = sum(end in (Ledger.OUT_OF_RANGE, Ledger.NOT_A_NUMBER) for end in ends)
    assert invalid == 3


def test_a_file_without_a_clock_is_judged_at_its_last_reading_with_any_age_allowed() -> None:
    times = np.array([0, 10**9, 2 * 10**12, 3 * 10**12])
    values = np.array([50.0, 61, 61, 61])
    table, state, series = RuleTable.of([rule_of(WORDS)]), KernelState.empty(1), np.zeros(4, np.int64)
    verdict = judge(table, state, series, times, values, now=int(times.max()), max_age=2**63 - 1)
    assert verdict.counts()[Ledger.ALARM] == 1
    assert steps(verdict.transitions) == [HIGH_RAISED]
