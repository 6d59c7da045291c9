"""The loop of an alarm under any order of steps: what the table says, the database and the timeline say too."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.accounts.models import Area, User
from anlan.kit.flow import IllegalStep
from anlan.kit.models import Deadline, Notice
from anlan.monitoring import services
from anlan.monitoring.alarm_flow import FLOW, NEXT, AlarmState, AlarmStepName
from anlan.monitoring.clocks import clocks_allowed
from anlan.monitoring.models import Alarm

from .alarming import DeviceMaker, alarm_of, level_rule, person, says, steps
from .frames import NOW

pytestmark = pytest.mark.django_db
PERSONS = ("acknowledge", "assign", "comment", "shelve", "unshelve", "hand_up")
WORLD = ("1.0", "3.2", "4.2", "5.5")


@pytest.fixture
def alarm(device: DeviceMaker) -> Alarm:
    """A level of 3.2 m, which is blue."""
    device()
    level_rule()
    says(3.2, at=NOW)
    return alarm_of("0011223344")


@pytest.fixture
def officer(area: Area) -> User:
    return person(area)


def act(step: str, alarm: Alarm, by: User) -> None:
    extra: dict[str, Any] = {
        "assign": {"to": by}, "shelve": {"minutes": 60, "reason": "检修"}, "comment": {"note": "看过"},
        "hand_up": {"note": "请示"},
    }.get(step, {})  # fmt: skip
    getattr(services, f"alarm_{step}")(alarm=alarm, by=by, **extra)


@given(st.lists(st.sampled_from(PERSONS + WORLD), max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_steps_keeps_row_timeline_and_clocks_in_step(
    alarm: Alarm, officer: User, words: list[str]
) -> None:
    with transaction.atomic():
        time = NOW
        for word in words:
            if word in WORLD:
                time += 1000
                says(float(word), at=time)
                continue
            before, known = Alarm.objects.get(pk=alarm.pk), len(steps(alarm))
            try:
                with transaction.atomic():
                    act(word, before, officer)
                expected = FLOW.after(before.state, AlarmStepName(word))
                assert Alarm.objects.get(pk=alarm.pk).state == expected
            except IllegalStep:
                assert (before.state, word) not in NEXT or word == "hand_up"
                assert len(steps(alarm)) == known
        now = Alarm.objects.select_related("area").get(pk=alarm.pk)
        state = AlarmState.ACTIVE
        for step in steps(alarm)[1:]:
            state = FLOW.after(state, AlarmStepName(step))
        assert state == now.state
        running = set(
            Deadline.objects.filter(subject="monitoring.alarm", subject_id=now.pk, met_at=None).values_list(
                "kind", flat=True
            )
        )
        assert running <= clocks_allowed(now)
        transaction.set_rollback(True)


@pytest.mark.parametrize("step", PERSONS)
@pytest.mark.parametrize("role", ["leader", "street", "enterprise", "administrator"])
def test_who_only_reads_takes_no_step(alarm: Alarm, area: Area, step: str, role: str) -> None:
    with pytest.raises(PermissionDenied):
        act(step, alarm, person(area, role))
    assert steps(alarm) == ["raise"]


def test_every_state_can_be_reached_and_none_but_a_cleared_one_is_a_dead_end() -> None:
    reached = {AlarmState.ACTIVE, *NEXT.values()}
    assert reached == set(AlarmState)
    moving = {state for (state, _), after in NEXT.items() if after != state}
    assert set(AlarmState) - moving == {AlarmState.CLEARED_SEEN, AlarmState.HIDDEN_CLEARED}


def test_the_one_it_is_given_to_is_told_and_another_can_be_named(alarm: Alarm, officer: User, area: Area) -> None:
    second = person(area, "inspector", "赵强")
    services.alarm_assign(alarm=alarm, by=officer, to=officer)
    services.alarm_assign(alarm=alarm, by=officer, to=second, note="到现场看")
    alarm.refresh_from_db()
    assert alarm.assigned_to == second
    assert Notice.objects.filter(address=f"user:{second.pk}").get().body.endswith("到现场看")
    assert [s.note for s in alarm.steps.filter(step="assign")] == ["王建国", "赵强。到现场看"]


def test_nobody_is_given_an_alarm_of_an_area_that_they_do_not_see(alarm: Alarm, officer: User) -> None:
    other = Area.objects.create(code="440311", name="别区", level="district")
    with pytest.raises(IllegalStep, match="不能经办"):
        services.alarm_assign(alarm=alarm, by=officer, to=person(other, name="外人"))


def test_a_shelf_needs_a_reason_and_an_end_that_is_allowed(alarm: Alarm, officer: User) -> None:
    for minutes, reason in ((60, " "), (7, "检修"), (10**9, "检修"), (-60, "检修")):
        with pytest.raises(IllegalStep):
            services.alarm_shelve(alarm=alarm, by=officer, minutes=minutes, reason=reason)
    assert steps(alarm) == ["raise"]


def test_a_worse_level_takes_an_alarm_off_the_shelf(alarm: Alarm, officer: User) -> None:
    services.alarm_shelve(alarm=alarm, by=officer, minutes=60, reason="检修")
    says(5.5, at=NOW + 1000)
    alarm.refresh_from_db()
    assert (alarm.state, alarm.shelved_until) == ("active", None)


def test_many_are_acknowledged_at_once_and_those_already_seen_are_counted(
    alarm: Alarm, officer: User, device: DeviceMaker
) -> None:
    device("2")
    says(3.2, code="2", at=NOW)
    services.alarm_acknowledge(alarm=alarm, by=officer)
    assert services.alarms_acknowledge(alarms=Alarm.objects.all(), by=officer) == (1, 1)


@pytest.mark.parametrize("change", [{"hidden_at": True}, {"shelved_until": True, "cleared_at": True}])
def test_the_database_refuses_a_row_that_contradicts_itself(alarm: Alarm, change: dict[str, bool]) -> None:
    moments = dict.fromkeys(change, alarm.raised_at)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alarm.objects.filter(pk=alarm.pk).update(**moments)
