"""What was appended is read back to the bit, each moment once, whatever form it is stored in by then."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.monitoring import store
from anlan.monitoring.moments import now_ms
from anlan.monitoring.store.blocks import Columns, StoreError, pack, plain, unpack
from anlan.monitoring.store.head import HEAD
from anlan.rules import Ledger

NOW = 1_764_000_000_000
MINUTE, DAY = 60_000, 86_400_000
NORMAL, NAN, FAR, FUTURE = (int(s) for s in (Ledger.NORMAL, Ledger.NOT_A_NUMBER, Ledger.OUT_OF_RANGE, Ledger.FUTURE))
FORMS = ("log", "chunks", "files")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: LazySettings) -> Iterator[Path]:
    settings.READINGS_ROOT = tmp_path
    yield tmp_path
    HEAD.forget()


def put(*rows: tuple[int, int, float, int]) -> int:
    series, time, value, state = zip(*rows, strict=True)
    return store.append(np.array(series), np.array(time), np.array(value, float), np.array(state, np.uint8))


def move(form: str) -> None:
    """Everything into this form."""
    if form != "log":
        store.tend()
    if form == "files":
        store.age(before=NOW + 100 * DAY)


def held() -> dict[str, int]:
    return {form.name: form.readings for form in store.forms()}


def same(a: Columns, b: Columns) -> bool:
    pairs = zip(a, b, strict=True)
    return all(x.tobytes() == y.tobytes() for x, y in pairs)


numbers = st.one_of(
    st.floats(width=64),
    st.floats(width=32),
    st.integers(-(10**9), 10**9).map(lambda n: n / 100),
    st.sampled_from([0.0, -0.0, float("nan"), float("inf"), 5e-324, 1.7e308, 2.0**53]),
    st.integers(0, 2**64 - 1).map(lambda n: float(np.array(n, np.uint64).view(np.float64))),
)
moments = st.one_of(st.integers(-(2**61), 2**61), st.integers(0, 5000).map(lambda n: NOW + n * MINUTE))
rows = st.lists(st.tuples(st.integers(0, 2**62), moments, numbers, st.integers(0, 255)), min_size=1, max_size=60)


@given(rows=rows, cut=st.integers(1, 60))
@settings(max_examples=400, deadline=None)
def test_a_block_gives_back_every_bit(rows: list[Any], cut: int) -> None:
    series, time, value, state = zip(*rows, strict=True)
    columns = plain(series, time, np.array(value, np.float64), state)
    starts = np.unique([0, min(cut, len(rows)), len(rows)])
    blocks = pack(columns, starts)
    assert same(unpack(blocks, np.diff(starts).tolist(), ["one"] * len(blocks)), columns)


@given(data=st.binary(max_size=200), number=st.integers(0, 9))
@settings(max_examples=200, deadline=None)
def test_bytes_that_are_no_block_are_refused(data: bytes, number: int) -> None:
    with pytest.raises(StoreError, match="series 7"):
        unpack([data], [number], ["series 7"])


@pytest.mark.django_db
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_back_what_was_appended(form: str) -> None:
    random = np.random.default_rng(3)
    time = NOW + random.permutation(4000) * MINUTE
    series = random.integers(1, 5, 4000)
    value = random.choice([1.25, -0.0, np.nan, np.inf, 0.1 + 0.2, 1e300], 4000)
    state = np.where(np.isfinite(value), NORMAL, NAN).astype(np.uint8)
    store.append(series, time, value, state)
    move(form)
    assert held()[form] == 4000
    for series_id in range(1, 5):
        mine = np.flatnonzero(series == series_id)
        mine = mine[np.argsort(time[mine])]
        found = store.arrays(series_id, start=NOW, end=NOW + 9 * DAY, valid_only=False)
        assert found.time.tolist() == time[mine].tolist()
        assert found.value.tobytes() == value[mine].tobytes()
        assert found.state.tolist() == state[mine].tolist()


@pytest.mark.django_db
@pytest.mark.parametrize("first", FORMS)
@pytest.mark.parametrize("second", FORMS)
def test_a_measurement_wins_its_moment_and_of_two_the_first(first: str, second: str) -> None:
    put((1, NOW, 9.0, FAR), (1, NOW + 1, 1.0, NORMAL), (1, NOW + 2, 1.0, NORMAL), (1, NOW + 3, 5.0, FAR))
    move(first)
    put((1, NOW, 2.0, NORMAL), (1, NOW + 1, 3.0, NORMAL), (1, NOW + 2, np.nan, NAN), (1, NOW + 3, 6.0, FUTURE))
    move(second)
    assert store.readings(1, start=NOW, end=NOW + 9, valid_only=False) == [
        (NOW, 2.0, NORMAL), (NOW + 1, 1.0, NORMAL), (NOW + 2, 1.0, NORMAL), (NOW + 3, 5.0, FAR),
    ]  # fmt: skip
    assert store.count() == {Ledger.NORMAL: 3, Ledger.OUT_OF_RANGE: 1}


@pytest.mark.django_db
@pytest.mark.parametrize("form", FORMS)
def test_a_range_is_of_one_series_up_to_and_without_its_end(form: str) -> None:
    put(*((s, NOW + m * MINUTE, float(m), NORMAL) for s in (1, 2) for m in range(3000)))
    move(form)
    assert [r[1] for r in store.readings(2, start=NOW + MINUTE, end=NOW + 4 * MINUTE)] == [1.0, 2.0, 3.0]
    assert len(store.readings(2, start=NOW, end=NOW + 9 * DAY, limit=7)) == 7
    assert store.readings(3, start=0, end=2**61) == []
    assert store.readings(2, start=NOW + DAY, end=NOW) == []


@pytest.mark.django_db
@pytest.mark.parametrize("form", FORMS)
def test_the_latest_measurements_are_found_past_what_is_none(form: str) -> None:
    put((1, NOW, 1.0, NORMAL), (1, NOW + 5 * DAY, 2.0, NORMAL), (2, NOW, 7.0, NORMAL))
    put(*((1, NOW + 9 * DAY + m, np.nan, NAN) for m in range(50)))
    move(form)
    assert store.latest([1, 2, 3]) == {1: [(NOW + 5 * DAY, 2.0, NORMAL)], 2: [(NOW, 7.0, NORMAL)], 3: []}
    assert [value for _, value, _ in store.latest([1], count=5)[1]] == [1.0, 2.0]
    assert store.latest([1], since=NOW + 6 * DAY) == {1: []}


@pytest.mark.django_db
@pytest.mark.parametrize("form", FORMS)
def test_known_are_moments_with_a_measurement_only(form: str) -> None:
    put((1, NOW, 1.0, NORMAL), (1, NOW + 1, np.nan, NAN), (2, NOW + 2, 1.0, int(Ledger.LATE)))
    move(form)
    series, time = np.array([2, 1, 1, 1, 9]), np.array([NOW + 2, NOW, NOW + 1, NOW + 2, NOW])
    assert store.known(series, time).tolist() == [True, True, False, False, False]


@pytest.mark.django_db
@pytest.mark.parametrize("form", FORMS)
def test_an_envelope_keeps_the_peaks_of_a_long_range(form: str) -> None:
    value = np.sin(np.arange(20_000) / 300)
    value[[12_345, 17_000]] = 9.5, -9.5
    store.append(np.full(20_000, 4), NOW + np.arange(20_000) * MINUTE, value, np.zeros(20_000, np.uint8))
    move(form)
    buckets = store.envelopes([4, 5], start=NOW, end=NOW + 20_000 * MINUTE, buckets=50)
    assert (len(buckets[4]), buckets[5]) == (50, [])
    assert max((b.high, b.high_time) for b in buckets[4]) == (9.5, NOW + 12_345 * MINUTE)
    assert min((b.low, b.low_time) for b in buckets[4]) == (-9.5, NOW + 17_000 * MINUTE)
    assert sum(b.number for b in buckets[4]) == 20_000


@pytest.mark.django_db
def test_moments_of_broken_clocks_are_kept() -> None:
    times = [-(2**61), 0, 2**61]
    put(*((1, time, 1.0, FUTURE) for time in times))
    move("files")
    assert [r[0] for r in store.readings(1, start=-(2**61), end=2**61 + 1, valid_only=False)] == times


@pytest.mark.django_db
def test_the_log_is_told_in_order_and_kept_as_far_as_a_checkpoint_needs_it() -> None:
    places = [put((k, NOW, float(k), NORMAL)) for k in range(1, 5)]
    assert (places == sorted(places), store.log_head()) == (True, places[-1])
    assert store.tend(keep_after=places[0]).rows == 1
    assert store.tend(keep_after=places[2]).rows == 2
    assert [row.position for row in store.log_after(places[0])] == [places[3]]
    assert store.tend().rows == 1
    assert (list(store.log_after(0)), store.log_head()) == ([], places[-1])
    assert store.count() == {Ledger.NORMAL: 4}


@pytest.mark.django_db
def test_packing_waits_for_enough_or_for_long_enough() -> None:
    put((1, NOW, 1.0, NORMAL))
    now = now_ms()
    assert not store.due(now=now, least=2, minutes=10)
    assert store.due(now=now, least=1, minutes=10)
    assert store.due(now=now + 11 * MINUTE, least=2, minutes=10)


@pytest.mark.django_db
def test_what_comes_late_for_an_aged_month_joins_its_file(files: Path) -> None:
    put((1, NOW, 1.0, NORMAL))
    move("files")
    put((1, NOW - 5, 2.0, NORMAL), (2, NOW, 3.0, NORMAL))
    move("files")
    assert held() == {"log": 0, "chunks": 0, "files": 3}
    assert len(list(files.glob("*/*.parquet"))) == 1
    assert [r[1] for r in store.readings(1, start=0, end=2**61)] == [2.0, 1.0]


@pytest.mark.django_db
def test_a_month_that_is_not_over_stays_in_the_database() -> None:
    put((1, NOW, 1.0, NORMAL), (1, NOW - 40 * DAY, 1.0, NORMAL))
    store.tend()
    store.age(before=NOW)
    assert held() == {"log": 0, "chunks": 1, "files": 1}


@pytest.mark.django_db
def test_no_readings_and_columns_of_unlike_length_are_refused() -> None:
    none = np.empty(0)
    with pytest.raises(ValueError, match="without readings"):
        store.append(none, none, none, none)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="columns of"):
        store.append(np.array([1, 2]), np.array([1]), np.array([1.0]), np.array([0], np.uint8))


@pytest.mark.usefixtures("shared_db")
def test_the_head_in_memory_is_what_the_database_holds() -> None:
    def times() -> list[int]:
        return [r[0] for r in store.readings(1, start=0, end=2**61)]

    for k in range(40):
        put((1, NOW + k, 1.0, NORMAL), (2, NOW + k, 2.0, NORMAL))
        assert times() == list(range(NOW, NOW + k + 1))
    assert (HEAD.view().newest, len(HEAD.view().runs) <= 6) == (store.log_head(), True)
    with transaction.atomic():
        put((1, NOW + 40, 1.0, NORMAL))
        assert len(times()) == 41
        transaction.set_rollback(True)
    assert len(times()) == 40
    store.tend(keep_after=store.log_head() - 20)
    assert times() == list(range(NOW, NOW + 40))
    with connection.cursor() as cursor:
        cursor.execute("truncate monitoring_readinglog")
    assert times() == list(range(NOW, NOW + 20))
