import numpy as np
import pytest

from anlan.rules import (
    NEVER,
    RAISED,
    STATE_ROW,
    KernelState,
    Ledger,
    Level,
    Rule,
    RuleTable,
    Threshold,
    from_bytes,
    judge,
    to_bytes,
)

RULE = Rule(red=Threshold(raise_at=60, clear_at=55), samples=2, rate_limit=5)


def lived(n: int = 3) -> KernelState:
    state = KernelState.empty(n)
    table = RuleTable.of([RULE] * n)
    series, times = np.array([0, 0, 1, 1]), np.array([1, 2, 1, 2])
    judge(table, state, series, times, np.array([61.0, 99.0, 61.0, 20.0]), now=2)
    return state


def test_a_fresh_series_has_heard_nothing() -> None:
    state = KernelState.empty(1)
    assert state.last_time[0] == state.since[0] == NEVER
    assert np.isnan(state.last_value[0])
    assert (state.level[0], state.rate_level[0], state.no_data_level[0]) == (0, 0, 0)


def test_each_quantity_is_an_array_over_the_series() -> None:
    state = lived()
    assert state.level.tolist() == [Level.RED, Level.NONE, Level.NONE]
    assert state.rate_level.tolist() == [Level.BLUE, Level.BLUE, Level.NONE]
    assert state.run[:, Level.RED - 1].tolist() == [RAISED, 0, 0]
    assert state.last_time.tolist() == [2, 2, NEVER]


def test_rows_are_copies_and_come_back_by_index() -> None:
    state, other = lived(), KernelState.empty(9)
    rows = state.rows([1, 0])
    other.set_rows([7, 2], rows)
    assert other.rows([7, 2]).tobytes() == rows.tobytes()
    rows.level[:] = Level.BLUE
    assert state.level[0] == Level.RED


def test_rows_of_a_mask_and_of_a_single_series_are_rows_too() -> None:
    state = lived()
    assert len(state.rows(state.level > 0)) == 1
    assert len(state.rows(0)) == 1


def test_bytes_restore_the_rows_to_the_bit() -> None:
    rows = lived().rows([0, 1, 2])
    data = to_bytes(rows)
    assert len(data) == 3 * STATE_ROW.itemsize == 144
    assert from_bytes(data).tobytes() == rows.tobytes()
    assert from_bytes(data[48:96]).tobytes() == rows[1:2].tobytes()


def test_the_bytes_of_a_row_are_little_endian_and_fixed() -> None:
    state = KernelState.empty(1)
    state.since[0], state.last_time[0], state.last_value[0] = 1, 2, 1.0
    state.run[0] = [RAISED, 3, 0, 0]
    state.level[0], state.rate_level[0], state.no_data_level[0] = 1, 2, 3
    assert to_bytes(state.rows(0)).hex() == (
        "01000000000000000200000000000000000000000000f03fffffffff0300000000000000000000000102030100000000"
    )


@pytest.mark.parametrize(
    ("place", "byte", "reason"), [(43, 9, "form 9"), (40, 5, "cannot be"), (27, 0xFE, "cannot be")]
)
def test_bytes_that_are_no_state_are_refused(place: int, byte: int, reason: str) -> None:
    data = bytearray(to_bytes(lived().rows(0)))
    data[place] = byte
    with pytest.raises(ValueError, match=reason):
        from_bytes(bytes(data))


def test_bytes_of_a_broken_length_are_refused() -> None:
    with pytest.raises(ValueError, match="no whole rows"):
        from_bytes(b"\0" * 47)


def test_a_grown_state_keeps_what_it_knows_and_adds_fresh_series() -> None:
    state = lived()
    before = state.rows([0, 1, 2])
    state.grow(5)
    assert len(state) == 5
    assert state.rows([0, 1, 2]).tobytes() == before.tobytes()
    assert state.last_time[4] == NEVER


def test_a_grown_table_keeps_its_rules_and_adds_free_series() -> None:
    table = RuleTable.of([RULE])
    table.grow(3)
    assert table["rate_limit"].tolist() == [5, np.inf, np.inf]


@pytest.mark.parametrize("arrays", [RuleTable.empty(2), KernelState.empty(2)])
def test_nothing_grows_smaller(arrays: RuleTable | KernelState) -> None:
    with pytest.raises(ValueError, match="cannot grow to 1"):
        arrays.grow(1)


def test_a_rule_set_later_is_the_rule_given_first() -> None:
    table = RuleTable.empty(2)
    table.set(1, RULE)
    assert table.cells.tobytes() == RuleTable.of([Rule(), RULE]).cells.tobytes()


def test_a_hundred_thousand_series_take_a_small_part_of_a_gigabyte() -> None:
    n = 100_000
    assert RuleTable.empty(n).nbytes + KernelState.empty(n).nbytes < 20_000_000


def test_whatever_lies_below_all_series_is_an_unknown_device() -> None:
    series, time, value = np.array([-1, 0, -(2**63), -7, 0]), np.array([1, 1, 1, 1, 2]), np.full(5, 1.0)
    verdict = judge(RuleTable.of([RULE]), KernelState.empty(1), series, time, value, now=2)
    unknown, normal = Ledger.UNKNOWN_DEVICE, Ledger.NORMAL
    assert verdict.ledger.tolist() == [unknown, normal, unknown, unknown, normal]


def test_a_series_beyond_the_table_leaves_everything_as_it_was() -> None:
    table, state = RuleTable.of([RULE]), KernelState.empty(1)
    with pytest.raises(IndexError, match="series 1 in a table of 1"):
        judge(table, state, np.array([0, -3, 1]), np.array([1, 1, 1]), np.full(3, 99.0), now=2)
    assert state.tobytes() == KernelState.empty(1).tobytes()


def test_readings_of_one_series_in_a_row_are_judged_as_those_of_many_in_turn() -> None:
    random = np.random.default_rng(5)
    n, rounds = 40, 300
    series = np.tile(np.arange(n), rounds)
    time = np.repeat(np.arange(rounds), n) - (random.random(n * rounds) < 0.02)
    value = np.round(random.normal(57, 4, n * rounds), 1)
    value[random.random(len(value)) < 0.02] = np.nan
    order = np.argsort(series, kind="stable")
    table, states = RuleTable.of([RULE] * n), (KernelState.empty(n), KernelState.empty(n))
    turns = judge(table, states[0], series, time, value, now=rounds)
    rows = judge(table, states[1], series[order], time[order], value[order], now=rounds)
    assert rows.ledger.tolist() == turns.ledger[order].tolist()
    assert states[1].tobytes() == states[0].tobytes()
    assert len(rows.transitions) == len(turns.transitions) > n
