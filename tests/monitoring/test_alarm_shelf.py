"""Shelving is of one alarm; at a person's wish of all that a metric does, until the same end."""

from collections.abc import Callable

import pytest
from django.test import Client

from anlan.accounts.models import Area, User
from anlan.monitoring.audit import alarms_audit
from anlan.monitoring.forecasting.alarms import forecast_raise
from anlan.monitoring.models import Alarm, Series
from anlan.monitoring.moments import now_ms
from anlan.monitoring.services import alarm_shelve, alarm_unshelve

from .alarming import DeviceMaker, alarm_of, level_rule, pass_time, person, says, steps, told

pytestmark = pytest.mark.django_db
Jobs = Callable[[], int]
FORECAST = Alarm.Kind.FORECAST


@pytest.fixture
def officer(area: Area) -> User:
    return person(area)


@pytest.fixture
def alarm(device: DeviceMaker, run_jobs: Jobs) -> Alarm:
    device()
    level_rule()
    says(4.2)
    run_jobs()
    return alarm_of("0011223344")


def forecast(level: int) -> Alarm:
    forecast_raise(series_id=Series.objects.get().pk, level=level, value=5.0, now=now_ms())
    return alarm_of("0011223344", FORECAST)


def test_one_shelved_alarm_leaves_another_of_its_metric_in_the_list(alarm: Alarm, officer: User) -> None:
    alarm_shelve(alarm=alarm, by=officer, minutes=60, reason="检修")
    assert forecast(2).state == "active"


def test_a_whole_metric_takes_along_what_stands_and_what_comes(alarm: Alarm, officer: User, run_jobs: Jobs) -> None:
    standing = forecast(2)
    alarm_shelve(alarm=alarm, by=officer, minutes=60, reason="检修", whole=True)
    standing.refresh_from_db()
    assert standing.state == "shelved"
    forecast_raise(series_id=alarm.series_id, level=0, value=5.0, now=now_ms())
    fresh = forecast(1)
    run_jobs()
    assert (fresh.state, fresh.announced_at, told(fresh)) == ("shelved", None, [])
    assert steps(fresh) == ["raise", "shelve"]
    assert not Alarm.objects.standing().exists()
    assert alarms_audit().mended == 0


def test_what_came_on_the_shelf_is_told_at_its_end(alarm: Alarm, officer: User, run_jobs: Jobs) -> None:
    alarm_shelve(alarm=alarm, by=officer, minutes=60, reason="检修", whole=True)
    fresh = forecast(1)
    alarm_unshelve(alarm=alarm, by=officer)
    fresh.refresh_from_db()
    assert (fresh.state, fresh.shelf_whole) == ("active", False)
    pass_time(run_jobs)
    assert told(fresh) != []


def test_a_worse_one_of_the_metric_is_told_at_once(alarm: Alarm, officer: User, run_jobs: Jobs) -> None:
    alarm_shelve(alarm=alarm, by=officer, minutes=60, reason="检修", whole=True)
    fresh = forecast(3)
    run_jobs()
    assert fresh.state == "active"
    assert told(fresh) != []


def test_one_that_grows_worse_on_the_shelf_comes_off_and_is_told(alarm: Alarm, officer: User, run_jobs: Jobs) -> None:
    alarm_shelve(alarm=alarm, by=officer, minutes=60, reason="检修", whole=True)
    forecast(1)
    fresh = forecast(3)
    run_jobs()
    assert fresh.state == "active"
    assert told(fresh) != []


def test_the_form_asks_what_is_meant(alarm: Alarm, officer: User) -> None:
    other = forecast(2)
    client = Client()
    client.force_login(officer, backend="anlan.accounts.backends.RoleBackend")
    page = client.get(f"/alarms/{alarm.pk}/?step=shelve").content.decode()
    assert '<details id="shelve" open' in page
    assert "只搁置这一条报警" in page
    client.post(f"/alarms/{alarm.pk}/shelve/", {"minutes": 60, "reason": "检修", "whole": "1"})
    other.refresh_from_db()
    assert other.state == "shelved"
