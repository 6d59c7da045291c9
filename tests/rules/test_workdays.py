"""Schedules by workday, weekend and holiday: the kernel against a calendar read in plain Python."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.rules import RuleError, Schedule, Span
from anlan.rules.rows import row_of, rules_from_bytes
from anlan.rules.rulefile import read_rules
from anlan.rules.rulewords import RulesFileError
from anlan.rules.schedule import HOLIDAY, MOST_DAYS, WEEKEND, WORKDAY
from anlan.rules.schedule_at import may_raise
from anlan.rules.workdays import calendar_of

NATIONAL = [date(2026, 10, 1) + timedelta(days=k) for k in range(7)]
WORKED = [date(2026, 9, 27), date(2026, 10, 10)]
KINDS = {"workday": WORKDAY, "weekend": WEEKEND, "holiday": HOLIDAY}
MINUTE = 60_000


def ms(day: date, hour: int = 12, minute: int = 0) -> int:
    """Beijing time."""
    return int((datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)).timestamp() * 1000) - 8 * 3_600_000


def kind_of(day: date) -> str:
    if day in NATIONAL:
        return "holiday"
    return "workday" if day in WORKED or day.weekday() < 5 else "weekend"


def rules_of(*weekly: dict[str, Any], calendar: bool = True) -> Any:
    words: dict[str, Any] = {"high": {"raise": 1}, "schedule": {"weekly": list(weekly)}}
    if calendar:
        words["calendar"] = {"holidays": list(map(str, NATIONAL)), "workdays": list(map(str, WORKED))}
    return row_of(read_rules(json.dumps(words)).default[0])


@given(
    st.dates(date(2026, 9, 1), date(2026, 11, 1)),
    st.sets(st.sampled_from([*KINDS, *range(1, 8)]), min_size=1),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
@settings(max_examples=300, deadline=None)
def test_a_moment_lies_in_a_span_by_the_kind_of_the_day_on_which_the_span_begins(
    day: date, days: set[Any], minute: int, start: int, end: int
) -> None:
    clock = [f"{at // 60:02}:{at % 60:02}" for at in (start, end)]
    row = rules_of({"days": sorted(days, key=str), "from": clock[0], "to": clock[1]})

    def begins(on: date) -> bool:
        return kind_of(on) in days or on.isoweekday() in days

    today = start <= minute and (minute < end or end <= start) and begins(day)
    before = end <= start and minute < end and begins(day - timedelta(days=1))
    assert may_raise(row, ms(day, *divmod(minute, 60))) == (today or before)


def test_without_a_calendar_workdays_are_monday_to_friday_and_there_is_no_holiday() -> None:
    for day in (*NATIONAL, *WORKED):
        held = {kind: bool(may_raise(rules_of({"days": [kind]}, calendar=False), ms(day))) for kind in KINDS}
        assert held == {"workday": day.weekday() < 5, "weekend": day.weekday() >= 5, "holiday": False}


def test_a_rule_that_names_no_kind_of_day_is_the_same_row_whatever_the_calendar() -> None:
    by_number, by_kind = {"days": [1, 2, 3, 4, 5]}, {"days": ["workday"]}
    assert rules_of(by_number) == rules_of(by_number, calendar=False)
    assert rules_of(by_kind) != rules_of(by_kind, calendar=False)
    assert may_raise(rules_of(by_number), ms(date(2026, 10, 1)))


def test_a_row_of_an_earlier_release_knows_no_kinds_of_day() -> None:
    row = rules_of({"days": [1, 2]})
    short = row.tobytes()[: row.dtype.fields["span_kinds"][1]]
    assert rules_from_bytes(short * 2, 2)[1] == row


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"holidays": ["2026-13-01"]}, "calendar.holidays: '2026-13-01' is no day"),
        ({"holidays": "2026-10-01"}, "calendar.holidays: is a list"),
        ({"holidays": [20261001]}, "is no day such as"),
        ({"free": []}, "calendar.free: unknown"),
        ({"holidays": ["2026-10-10"], "workdays": ["2026-10-10"]}, "2026-10-10 is both"),
        ({"holidays": ["1999-12-31"]}, "from 2000 to 2089"),
        ({"holidays": [str(date(2026, 1, 1) + timedelta(days=k)) for k in range(MOST_DAYS + 1)]}, "at most 128 days"),
        ([], "calendar: is an object"),
        (0, "calendar: is an object"),
    ],
)
def test_a_calendar_that_is_none_is_refused_with_its_place(words: Any, reason: str) -> None:
    with pytest.raises(RulesFileError) as told:
        read_rules(json.dumps({"high": {"raise": 1}, "calendar": words}))
    assert reason in str(told.value)


@pytest.mark.parametrize("day", ["weekday", 8, 0, True, None])
def test_a_day_that_is_none_is_refused(day: Any) -> None:
    with pytest.raises(RulesFileError, match=r"weekly\.0"):
        read_rules(json.dumps({"schedule": {"weekly": [{"days": [day]}]}}))


def test_a_calendar_out_of_order_is_refused() -> None:
    days = calendar_of(NATIONAL, WORKED)
    assert Schedule(spans=(Span(days=(WORKDAY,)),), calendar=days).by_kind
    with pytest.raises(RuleError, match="in order"):
        Schedule(calendar=days[::-1])
