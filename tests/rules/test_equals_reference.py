"""The kernel against a plain loop on random streams, batches cut anywhere, state kept as bytes between them."""

from itertools import pairwise
from math import inf, nan

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.rules import KernelState, Level, Rule, RuleTable, Threshold, from_bytes, judge, sweep, to_bytes

from .reference import Change, Reference

SERIES = 4
Reading = tuple[int, int, float]
raised = st.sampled_from([level for level in Level if level])
steps = st.integers(0, 12).map(lambda n: n / 2)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    sign = draw(st.sampled_from([1, -1]))
    ups = sorted(draw(st.sets(steps, max_size=4)))
    downs = sorted(draw(st.lists(steps, min_size=len(ups), max_size=len(ups))))
    names = sorted(
        draw(st.permutations(["blue", "yellow", "orange", "red"]))[: len(ups)],
        key=["blue", "yellow", "orange", "red"].index,
    )
    levels = {
        name: Threshold(raise_at=sign * up, clear_at=sign * min(up, down))
        for name, up, down in zip(names, ups, downs, strict=True)
    }
    return Rule(
        direction="above" if sign == 1 else "below",
        low=draw(st.sampled_from([-inf, -5, -8])),
        high=draw(st.sampled_from([inf, 5, 8])),
        samples=draw(st.integers(1, 4)),
        rate_limit=draw(st.sampled_from([inf, 0, 1, 4])),
        rate_level=draw(raised),
        no_data_after=draw(st.integers(0, 6)),
        no_data_level=draw(raised),
        **levels,
    )


values = st.one_of(
    st.integers(-18, 18).map(lambda n: n / 2),
    st.floats(),
    st.sampled_from([nan, inf, -inf, -0.0, 1e308, -1e308]),
)
readings = st.tuples(st.integers(-1, SERIES - 1), st.integers(-3, 3), values)
batches = st.lists(st.lists(readings, max_size=12), max_size=8)
series_rules = st.lists(rules(), min_size=SERIES, max_size=SERIES)


def placed(batch: list[Reading], now: int) -> list[Reading]:
    """Times are drawn around the clock, so that late, duplicate, future and good readings all are common."""
    return [(s, now + i // 2 + shift, value) for i, (s, shift, value) in enumerate(batch)]


def kernel_judges(
    table: RuleTable, state: KernelState, batch: list[Reading], now: int
) -> tuple[list[int], list[Change]]:
    s, t = (np.array([row[k] for row in batch], np.int64) for k in (0, 1))
    v = np.array([row[2] for row in batch], np.float64)
    verdict = judge(table, state, s, t, v, now=now, future_tolerance=4, max_age=8)
    return verdict.ledger.tolist(), told(verdict.transitions)


def told(transitions: np.ndarray) -> list[Change]:
    names = ["reading", "series", "time", "value", "kind", "level_before", "level_after"]
    return [tuple(row) for row in transitions[names].tolist()]


def same(mine: list[Change], yours: list[Change]) -> bool:
    return repr([tuple(map(float, row)) for row in mine]) == repr([tuple(map(float, row)) for row in yours])


def restored(state: KernelState) -> KernelState:
    """What a process that starts anew makes of the stored bytes."""
    fresh = KernelState.empty(SERIES)
    fresh.set_rows(np.arange(SERIES), from_bytes(to_bytes(state.rows(np.arange(SERIES)))))
    return fresh


@settings(max_examples=400, deadline=None)
@given(series_rules, batches, st.booleans())
def test_the_kernel_says_what_the_plain_loop_says(
    given_rules: list[Rule], given_batches: list[list[Reading]], restart: bool
) -> None:
    table, state, reference = RuleTable.of(given_rules), KernelState.empty(SERIES), Reference(given_rules, 0)
    state.since[:] = 0
    for now, batch in zip(range(3, 99, 5), given_batches, strict=False):
        sent = placed(batch, now)
        ledger, changes = kernel_judges(table, state, sent, now)
        expected, expected_changes = reference.judge(sent, now, 4, 8)
        assert ledger == expected
        assert same(changes, expected_changes)
        assert same(told(sweep(table, state, now)), reference.sweep(now))
        state = restored(state) if restart else state


@settings(max_examples=200, deadline=None)
@given(series_rules, st.lists(readings, max_size=40), st.sets(st.integers(0, 40)))
def test_a_batch_cut_at_any_places_gives_the_same_transitions_and_state(
    given_rules: list[Rule], drawn: list[Reading], cuts: set[int]
) -> None:
    table, whole, cut = RuleTable.of(given_rules), KernelState.empty(SERIES), KernelState.empty(SERIES)
    sent = placed(drawn, 10)
    ledger, changes = kernel_judges(table, whole, sent, 30)
    cut_ledger: list[int] = []
    cut_changes: list[Change] = []
    edges = sorted({0, len(sent)} | {edge for edge in cuts if edge < len(sent)})
    for start, end in pairwise(edges):
        states, moved = kernel_judges(table, cut, sent[start:end], 30)
        cut_ledger += states
        cut_changes += [(row[0] + start, *row[1:]) for row in moved]
        cut = restored(cut)
    assert cut_ledger == ledger
    assert same(cut_changes, changes)
    assert cut.cells.tobytes() == whole.cells.tobytes()


@settings(max_examples=100, deadline=None)
@given(series_rules, st.lists(readings, max_size=40))
def test_sending_a_batch_again_changes_no_state_and_tells_nothing(
    given_rules: list[Rule], drawn: list[Reading]
) -> None:
    table, state = RuleTable.of(given_rules), KernelState.empty(SERIES)
    sent = placed(drawn, 10)
    kernel_judges(table, state, sent, 20)
    before = state.cells.tobytes()
    assert kernel_judges(table, state, sent, 20)[1] == []
    assert state.cells.tobytes() == before


@settings(max_examples=100, deadline=None)
@given(series_rules, st.lists(readings, max_size=40))
def test_the_other_series_of_a_batch_change_nothing_for_one(given_rules: list[Rule], drawn: list[Reading]) -> None:
    sent = placed(drawn, 10)
    together, alone = KernelState.empty(SERIES), KernelState.empty(SERIES)
    table = RuleTable.of(given_rules)
    kernel_judges(table, together, sent, 20)
    for s in range(SERIES):
        kernel_judges(table, alone, [row for row in sent if row[0] == s], 20)
    assert together.cells.tobytes() == alone.cells.tobytes()
