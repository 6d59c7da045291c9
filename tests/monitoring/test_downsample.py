"""A line of fewer points keeps its order, its ends and its extremes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.monitoring.store import downsample

values = st.lists(
    st.one_of(st.floats(), st.integers(-5, 5).map(float), st.sampled_from([1.7e308, -1.7e308])), max_size=300
)


@given(values=values, points=st.integers(4, 60))
@settings(max_examples=300, deadline=None)
def test_extremes_ends_and_order_are_kept_and_the_number_is_respected(values: list[float], points: int) -> None:
    value = np.array(values, np.float64)
    time = np.arange(len(value), dtype=np.int64) ** 2
    found_time, found = downsample(time, value, points=points)
    finite = np.isfinite(value)
    assert len(found) == len(found_time) <= points
    assert (np.diff(found_time) > 0).all()
    assert np.isfinite(found).all()
    assert dict(zip(found_time, found, strict=True)).items() <= dict(zip(time, value, strict=True)).items()
    if finite.any():
        assert (found.min(), found.max()) == (value[finite].min(), value[finite].max())
        assert (found_time[0], found_time[-1]) == (time[finite][0], time[finite][-1])
    if finite.sum() <= points:
        assert found_time.tolist() == time[finite].tolist()


def test_a_step_and_a_spike_survive_where_every_tenth_point_would_lose_them() -> None:
    value = np.where(np.arange(10_000) < 5_003, 0.0, 1.0)
    value[7_777] = 9.0
    time, found = downsample(np.arange(10_000, dtype=np.int64), value, points=100)
    assert 7_777 in time
    assert {5_002, 5_003} & set(time.tolist())
    assert found.max() == 9.0


def test_fewer_than_four_points_are_no_line() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        downsample(np.arange(9, dtype=np.int64), np.zeros(9), points=3)
