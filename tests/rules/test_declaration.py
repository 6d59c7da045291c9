from dataclasses import FrozenInstanceError
from math import inf, nan
from typing import Any

import pytest

from anlan.rules import Level, Rule, RuleError, Threshold

AT_1 = Threshold(raise_at=1, clear_at=0)
AT_2 = Threshold(raise_at=2, clear_at=1)

CONTRADICTIONS: list[tuple[str, dict[str, Any]]] = [
    ("hysteresis", {"red": Threshold(raise_at=1, clear_at=2)}),
    ("hysteresis", {"red": Threshold(raise_at=2, clear_at=1), "direction": "below"}),
    ("order", {"blue": AT_2, "red": AT_1}),
    ("order", {"blue": AT_1, "yellow": AT_1}),
    ("order", {"blue": Threshold(raise_at=1, clear_at=0.9), "red": Threshold(raise_at=2, clear_at=0.5)}),
    ("finite", {"red": Threshold(raise_at=inf, clear_at=0)}),
    ("finite", {"red": Threshold(raise_at=1, clear_at=nan)}),
    ("range", {"low": 1, "high": 0}),
    ("range", {"low": nan}),
    ("samples", {"samples": 0}),
    ("samples", {"samples": 2**31}),
    ("rate_limit", {"rate_limit": -1}),
    ("rate_limit", {"rate_limit": nan}),
    ("rate_level", {"rate_limit": 1, "rate_level": Level.NONE}),
    ("no_data_after", {"no_data_after": -1}),
    ("no_data_level", {"no_data_after": 1, "no_data_level": Level.NONE}),
    ("direction", {"direction": "sideways"}),
]


@pytest.mark.parametrize(("code", "fields"), CONTRADICTIONS)
def test_a_rule_that_contradicts_itself_is_refused_with_its_reason(code: str, fields: dict[str, Any]) -> None:
    with pytest.raises(RuleError) as refusal:
        Rule(**fields)
    assert refusal.value.code == code


def test_a_refusal_is_a_value_error_that_names_the_level() -> None:
    with pytest.raises(ValueError, match="red must lie beyond blue: raised at 1 and 2") as refusal:
        Rule(blue=AT_2, red=AT_1)
    assert isinstance(refusal.value, RuleError)
    assert refusal.value.level == Level.RED


def test_levels_may_be_left_out_and_share_a_clearing_value() -> None:
    rule = Rule(blue=AT_1, red=Threshold(raise_at=2, clear_at=0))
    assert [level for level, _ in rule.thresholds()] == [Level.BLUE, Level.RED]


def test_a_threshold_may_clear_where_it_is_raised() -> None:
    assert Rule(red=Threshold(raise_at=1, clear_at=1)).red == Threshold(raise_at=1, clear_at=1)


def test_levels_of_a_falling_value_are_ordered_downwards() -> None:
    rule = Rule(direction="below", blue=Threshold(raise_at=0, clear_at=1), red=Threshold(raise_at=-5, clear_at=-4))
    assert rule.sign == -1


def test_a_rule_is_frozen() -> None:
    rule = Rule()
    with pytest.raises(FrozenInstanceError):
        rule.samples = 2  # type: ignore[misc]
