"""The clock jumps, or the worker stands still for a shift: no storm of past reminders, and nothing is forgotten."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from anlan.accounts.models import Area, User
from anlan.kit.deadlines import deadlines_sweep
from anlan.kit.models import Deadline, Notice
from anlan.monitoring.audit import alarms_audit
from anlan.monitoring.clocks import CHAIN, REPEAT
from anlan.monitoring.models import Alarm, AlarmFinding
from anlan.monitoring.services import alarm_shelve

from .alarming import DeviceMaker, level_rule, on_shift, person, says

pytestmark = pytest.mark.django_db
Jobs = Callable[[], int]
CODES = [f"{n:010}" for n in range(4)]


@pytest.fixture
def officer(area: Area) -> User:
    """On duty, with a leader and a chief above, for two days around now."""
    for role, name in (("shift_leader", "带班"), ("bureau_leader", "局长")):
        shift = on_shift(person(area, "leader", name), role, hours=48)
        type(shift).objects.filter(pk=shift.pk).update(starts_at=shift.starts_at - timedelta(hours=48))
    found = person(area)
    shift = on_shift(found, hours=48)
    type(shift).objects.filter(pk=shift.pk).update(starts_at=shift.starts_at - timedelta(hours=48))
    return found


@pytest.fixture
def alarms(device: DeviceMaker, officer: User, run_jobs: Jobs) -> list[Alarm]:
    """Four red ones, told once; the last one lies on the shelf."""
    level_rule()
    for code in CODES:
        device(code)
        says(5.5, code=code)
    run_jobs()
    found = list(Alarm.objects.order_by("pk"))
    alarm_shelve(alarm=found[-1], by=officer, minutes=60, reason="检修")
    return found


def go_by(span: timedelta) -> None:
    """All that was written becomes older by so much; younger where the clock was set back."""
    Deadline.objects.update(due_at=F("due_at") - span)
    times = ("raised_at", "arrived_at", "announced_at", "shelved_until")
    Alarm.objects.update(**{name: F(name) - span for name in times})
    AlarmFinding.objects.update(first_at=F("first_at") - span, last_at=F("last_at") - span)


def settle(run_jobs: Jobs) -> int:
    """What a worker does on waking: sweeps until nothing is due; gives how many notices came of it."""
    about = Notice.objects.filter(about="monitoring.alarm")
    before = about.count()
    for _ in range(5):
        deadlines_sweep()
        run_jobs()
    return about.count() - before


@pytest.mark.parametrize(
    "span", [timedelta(days=1), timedelta(hours=8)], ids=["forward a day", "a shift without worker"]
)
def test_after_a_gap_each_alarm_takes_one_step_and_the_next_is_in_the_future(
    alarms: list[Alarm], run_jobs: Jobs, span: timedelta
) -> None:
    go_by(span)
    told = settle(run_jobs)
    assert 0 < told <= 4 * 3
    due = Deadline.objects.filter(kind__in=(REPEAT, CHAIN), subject="monitoring.alarm", met_at=None)
    assert {row.subject_id for row in due} == {alarm.pk for alarm in alarms}
    assert all(row.due_at > timezone.now() for row in due if row.passed_at is None)
    assert {alarm.state for alarm in Alarm.objects.all()} == {"active"}
    run = alarms_audit()
    assert (run.mended, run.reported) == (0, 0)
    assert settle(run_jobs) == 0


def test_after_a_clock_set_back_an_hour_nobody_waits_for_it_to_catch_up(alarms: list[Alarm], run_jobs: Jobs) -> None:
    go_by(-timedelta(hours=1))
    assert settle(run_jobs) == 0
    assert alarms_audit().mended == 6
    told = settle(run_jobs)
    assert 3 <= told <= 3 * 3
    for row in Deadline.objects.filter(kind=REPEAT, met_at=None):
        assert timezone.now() < row.due_at < timezone.now() + timedelta(minutes=6)
    run = alarms_audit()
    assert (run.mended, run.reported) == (0, 0)
    assert settle(run_jobs) == 0


def test_nothing_moves_without_a_jump(alarms: list[Alarm], run_jobs: Jobs) -> None:
    assert settle(run_jobs) == 0
    run = alarms_audit(now=timezone.now() + timedelta(minutes=3))
    assert (run.checked, run.mended, run.reported) == (4, 0, 0)
