"""The holidays table as rules use it, and what a page says of it."""

from datetime import timedelta

from django.utils.translation import gettext as _

from anlan.monitoring.forecasting.days import EPOCH, calendar, day_kind, day_of
from anlan.monitoring.models import CalendarDay
from anlan.rules.schedule import FIRST_DAY, LAST_DAY, MOST_DAYS, Calendar
from anlan.rules.workdays import calendar_of


def calendar_in_force() -> Calendar:
    """The newest days of the table, as many as a rule can hold: some three years, a rehearsal looks back over one."""
    first, last = (EPOCH + timedelta(days=day) for day in (FIRST_DAY, LAST_DAY))
    rows = CalendarDay.objects.filter(day__range=(first, last)).order_by("-day").values_list("day", "kind")
    days = dict(rows[:MOST_DAYS])
    named = {kind: [day for day, one in days.items() if one == kind] for kind in CalendarDay.Kind.values}
    return calendar_of(named["holiday"], named["workday"])


def calendar_text(now: int) -> str:
    """By what the kinds of day of a rule go at this moment (ms), and what today is."""
    days = calendar()
    year = (EPOCH + timedelta(days=day_of(now))).year
    entered = sum((EPOCH + timedelta(days=day)).year == year for day in days)
    today = {"today": kind_words(day_kind(now, days)), "year": year, "count": entered}
    if not days:
        return _("节假日表还是空的:现在按周一至周五为工作日、周六周日为周末判断,没有节假日;今天是%(today)s") % today
    if not entered:
        return _("节假日表没有登记 %(year)d 年的日期:今年只按星期分工作日和周末;今天是%(today)s") % today
    return _("工作日、节假日按节假日表判断(%(year)d 年已登记 %(count)d 天);今天是%(today)s") % today


def kind_words(kind: str) -> str:
    return {"workday": _("工作日"), "weekend": _("周末"), "holiday": _("节假日")}[kind]
