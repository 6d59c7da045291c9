"""Whether a moment lies in the schedule of a rule (RULE_ROW), compiled."""

from typing import Any

from anlan.rules.compiled import compiled
from anlan.rules.schedule import BEIJING, DAY_MINUTES


@compiled
def _in_season(rule: Any, day: int) -> bool:
    """Whether the day, counted from 1970-01-01, lies in the season; the civil calendar from days, H. Hinnant 2013."""
    shifted = day + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted_month = (5 * of_year + 2) // 153
    day_of_month = of_year - (153 * shifted_month + 2) // 5
    month = shifted_month + 2 if shifted_month < 10 else shifted_month - 10
    place, first, last = month * 31 + day_of_month, rule.season[0], rule.season[1]
    return first <= place <= last if first <= last else place >= first or place <= last


@compiled
def may_raise(rule: Any, time: int) -> bool:
    """Whether the moment lies in the rule's schedule."""
    if not rule.scheduled:
        return True
    minute = (time + BEIJING) // 60_000
    day = minute // DAY_MINUTES
    of_day = minute - day * DAY_MINUTES
    weekday = (day + 3) % 7
    inside = rule.spans == 0
    for k in range(rule.spans):
        start, length = int(rule.span_start[k]), int(rule.span_length[k])
        today = rule.span_days[k] >> weekday & 1 and start <= of_day < start + length
        yesterday = rule.span_days[k] >> (weekday + 6) % 7 & 1 and of_day + DAY_MINUTES < start + length
        inside = inside or today or yesterday
    return inside and _in_season(rule, day)
