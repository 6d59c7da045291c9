"""A planned silence: hidden and counted while it lasts, let out at its end, refused where it makes no sense."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from anlan.accounts.models import Area, User
from anlan.kit.models import Deadline
from anlan.monitoring.audit import alarms_audit
from anlan.monitoring.maintenance import WindowScope, window_end, windows_cancel, windows_plan
from anlan.monitoring.models import Device, MaintenanceWindow, Suppression
from anlan.monitoring.suppression import suppressed_devices
from anlan.registry.models import Facility

from .alarming import DeviceMaker, alarm_of, level_rule, pass_time, person, says, steps, told

pytestmark = pytest.mark.django_db
Jobs = Callable[[], int]
HOUR = timedelta(hours=1)


@pytest.fixture
def station(device: DeviceMaker) -> Device:
    level_rule()
    return device()


@pytest.fixture
def officer(area: Area) -> User:
    return person(area)


def plan(officer: User, *, start: float = -0.5, hours: float = 1, **more: Any) -> list[MaintenanceWindow]:
    start_at = timezone.now() + start * HOUR
    scope = more.pop("scope", None) or WindowScope(device=Device.objects.first())
    return windows_plan(
        scope=scope, starts_at=start_at, ends_at=start_at + hours * HOUR, reason="换电池", by=officer, **more
    )


def test_alarms_of_a_device_under_maintenance_are_hidden_and_counted(
    station: Device, officer: User, run_jobs: Jobs
) -> None:
    (window,) = plan(officer)
    says(5.5)
    alarm = alarm_of(station.code)
    run_jobs()
    assert (alarm.state, alarm.hidden_window, told(alarm)) == ("hidden", window, [])
    assert suppressed_devices() == {station.pk}


def test_at_the_end_what_is_still_active_comes_out_with_news(station: Device, officer: User, run_jobs: Jobs) -> None:
    (window,) = plan(officer)
    says(5.5)
    MaintenanceWindow.objects.update(made_at=timezone.now() - HOUR, ends_at=timezone.now())
    pass_time(run_jobs, minutes=31)
    alarm = alarm_of(station.code)
    assert (alarm.state, steps(alarm)[:3]) == ("active", ["raise", "hide", "release"])
    assert told(alarm) != []
    assert not Suppression.objects.exists()
    assert window.hides.count() == 1


def test_a_window_planned_ahead_begins_by_its_deadline(station: Device, officer: User, run_jobs: Jobs) -> None:
    plan(officer, start=1)
    assert suppressed_devices() == frozenset()
    now = timezone.now()
    MaintenanceWindow.objects.update(starts_at=now, ends_at=now + HOUR)
    pass_time(run_jobs, minutes=61)
    assert suppressed_devices() == {station.pk}


def test_a_window_of_a_facility_and_of_an_area_reach_their_devices(
    station: Device, officer: User, area: Area, device: DeviceMaker
) -> None:
    house = Facility.objects.create(name="泵站", area=area, kind="pump_station")
    street = Area.objects.create(code="440310001", name="坪山街道", level="street", parent=area)
    inside, outside = device("in", facility=house), device("street")
    Device.objects.filter(pk=outside.pk).update(area=street)
    (first,) = plan(officer, scope=WindowScope(facility=house))
    assert suppressed_devices() == {inside.pk}
    plan(officer, scope=WindowScope(area=street))
    assert suppressed_devices() == {inside.pk, outside.pk}
    windows_cancel(windows=[first], by=officer)
    assert suppressed_devices() == {outside.pk}


@pytest.mark.parametrize(
    ("start", "hours", "sentence"),
    [(3, -1, "晚于开始"), (1, 0, "晚于开始"), (-3, 1, "已经过去"), (0.25, 1, "已有维护安排")],
)
def test_a_window_that_makes_no_sense_is_refused_with_a_sentence(
    station: Device, officer: User, start: float, hours: float, sentence: str
) -> None:
    plan(officer)
    with pytest.raises(ValidationError, match=sentence):
        plan(officer, start=start, hours=hours)
    assert MaintenanceWindow.objects.count() == 1


def test_a_cancelled_window_makes_room_and_ends_at_once(station: Device, officer: User, run_jobs: Jobs) -> None:
    (window,) = plan(officer)
    says(5.5)
    assert windows_cancel(windows=[window], by=officer) == 1
    assert windows_cancel(windows=[window], by=officer) == 0
    assert alarm_of(station.code).state == "active"
    plan(officer)


def test_a_weekly_window_is_one_row_a_week_and_none_where_one_of_them_overlaps(station: Device, officer: User) -> None:
    until = timezone.localdate() + timedelta(days=1 + 21 + 2)
    rows = plan(officer, start=24, weekly_until=until)
    assert len(rows) == 4
    assert {(b.starts_at - a.starts_at).days for a, b in pairwise(rows)} == {7}
    assert len({row.batch for row in rows}) == 1
    with pytest.raises(ValidationError, match="已有维护安排"):
        plan(officer, start=24 * 8 + 0.5, hours=0.1)
    with pytest.raises(ValidationError, match="最多一年"):
        plan(officer, start=1000, weekly_until=timezone.localdate() + timedelta(days=2000))


def test_who_only_reads_plans_nothing(station: Device, area: Area) -> None:
    with pytest.raises(PermissionDenied):
        plan(person(area, "leader"))


def test_a_window_whose_deadline_was_lost_is_ended_by_the_audit(station: Device, officer: User) -> None:
    plan(officer)
    says(5.5)
    Deadline.objects.filter(kind__startswith="maintenance").delete()
    later = timezone.now() + HOUR
    MaintenanceWindow.objects.update(
        made_at=timezone.now() - 3 * HOUR, starts_at=timezone.now() - 2 * HOUR, ends_at=timezone.now() - HOUR
    )
    assert alarms_audit(now=later).mended >= 1
    assert alarm_of(station.code).state == "active"


def test_ending_a_window_early_by_a_stray_deadline_does_nothing(station: Device, officer: User) -> None:
    (window,) = plan(officer)
    assert window_end(window_id=window.pk) == []
    assert suppressed_devices() == {station.pk}
