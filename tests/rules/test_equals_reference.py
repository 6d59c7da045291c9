"""The kernel against a plain loop on random streams, batches cut anywhere, state kept as bytes between them."""

from itertools import pairwise
from math import inf, nan
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.rules import (
    Band,
    KernelState,
    Level,
    Rule,
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

from .reference import Change, Reference

SERIES = 4
TICK = 20_000
COLOURS = ["blue", "yellow", "orange", "red"]
Reading = tuple[int, int, float]
raised = st.sampled_from([level for level in Level if level])
steps = st.integers(0, 12).map(lambda n: n / 2)


ticks = st.integers(0, 6).map(lambda n: n * TICK)


@st.composite
def thresholds(draw: st.DrawFn, direction: str) -> dict[str, Any]:
    """Any of the four colours, each further out than the one before."""
    ups = sorted(draw(st.sets(steps, max_size=4)))
    downs = sorted(draw(st.lists(steps, min_size=len(ups), max_size=len(ups))))
    names = sorted(draw(st.permutations(COLOURS))[: len(ups)], key=COLOURS.index)
    pairs = [(up, min(up, down)) for up, down in zip(ups, downs, strict=True)]
    return dict(zip(names, (limit(direction, *pair) for pair in pairs), strict=True))


def limit(direction: str, up: float, down: float) -> Threshold | Band:
    if direction in ("above", "below"):
        sign = 1 if direction == "above" else -1
        return Threshold(raise_at=sign * up, clear_at=sign * down)
    if direction == "outside":
        return Band(raise_low=-up - 1, raise_high=up + 1, clear_low=-down - 1, clear_high=down + 1)
    return Band(raise_low=up - 9, raise_high=9 - up, clear_low=down - 9, clear_high=9 - down)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    lengths = sorted(draw(st.sets(st.sampled_from([TICK, 3 * TICK, 7 * TICK, 2880 * TICK]), max_size=3)))
    return tuple(Window(length=length, **draw(thresholds("above"))) for length in lengths)


days = st.sampled_from([(1, 1), (1, 2), (12, 31), (6, 1)])
seasons = st.none() | st.tuples(days, days)
spans = st.builds(
    Span,
    days=st.lists(st.integers(1, 7), min_size=3, max_size=7).map(tuple),
    start=st.integers(476, 500),
    end=st.integers(476, 500),
    season=seasons,
)
schedules = st.builds(Schedule, spans=st.lists(spans, max_size=4).map(tuple), season=seasons)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    direction = draw(st.sampled_from(["above", "below", "inside", "outside"]))
    samples, within = draw(st.integers(1, 4)), draw(st.sampled_from([0, 0, 5]))
    rich = draw(st.booleans())
    return Rule(
        direction=direction,
        low=draw(st.sampled_from([-inf, -5, -8])),
        high=draw(st.sampled_from([inf, 5, 8])),
        samples=samples,
        within=within if rich else 0,
        duration=draw(ticks) if rich else 0,
        clear_samples=draw(st.integers(1, 3)),
        clear_duration=draw(ticks) if rich else 0,
        rate_limit=draw(st.sampled_from([inf, 0, 1, 4])),
        rate_per=draw(st.sampled_from([0, 0, TICK])),
        rate_level=draw(raised),
        windows=draw(windows()) if rich else (),
        counter=draw(st.booleans()),
        flat_after=draw(ticks) if rich else 0,
        flat_tolerance=draw(st.sampled_from([0, 0.5, 2])),
        flat_level=draw(raised),
        no_data_after=draw(ticks),
        no_data_level=draw(raised),
        schedule=draw(st.none() | schedules) if rich else None,
        **draw(thresholds(direction)),
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
    return [(s, (now + i // 2 + shift) * TICK, value) for i, (s, shift, value) in enumerate(batch)]


def kernel_judges(
    table: RuleTable, state: KernelState, batch: list[Reading], now: int, *, gaps: bool = False
) -> tuple[list[int], list[Change]]:
    s, t = (np.array([row[k] for row in batch], np.int64) for k in (0, 1))
    v = np.array([row[2] for row in batch], np.float64)
    verdict = judge(table, state, s, t, v, now=now * TICK, future_tolerance=4 * TICK, max_age=8 * TICK, gaps=gaps)
    return verdict.ledger.tolist(), told(verdict.transitions)


def told(transitions: np.ndarray) -> list[Change]:
    names = ["reading", "series", "time", "value", "kind", "level_before", "level_after"]
    return [tuple(row) for row in transitions[names].tolist()]


def same(mine: list[Change], yours: list[Change]) -> bool:
    return repr([tuple(map(float, row)) for row in mine]) == repr([tuple(map(float, row)) for row in yours])


def restored(state: KernelState) -> KernelState:
    """What a process that starts anew makes of the stored bytes."""
    kept = from_bytes(to_bytes(state))
    assert to_bytes(kept) == to_bytes(state)
    fresh = KernelState.empty(SERIES)
    fresh.set_rows(np.arange(SERIES), kept)
    return fresh


@settings(max_examples=400, deadline=None)
@given(series_rules, batches, st.booleans(), st.booleans())
def test_the_kernel_says_what_the_plain_loop_says(
    given_rules: list[Rule], given_batches: list[list[Reading]], restart: bool, gaps: bool
) -> None:
    table, state = RuleTable.of(given_rules), KernelState.empty(SERIES)
    reference = Reference(given_rules, 0, gaps=gaps)
    state.since[:] = 0
    for now, batch in zip(range(3, 99, 5), given_batches, strict=False):
        sent = placed(batch, now)
        ledger, changes = kernel_judges(table, state, sent, now, gaps=gaps)
        expected, expected_changes = reference.judge(sent, now * TICK, 4 * TICK, 8 * TICK)
        assert ledger == expected
        assert same(changes, expected_changes)
        assert same(told(sweep(table, state, now * TICK, gaps=gaps)), reference.sweep(now * TICK))
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
    assert cut.tobytes() == whole.tobytes()


@settings(max_examples=100, deadline=None)
@given(series_rules, st.lists(readings, max_size=40))
def test_sending_a_batch_again_changes_no_state_and_tells_nothing(
    given_rules: list[Rule], drawn: list[Reading]
) -> None:
    table, state = RuleTable.of(given_rules), KernelState.empty(SERIES)
    sent = placed(drawn, 10)
    kernel_judges(table, state, sent, 20)
    before = state.tobytes()
    assert kernel_judges(table, state, sent, 20)[1] == []
    assert state.tobytes() == before


@settings(max_examples=100, deadline=None)
@given(series_rules, st.lists(readings, max_size=40))
def test_the_other_series_of_a_batch_change_nothing_for_one(given_rules: list[Rule], drawn: list[Reading]) -> None:
    sent = placed(drawn, 10)
    together, alone = KernelState.empty(SERIES), KernelState.empty(SERIES)
    table = RuleTable.of(given_rules)
    kernel_judges(table, together, sent, 20)
    for s in range(SERIES):
        kernel_judges(table, alone, [row for row in sent if row[0] == s], 20)
    assert together.tobytes() == alone.tobytes()
