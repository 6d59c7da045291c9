"""Rules that hold on workdays or holidays: by the holidays table, live, in a rehearsal and on the pages."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client

from anlan.accounts.models import Area, User
from anlan.kit.flow import IllegalStep
from anlan.monitoring.holidays import calendar_in_force, calendar_text
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, CalendarDay, Device, RuleProposal, Series, ThresholdRule
from anlan.monitoring.models.rule_kernel import kernel_rule
from anlan.monitoring.rehearsal.replay import episodes
from anlan.monitoring.rehearsal.run import governed
from anlan.monitoring.rehearsal.services import (
    proposal_make,
    proposal_sign,
    rehearsal_ask,
    rehearsal_do,
    rehearsal_see,
)
from anlan.monitoring.rule_words import lines_of, spans_text
from anlan.monitoring.rulebook import rulebook
from anlan.rules import Span
from anlan.rules.schedule import HOLIDAY, MOST_DAYS, WEEKEND, WORKDAY

from .frames import frame

pytestmark = pytest.mark.django_db
Maker = Callable[..., Device]
THURSDAY, SUNDAY = date(2026, 10, 1), date(2026, 9, 27)
EMPTY = "节假日表还是空的"


def ms(day: date) -> int:
    """Noon in Beijing."""
    return int(datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp() * 1000)


def entered(day: date, kind: str) -> None:
    CalendarDay.objects.create(day=day, kind=kind, source="测")


@pytest.fixture
def rule(device: Maker) -> ThresholdRule:
    device()
    return ThresholdRule.objects.create(
        name="工作日水位", device_kind="level", key="22", source="测", red_raise=3, red_clear=2, spans=[{"days": "w"}]
    )


def raised_on(day: date) -> bool:
    """Whether a high reading at noon makes an alarm; then it is cleared again."""
    for k, value in enumerate((9.0, 1.0)):
        readings_store(batch=[frame([("22", ms(day) + k * 60_000, value)])], now=ms(day) + k * 60_000)
    return Alarm.objects.filter(raised_at__date=day).exists()


def test_an_empty_table_leaves_workdays_to_the_weekday(rule: ThresholdRule) -> None:
    assert not raised_on(SUNDAY)
    assert raised_on(THURSDAY)


def test_a_holiday_is_no_workday_and_a_worked_sunday_is_one(rule: ThresholdRule) -> None:
    entered(THURSDAY, "holiday")
    entered(SUNDAY, "workday")
    assert raised_on(SUNDAY)
    assert not raised_on(THURSDAY)


def test_a_day_that_is_entered_changed_or_deleted_counts_from_the_next_batch_on(rule: ThresholdRule) -> None:
    assert raised_on(THURSDAY)
    entered(THURSDAY + timedelta(days=7), "holiday")
    assert not raised_on(THURSDAY + timedelta(days=7))
    CalendarDay.objects.update(day=THURSDAY + timedelta(days=8))
    assert not raised_on(THURSDAY + timedelta(days=8))
    CalendarDay.objects.all().delete()
    assert raised_on(THURSDAY + timedelta(days=11))


def test_a_rehearsal_judges_by_the_same_table(rule: ThresholdRule) -> None:
    person = User.objects.create(username="x", role="duty", area=Area.objects.get(level="district"))
    changed = RuleProposal.objects.create(
        rule=rule, changes={"spans": [{"days": "h"}]}, base="", why="测", proposed_by=person
    )
    series = Series.objects.create(device=Device.objects.get(), key="22")
    entered(THURSDAY, "holiday")
    (one,) = governed(changed)
    time = np.array([ms(SUNDAY + timedelta(days=k)) for k in range(7)], np.int64)
    value = np.full(7, 9.0)
    days = {}
    for name, table in (("before", one.before), ("after", one.after)):
        found = episodes(table, series.pk, time, value, end=int(time[-1]))
        days[name] = [datetime.fromtimestamp(row.raised / 1000, UTC).date() for row in found]
    assert days == {"before": [SUNDAY + timedelta(days=1)], "after": [THURSDAY]}


@pytest.mark.parametrize("days", ["h", "6"])
def test_a_changed_table_asks_for_another_rehearsal_of_a_rule_that_goes_by_it(rule: ThresholdRule, days: str) -> None:
    district = Area.objects.get(level="district")
    one, two = (User.objects.create(username=name, role="commander", area=district) for name in ("one", "two"))
    wanted = ThresholdRule.objects.get()
    wanted.spans = [{"days": days}]
    proposal = proposal_make(rule=rule, wanted=wanted, why="测", by=one)
    rehearsal = rehearsal_ask(proposal=proposal, days=7, by=one)
    rehearsal_do(rehearsal_id=rehearsal.pk)
    rehearsal.refresh_from_db()
    for person in (one, two):
        rehearsal_see(rehearsal=rehearsal, by=person)
    entered(THURSDAY, "holiday")
    if days == "h":
        with pytest.raises(IllegalStep, match="节假日表有变,须重新预演"):
            proposal_sign(proposal=proposal, by=two)
    else:
        assert proposal_sign(proposal=proposal, by=two).spans == [{"days": "6"}]


def test_very_many_days_and_days_out_of_all_calendars_stop_no_rule(rule: ThresholdRule) -> None:
    for day in (date(1, 1, 1), date(1970, 1, 1), date(9999, 12, 31)):
        entered(day, "holiday")
    CalendarDay.objects.bulk_create(
        CalendarDay(day=THURSDAY - timedelta(days=k), kind="holiday", source="测") for k in range(2 * MOST_DAYS)
    )
    days = calendar_in_force()
    assert len(days) == MOST_DAYS
    assert days[-1][0] == (THURSDAY - date(1970, 1, 1)).days
    assert not raised_on(THURSDAY)


def test_a_rule_that_names_no_kind_of_day_asks_for_no_table(rule: ThresholdRule) -> None:
    ThresholdRule.objects.update(spans=[{"days": "12345"}])
    entered(THURSDAY, "holiday")
    assert rulebook().table["calendar_days"].tolist() == [0, 0]
    assert raised_on(THURSDAY)


def test_letters_become_kinds_and_sentences() -> None:
    row = ThresholdRule(name="测", device_kind="level", key="22", source="测", spans=[{"days": "6weh", "to": "08:00"}])
    made = kernel_rule(row).schedule
    assert made is not None
    assert made.spans == (Span(days=(6, WORKDAY, WEEKEND, HOLIDAY), end=480),)
    assert spans_text(row.spans) == ["周六、工作日、周末、节假日 00:00 至 08:00"]
    assert spans_text([{"days": "h"}]) == ["节假日 00:00 至 24:00"]


def test_the_text_says_whether_the_table_is_empty_lacks_the_year_or_holds_it(rule: ThresholdRule) -> None:
    assert EMPTY in calendar_text(ms(THURSDAY))
    entered(THURSDAY - timedelta(days=400), "holiday")
    assert "没有登记 2026 年" in calendar_text(ms(THURSDAY))
    entered(THURSDAY, "holiday")
    assert calendar_text(ms(THURSDAY)).endswith("2026 年已登记 1 天);今天是节假日")
    assert calendar_text(ms(SUNDAY)).endswith("今天是周末")


def test_the_pages_of_the_rule_the_series_and_the_device_say_by_what_its_days_go(
    rule: ThresholdRule, area: Area, client: Client
) -> None:
    series = Series.objects.create(device=Device.objects.get(), key="22")
    chief = User.objects.create(username="chief", role="commander", area=area)
    client.force_login(chief, backend="anlan.accounts.backends.RoleBackend")
    for address in (f"/rules/{rule.pk}/", f"/series/{series.pk}/", f"/devices/{series.device_id}/"):
        page = client.get(address).content.decode()
        assert "只在 工作日 00:00 至 24:00 触发" in page, address
        assert EMPTY in page, address
    ThresholdRule.objects.update(spans=[{"days": "12345"}])
    assert EMPTY not in client.get(f"/series/{series.pk}/").content.decode()
    assert not [line for line in lines_of(ThresholdRule.objects.get(), "") if "节假日" in line]


def test_a_person_proposes_a_rule_of_workdays_in_the_form(rule: ThresholdRule, area: Area, client: Client) -> None:
    chief = User.objects.create(username="chief", role="commander", area=area)
    client.force_login(chief, backend="anlan.accounts.backends.RoleBackend")
    page = client.get(f"/rules/{rule.pk}/change/")
    form = page.context["form"]
    assert form["span_0_days"].value() == ["w"]
    values = {name: form[name].value() for name in form.fields}
    body: dict[str, Any] = {name: one for name, one in values.items() if one or (one == 0 and one is not False)}
    body |= {"active": "on", "why": "节假日无人值守", "span_0_days": ["h", "6", "w"], "span_0_from": "20:00"}
    answer = client.post(f"/rules/{rule.pk}/change/", body)
    assert answer.status_code == 302, answer.context["form"].errors
    assert RuleProposal.objects.get().changes == {"spans": [{"days": "6wh", "from": "20:00"}]}
    assert "周六、工作日、节假日 20:00 至 24:00" in client.get(answer["Location"]).content.decode()
