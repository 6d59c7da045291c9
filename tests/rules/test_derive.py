"""Derived series are plain arithmetic on what was known at the time, and are judged by the same kernel."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.rules import KernelState, Ledger, Rule, RuleTable, Threshold, judge
from anlan.rules.derive import Track, difference, drift, ratio

MINUTE = 60_000


def track(*pairs: tuple[int, float]) -> Track:
    return Track(time=np.array([t * MINUTE for t, _ in pairs], np.int64), value=np.array([v for _, v in pairs], float))


def values(one: Track) -> list[float | None]:
    return [None if np.isnan(value) else value for value in one.value.tolist()]


def test_a_difference_is_taken_from_the_latest_value_that_is_not_too_old() -> None:
    inlet, outlet = track((1, 10), (2, 11), (9, 12)), track((0, 4), (2, 5))
    assert values(difference(inlet, outlet, max_age=5 * MINUTE)) == [6, 6, None]


def test_a_value_of_the_future_is_not_used() -> None:
    assert values(difference(track((1, 10)), track((2, 4)), max_age=5 * MINUTE)) == [None]


def test_a_ratio_to_zero_is_no_number() -> None:
    assert values(ratio(track((1, 6), (2, 6)), track((1, 3), (2, 0)), max_age=MINUTE)) == [2, None]


def test_what_is_missing_in_either_is_missing_in_the_derived() -> None:
    a, b = track((1, nan), (2, 5), (3, inf)), track((1, 1), (2, nan), (3, 1))
    assert values(difference(a, b, max_age=MINUTE)) == [None, None, None]


def test_drift_is_the_distance_from_the_median_of_the_neighbours() -> None:
    around = [track((1, 10)), track((1, 11)), track((1, 500))]
    assert values(drift(track((1, 14)), around, max_age=MINUTE)) == [3]


def test_the_median_of_two_neighbours_is_their_middle() -> None:
    assert values(drift(track((1, 14)), [track((1, 10)), track((1, 12))], max_age=MINUTE)) == [3]


def test_too_few_neighbours_say_nothing() -> None:
    around = [track((1, 10)), track((1, nan)), track()]
    assert values(drift(track((1, 14)), around, max_age=MINUTE)) == [None]
    assert values(drift(track((1, 14)), around, max_age=MINUTE, fewest=1)) == [4]


def test_times_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(ValueError, match="ascend"):
        track((2, 1), (1, 1))


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(-9, 9) | st.just(nan))), st.integers(0, 4))
def test_alignment_equals_a_search_through_all_readings(pairs: list[tuple[int, float]], age: int) -> None:
    known = sorted(pairs, key=lambda pair: pair[0])
    moments = np.arange(-1, 12) * MINUTE
    expected = []
    for moment in moments.tolist():
        before = [(t * MINUTE, v) for t, v in known if t * MINUTE <= moment]
        fresh = before and moment - before[-1][0] <= age * MINUTE
        expected.append(before[-1][1] if fresh else nan)
    assert repr(track(*known).at(moments, age * MINUTE).tolist()) == repr([float(v) for v in expected])


def test_a_derived_series_is_judged_by_the_kernel_and_its_gaps_are_counted() -> None:
    leak = difference(track((1, 10), (2, 18), (9, 12)), track((0, 9), (2, 9)), max_age=5 * MINUTE)
    table = RuleTable.of([Rule(red=Threshold(raise_at=5, clear_at=2))])
    verdict = judge(table, KernelState.empty(1), np.zeros(3, np.int64), leak.time, leak.value, now=10 * MINUTE)
    assert verdict.ledger.tolist() == [Ledger.NORMAL, Ledger.ALARM, Ledger.NOT_A_NUMBER]
