"""Days that are not what their weekday says: public holidays, and weekends on which people work."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from anlan.rules.declaration import Rule
from anlan.rules.parts import RuleError
from anlan.rules.rulewords import RulesFileError, an_object, known
from anlan.rules.schedule import Calendar, Schedule

EPOCH = date(1970, 1, 1)
WORDS = {"holidays": True, "workdays": False}


def calendar_of(holidays: Iterable[date], workdays: Iterable[date]) -> Calendar:
    """In order of days; a day in both is a workday."""
    days = dict.fromkeys(holidays, True) | dict.fromkeys(workdays, False)
    return tuple(sorted(((day - EPOCH).days, is_holiday) for day, is_holiday in days.items()))


def dated(rule: Rule, calendar: Calendar) -> Rule:
    """The rule by this calendar; the same where its schedule asks for no kind of day. RuleError "calendar"."""
    if rule.schedule is None or not rule.schedule.by_kind:
        return rule
    return replace(rule, schedule=replace(rule.schedule, calendar=calendar))


def read_calendar(told: Any) -> Calendar:
    """Of a rules file: {"holidays": ["2026-10-01", …], "workdays": […]}. Raises RulesFileError."""
    known(an_object(told, "calendar"), tuple(WORDS), "calendar")
    days = {word: _days(told, word) for word in WORDS}
    if both := set(days["holidays"]) & set(days["workdays"]):
        raise RulesFileError("calendar", f"{min(both)} is both a holiday and a workday")
    try:
        return Schedule(calendar=calendar_of(**days)).calendar
    except RuleError as error:
        raise RulesFileError("calendar", str(error)) from None


def _days(told: Mapping[str, Any], word: str) -> list[date]:
    where, days = f"calendar.{word}", told.get(word)
    if not isinstance(days, list | None):
        raise RulesFileError(where, 'is a list of days such as "2026-10-01"')
    return [_day(one, where) for one in days or []]


def _day(told: Any, where: str) -> date:
    try:
        return date.fromisoformat(told)
    except (TypeError, ValueError):
        raise RulesFileError(where, f'{told!r:.60} is no day such as "2026-10-01"') from None
