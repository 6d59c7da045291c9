"""The grade by the table of 国务院令第493号 第三条; 以上 includes the number, 以下 does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.command.grades import grade_for

from .conftest import GRADES


def grade(deaths: int = 0, serious_injuries: int = 0, loss: float = 0, missing: int = 0) -> int:
    return grade_for(deaths=deaths, serious_injuries=serious_injuries, loss=loss, missing=missing, table=GRADES)


@pytest.mark.parametrize(("deaths", "expected"), [(0, 4), (2, 4), (3, 3), (9, 3), (10, 2), (29, 2), (30, 1), (300, 1)])
def test_deaths_grade_at_the_laws_boundaries(deaths: int, expected: int) -> None:
    assert grade(deaths=deaths) == expected


@pytest.mark.parametrize(("injured", "expected"), [(9, 4), (10, 3), (49, 3), (50, 2), (99, 2), (100, 1)])
def test_serious_injuries_grade_at_the_laws_boundaries(injured: int, expected: int) -> None:
    assert grade(serious_injuries=injured) == expected


@pytest.mark.parametrize(
    ("loss", "expected"),
    [(9_999_999, 4), (10_000_000, 3), (49_999_999, 3), (50_000_000, 2), (99_999_999, 2), (100_000_000, 1)],
)
def test_loss_grades_at_the_laws_boundaries(loss: int, expected: int) -> None:
    assert grade(loss=loss) == expected


def test_the_gravest_of_the_three_scales_counts() -> None:
    assert grade(deaths=3, serious_injuries=50, loss=0) == 2


def test_missing_people_count_as_dead_for_reporting() -> None:
    assert grade(deaths=1, missing=2) == 3


@pytest.mark.parametrize("wrong", [{"deaths": -1}, {"loss": float("nan")}, {"missing": -1, "deaths": 5}])
def test_a_number_that_is_none_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="from zero up"):
        grade(**wrong)


counts = st.integers(0, 400)


@given(counts, counts, st.integers(0, 300_000_000), counts, st.sampled_from(["deaths", "loss", "missing"]))
def test_more_harm_never_gives_a_lesser_grade(dead: int, hurt: int, loss: int, lost: int, scale: str) -> None:
    before = {"deaths": dead, "serious_injuries": hurt, "loss": loss, "missing": lost}
    after = before | {scale: before[scale] + 1}
    assert grade(**after) <= grade(**before)
