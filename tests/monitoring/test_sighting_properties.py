"""What holds of sightings whatever is claimed, tried or counted."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from anlan.kit.flow import IllegalStep
from anlan.monitoring.video.claims import ClaimRefused, box_of, claim_of
from anlan.monitoring.video.rates import wilson
from anlan.monitoring.video_flow import SIGHTING, SightingState, SightingStep


@given(st.lists(st.sampled_from(list(SightingStep)), max_size=8))
def test_whatever_is_tried_a_confirmed_sighting_stays_confirmed(steps: list[SightingStep]) -> None:
    state = SightingState.NEW
    for step in steps:
        before = state
        try:
            state = SIGHTING.after(state, step)
        except IllegalStep:
            state = before
        assert before != SightingState.CONFIRMED or state == SightingState.CONFIRMED


@given(
    st.dictionaries(
        st.text(max_size=12), st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.lists(st.floats()))
    )
)
def test_no_object_whatever_breaks_the_reading_of_claims(values: dict[str, Any]) -> None:
    try:
        taken = claim_of({"id": "1", "kind": "fire", "time": 1, "algorithm": "x", **values}, sender="ai:x")
    except ClaimRefused:
        return
    assert taken.event_id


@given(st.lists(st.floats(), min_size=4, max_size=4))
def test_a_box_that_is_taken_lies_inside_the_picture(numbers: list[float]) -> None:
    try:
        box = box_of(numbers)
    except ClaimRefused:
        return
    assert box is not None
    left, top, width, height = box
    assert 0 <= left < left + width <= 1 + 1e-9
    assert 0 <= top < top + height <= 1 + 1e-9


def test_the_interval_of_a_rate_is_wilsons() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == 1


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_rate(numbers: tuple[int, int]) -> None:
    low, high = wilson(*numbers)
    assert 0 <= low <= numbers[0] / numbers[1] <= high <= 1
