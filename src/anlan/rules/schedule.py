"""When a rule may raise: spans of the week, of workdays and holidays, and a season of the year, in Beijing time."""

from dataclasses import dataclass

from anlan.rules.parts import RuleError

BEIJING = 8 * 3_600_000
"""ms that Beijing time is ahead of UTC; it knows no summer time."""
DAY_MINUTES = 1_440
MOST_SPANS = 8
WORKDAY, WEEKEND, HOLIDAY = 8, 9, 10
"""Kinds of day beside the weekdays 1 to 7: by the calendar, and by the weekday where it does not name the day."""
DAYS_OF = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


Season = tuple[tuple[int, int], tuple[int, int]]
"""The first and the last day as (month, day), both included; it may go over the turn of the year."""
Calendar = tuple[tuple[int, bool], ...]
"""Days since 1970 that are not what their weekday says, ascending: a holiday, or else a workday."""
FIRST_DAY, LAST_DAY, MOST_DAYS = 10_957, 10_957 + 32_767, 128
"""What a calendar may hold: 2000 to 2089, some three years of days."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Minutes `start` (included) to `end` (excluded) of the named days, 1 Monday to 7 Sunday or WORKDAY, WEEKEND,
    HOLIDAY, in its season. A weekday by number is that day whatever the calendar says.

    An end at or before the start lies on the next day: 1320 to 360 is from 22:00 to 06:00. It belongs to the day on
    which it begins, so that the night of a season's last day is whole. Raises RuleError "schedule" or "season".
    """

    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    start: int = 0
    end: int = DAY_MINUTES
    season: Season | None = None

    def __post_init__(self) -> None:
        if not self.days or not set(self.days) <= set(range(1, HOLIDAY + 1)):
            raise RuleError("schedule", f"days are 1 (Monday) to 7 (Sunday) or a kind of day, not {self.days}")
        if not (0 <= self.start < DAY_MINUTES and 0 < self.end <= DAY_MINUTES):
            raise RuleError("schedule", f"minutes {self.start} to {self.end} are not in a day")
        _check_season(self.season)

    @property
    def length(self) -> int:
        """Its minutes on each of its days."""
        return self.end - self.start + (DAY_MINUTES if self.end <= self.start else 0)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Outside of it nothing is raised; what is raised stays until it is cleared.

    It is what lies in any of the spans (none is every minute), on a day of the season. Raises RuleError "spans",
    "season" or "calendar".
    """

    spans: tuple[Span, ...] = ()
    season: Season | None = None
    calendar: Calendar = ()

    def __post_init__(self) -> None:
        if len(self.spans) > MOST_SPANS:
            raise RuleError("spans", f"at most {MOST_SPANS} spans, not {len(self.spans)}")
        _check_season(self.season)
        _check_calendar(self.calendar)

    @property
    def by_kind(self) -> bool:
        """Whether any span asks for workdays, weekends or holidays."""
        return any(day >= WORKDAY for span in self.spans for day in span.days)


def _check_season(season: Season | None) -> None:
    for month, day in season or ():
        if not (1 <= month <= 12 and 1 <= day <= DAYS_OF[month - 1]):
            raise RuleError("season", f"there is no day {day} of month {month}")


def _check_calendar(calendar: Calendar) -> None:
    days = [day for day, _ in calendar]
    if len(days) > MOST_DAYS or sorted(set(days)) != days:
        raise RuleError("calendar", f"a calendar is at most {MOST_DAYS} days in order, not {len(days)}")
    if days and not FIRST_DAY <= days[0] <= days[-1] <= LAST_DAY:
        raise RuleError("calendar", "a calendar's days are from 2000 to 2089")


def places_of(season: Season | None) -> tuple[int, int]:
    """The first and last day of a season, or of the year, as (month - 1) * 31 + day - 1."""
    first, last = season or ((1, 1), (12, 31))
    return (first[0] - 1) * 31 + first[1] - 1, (last[0] - 1) * 31 + last[1] - 1
