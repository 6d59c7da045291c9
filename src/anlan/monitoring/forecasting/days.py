"""Which kind of day it is in Beijing: a workday, a weekend or a holiday, by the calendar that people keep."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.models import CalendarDay
from anlan.monitoring.moments import HOUR

DAY = 24 * HOUR
BEIJING = 8 * HOUR
KINDS = ("workday", "weekend", "holiday")
EPOCH = date(1970, 1, 1)
Calendar = Mapping[int, str]
"""Days since 1970 that are not what their weekday says → "holiday" or "workday"."""


def calendar() -> dict[int, str]:
    """All entered days; empty where nobody entered any."""
    return {(day - EPOCH).days: kind for day, kind in CalendarDay.objects.values_list("day", "kind")}


def day_of(time: int) -> int:
    return (time + BEIJING) // DAY


def kind_of(day: int, days: Calendar) -> str:
    """1970-01-01 was a Thursday."""
    return days.get(day) or ("weekend" if (day + 3) % 7 >= 5 else "workday")


def day_kind(time: int, days: Calendar) -> str:
    """Of a moment in ms."""
    return kind_of(day_of(time), days)


def kinds_of(day: NDArray[np.int64], days: Calendar) -> NDArray[np.int64]:
    """The place in `KINDS` of each day."""
    each, where = np.unique(day, return_inverse=True)
    return np.array([KINDS.index(kind_of(int(one), days)) for one in each], np.int64)[where]


def knows_year(time: int, days: Calendar) -> bool:
    """Whether any day of that moment's year was entered."""
    year = (EPOCH + timedelta(days=day_of(time))).year
    return any((EPOCH + timedelta(days=day)).year == year for day in days)
