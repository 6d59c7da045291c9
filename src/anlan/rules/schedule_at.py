"""Moments against the schedule of a rule (RULE_ROW), compiled."""

from typing import Any

from anlan.rules.compiled import apart, compiled
from anlan.rules.schedule import BEIJING, DAY_MINUTES, FIRST_DAY

LAST = 2**63 - 1
MINUTE = 60_000
AHEAD = BEIJING // MINUTE
FARTHEST = 8 * 366 + 2
"""Days after which a day of the year has surely come: a 29 February may be eight years away."""


@compiled
def elapsed(time: int, since: int) -> int:
    """ms from one moment to a later one; what is more than an integer holds is the most that it holds."""
    took = time - since
    return took if took >= 0 else LAST


@compiled
def _place_of(day: int) -> int:
    """The place in the year of a day counted from 1970-01-01; the civil calendar from days, H. Hinnant 2013."""
    shifted = day + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted_month = (5 * of_year + 2) // 153
    day_of_month = of_year - (153 * shifted_month + 2) // 5
    month = shifted_month + 2 if shifted_month < 10 else shifted_month - 10
    return month * 31 + day_of_month


@compiled
def _in_season(first: int, last: int, day: int) -> bool:
    place = _place_of(day)
    return first <= place <= last if first <= last else place >= first or place <= last


@apart
def _kind_of(rule: Any, day: int) -> int:
    """0 for a workday, 1 for a weekend, 2 for a holiday: by the rule's calendar, else by the weekday."""
    low, high = 0, int(rule.calendar_days)
    while low < high:
        middle = (low + high) // 2
        if (rule.calendar[middle] >> 1) + FIRST_DAY < day:
            low = middle + 1
        else:
            high = middle
    if low < rule.calendar_days and (rule.calendar[low] >> 1) + FIRST_DAY == day:
        return 2 * (rule.calendar[low] & 1)
    return 1 if (day + 3) % 7 >= 5 else 0


@compiled
def _begins(rule: Any, k: int, day: int) -> bool:
    """Whether span `k` begins on the day."""
    named = rule.span_days[k] >> (day + 3) % 7 & 1
    if not named and not (rule.span_kinds[k] and rule.span_kinds[k] >> _kind_of(rule, day) & 1):
        return False
    return not rule.seasons >> k & 1 or _in_season(rule.span_season[k, 0], rule.span_season[k, 1], day)


@compiled
def _in_span(rule: Any, k: int, day: int, of_day: int) -> bool:
    start = int(rule.span_start[k])
    end = start + int(rule.span_length[k])
    today = start <= of_day < end and _begins(rule, k, day)
    return today or (of_day + DAY_MINUTES < end and _begins(rule, k, day - 1))


@apart
def _holds(rule: Any, minute: int) -> bool:
    """Whether a minute of Beijing time, counted from 1970-01-01, lies in the schedule."""
    day = minute // DAY_MINUTES
    inside = rule.spans == 0
    for k in range(rule.spans):
        inside = inside or _in_span(rule, k, day, minute - day * DAY_MINUTES)
    return inside and _in_season(rule.season[0], rule.season[1], day)


@compiled
def may_raise(rule: Any, time: int) -> bool:
    """Whether the moment lies in the rule's schedule."""
    return not rule.scheduled or _holds(rule, time // MINUTE + AHEAD)


@apart
def may_raise_within(rule: Any, first: int, last: int) -> bool:
    """Whether any moment from `first` to `last` ms, both included, lies in it: the first one, a midnight or the start
    of a span.
    """
    if first > last or may_raise(rule, first):
        return first <= last
    begin, end = first // MINUTE + AHEAD, last // MINUTE + AHEAD
    today = begin // DAY_MINUTES
    for day in range(today, min(end // DAY_MINUTES, today + FARTHEST) + 1):
        for k in range(-1, rule.spans):
            minute = day * DAY_MINUTES + (int(rule.span_start[k]) if k >= 0 else 0)
            if begin < minute <= end and _holds(rule, minute):
                return True
    return False
