"""An alarm is told until a person has seen it, further up step by step, by the roster of the moment."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from anlan.accounts.models import Area
from anlan.kit.deadlines import deadlines_sweep
from anlan.kit.flow import IllegalStep
from anlan.kit.models import Deadline, Notice
from anlan.monitoring.escalation import alarms_repeat
from anlan.monitoring.models import Alarm, AlarmFinding, DutyShift, EscalationStep
from anlan.monitoring.moments import now_ms
from anlan.monitoring.services import alarm_acknowledge, alarm_hand_up, alarm_shelve, alarm_unshelve

from .alarming import DeviceMaker, alarm_of, level_rule, on_shift, pass_time, person, says, steps, told

pytestmark = pytest.mark.django_db
Jobs = Callable[[], int]


@pytest.fixture
def red(device: DeviceMaker) -> Callable[[], Alarm]:
    """Raises a red alarm."""
    device()
    level_rule()

    def make() -> Alarm:
        says(5.5)
        return alarm_of("0011223344")

    return make


def open_clocks() -> set[str]:
    rows = Deadline.objects.filter(subject="monitoring.alarm", met_at=None, passed_at=None)
    return set(rows.values_list("kind", flat=True))


def test_the_duty_officer_is_told_at_once_then_again_then_the_next_above(
    red: Callable[[], Alarm], area: Area, run_jobs: Jobs
) -> None:
    officer, leader = person(area), person(area, "commander", "李敏")
    on_shift(officer)
    on_shift(leader, "shift_leader")
    alarm = red()
    run_jobs()
    assert told(alarm) == [f"user:{officer.pk}"]
    pass_time(run_jobs, minutes=5.5)
    assert sorted(told(alarm)[1:]) == sorted([f"user:{officer.pk}", f"user:{leader.pk}"])
    assert steps(alarm) == ["raise", "notify", "notify"]


def test_acknowledging_stops_every_reminder(red: Callable[[], Alarm], area: Area, run_jobs: Jobs) -> None:
    on_shift(person(area))
    alarm = red()
    run_jobs()
    alarm_acknowledge(alarm=alarm, by=person(area))
    assert open_clocks() == set()
    pass_time(run_jobs, minutes=60)
    assert len(told(alarm)) == 1


def test_a_reminder_already_on_its_way_when_somebody_acknowledges_is_not_sent(
    red: Callable[[], Alarm], area: Area, run_jobs: Jobs
) -> None:
    on_shift(person(area))
    alarm = red()
    run_jobs()
    deadlines_sweep(now=timezone.now() + timedelta(minutes=30))
    alarm_acknowledge(alarm=alarm, by=person(area))
    run_jobs()
    assert len(told(alarm)) == 1


def test_clearing_stops_every_reminder(red: Callable[[], Alarm], area: Area, run_jobs: Jobs) -> None:
    on_shift(person(area))
    alarm = red()
    run_jobs()
    says(1, at=now_ms() + 1000)
    pass_time(run_jobs, minutes=60)
    assert len(told(alarm)) == 1
    assert open_clocks() == set()


def test_an_alarm_that_was_on_the_shelf_goes_on_where_its_chain_stopped(
    red: Callable[[], Alarm], area: Area, run_jobs: Jobs
) -> None:
    officer, leader = person(area), person(area, "commander", "李敏")
    on_shift(officer)
    on_shift(leader, "shift_leader")
    alarm = red()
    run_jobs()
    alarm_shelve(alarm=alarm, by=officer, minutes=15, reason="检修")
    assert open_clocks() == {"alarm.unshelve"}
    Alarm.objects.filter(pk=alarm.pk).update(shelved_until=timezone.now())
    pass_time(run_jobs, minutes=16)
    alarm.refresh_from_db()
    assert (alarm.state, steps(alarm)[-1]) == ("active", "unshelve")
    pass_time(run_jobs, minutes=6)
    assert f"user:{leader.pk}" in told(alarm)


def test_a_worse_level_begins_at_the_first_step_again(red: Callable[[], Alarm], area: Area, run_jobs: Jobs) -> None:
    officer = person(area)
    on_shift(officer)
    says(3.2, at=now_ms() - 2000)
    alarm = alarm_of("0011223344")
    run_jobs()
    alarm_acknowledge(alarm=alarm, by=officer)
    red()
    run_jobs()
    alarm.refresh_from_db()
    assert (alarm.state, alarm.level) == ("active", 4)
    assert told(alarm) == [f"user:{officer.pk}"] * 2
    assert open_clocks() == {"alarm.repeat", "alarm.chain"}


def test_where_nobody_is_on_duty_the_next_step_follows_at_once_and_it_is_reported(
    red: Callable[[], Alarm], area: Area, run_jobs: Jobs
) -> None:
    leader = person(area, "commander", "李敏")
    on_shift(leader, "shift_leader")
    alarm = red()
    run_jobs()
    assert told(alarm) == [f"user:{leader.pk}"]
    finding = AlarmFinding.objects.get()
    assert (finding.kind, "值班员" in finding.subject) == ("nobody", True)


def test_with_an_empty_roster_the_duty_officers_role_is_told(red: Callable[[], Alarm], run_jobs: Jobs) -> None:
    alarm = red()
    run_jobs()
    assert told(alarm) == ["role:duty_officer@440310"]
    pass_time(run_jobs, minutes=6)
    assert told(alarm) == ["role:duty_officer@440310"] * 2


def test_who_is_on_duty_is_asked_at_the_moment_of_the_step(
    red: Callable[[], Alarm], area: Area, run_jobs: Jobs
) -> None:
    early, late = person(area), person(area, name="陈晓")
    now = timezone.now()
    DutyShift.objects.create(
        person=early,
        role="duty_officer",
        area=area,
        starts_at=now - timedelta(hours=8),
        ends_at=now + timedelta(minutes=2),
    )
    DutyShift.objects.create(
        person=late,
        role="duty_officer",
        area=area,
        starts_at=now + timedelta(minutes=2),
        ends_at=now + timedelta(hours=8),
    )
    alarm = red()
    run_jobs()
    alarms_repeat(alarm_ids=[alarm.pk], now=now + timedelta(minutes=5))
    assert told(alarm) == [f"user:{early.pk}", f"user:{late.pk}"]


def test_an_area_s_own_steps_replace_those_of_the_law_row(red: Callable[[], Alarm], area: Area, run_jobs: Jobs) -> None:
    chief = person(area, "leader", "局长")
    on_shift(chief, "bureau_leader")
    EscalationStep.objects.create(area=area, level=4, after_minutes=0, role="bureau_leader")
    alarm = red()
    run_jobs()
    assert told(alarm) == [f"user:{chief.pk}"]
    assert open_clocks() == {"alarm.repeat"}


def test_a_person_hands_up_without_waiting_and_not_beyond_the_last(
    red: Callable[[], Alarm], area: Area, run_jobs: Jobs
) -> None:
    officer, leader = person(area), person(area, "commander", "李敏")
    on_shift(officer)
    on_shift(leader, "shift_leader")
    alarm = red()
    run_jobs()
    alarm_hand_up(alarm=alarm, by=officer, note="水已漫堤")
    assert told(alarm)[-1] == f"user:{leader.pk}"
    alarm_hand_up(alarm=alarm, by=officer, note="仍在上涨")
    with pytest.raises(IllegalStep, match="最高一级"):
        alarm_hand_up(alarm=alarm, by=officer, note="再报")


def test_an_alarm_taken_off_the_shelf_by_hand_is_told_again_at_once(
    red: Callable[[], Alarm], area: Area, run_jobs: Jobs
) -> None:
    officer = person(area)
    on_shift(officer)
    alarm = red()
    run_jobs()
    alarm_shelve(alarm=alarm, by=officer, minutes=60, reason="检修")
    pass_time(run_jobs, minutes=30)
    assert len(told(alarm)) == 1
    alarm_unshelve(alarm=alarm, by=officer)
    pass_time(run_jobs, minutes=0.1)
    assert len(told(alarm)) == 2


def test_a_reversed_shift_is_refused(area: Area) -> None:
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        DutyShift.objects.create(
            person=person(area), role="duty_officer", area=area, starts_at=now, ends_at=now - timedelta(minutes=1)
        )


def test_who_was_told_first_hears_that_nobody_further_up_is_there(
    red: Callable[[], Alarm], area: Area, run_jobs: Jobs
) -> None:
    officer = person(area)
    on_shift(officer)
    alarm = red()
    run_jobs()
    pass_time(run_jobs, minutes=5.5)
    assert told(alarm) == [f"user:{officer.pk}"] * 2
    bodies = (
        Notice.objects.filter(about="monitoring.alarm", about_id=alarm.pk).order_by("pk").values_list("body", flat=True)
    )
    assert bodies[1].endswith("上级无人在岗。")
    assert AlarmFinding.objects.filter(kind="nobody").count() == 2
