"""Signals: one an alarm, never ended silently, two officers at one table."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from anlan.command.fates import signals_and_incidents
from anlan.command.models import Entry, Signal
from anlan.command.services import (
    incident_open,
    signal_dismiss,
    signal_enter,
    signal_judge,
    signal_merge,
    signal_take_over,
    signal_verify,
    signal_watch,
)
from anlan.kit.events import publish
from anlan.kit.flow import IllegalStep
from anlan.monitoring.events import AlarmCleared, AlarmEscalated, AlarmRaised
from anlan.monitoring.models import Alarm

from .conftest import District, verified

pytestmark = pytest.mark.django_db
RunJobs = Callable[[], int]


def texts(signal: Signal) -> list[str]:
    return list(Entry.objects.filter(signal=signal).values_list("text", flat=True))


def test_an_alarm_gives_one_signal_however_often_it_is_told(alarm: Alarm, run_jobs: RunJobs) -> None:
    for _ in range(3):
        publish(AlarmRaised(alarm_id=alarm.pk, level=alarm.level))
    run_jobs()
    signal = Signal.objects.get()
    assert (signal.alarm, signal.level, signal.event_type) == (alarm, 3, "gas_leak")
    assert (signal.area, signal.location, signal.arrived_at) == (alarm.area, alarm.location, alarm.arrived_at)
    assert "31.5 %LEL" in texts(signal)[0]


def test_escalation_and_clearing_are_added_to_the_signals_timeline(alarm: Alarm, run_jobs: RunJobs) -> None:
    publish(AlarmRaised(alarm_id=alarm.pk, level=3))
    publish(AlarmEscalated(alarm_id=alarm.pk, level_before=3, level=4))
    publish(AlarmCleared(alarm_id=alarm.pk))
    run_jobs()
    signal = Signal.objects.get()
    assert (signal.level, signal.state) == (4, "waiting")
    assert texts(signal)[1:] == ["监测升级：橙色 → 红色", "监测恢复正常，报警解除"]


def test_news_of_an_alarm_that_comes_before_its_raising_loses_nothing(alarm: Alarm, run_jobs: RunJobs) -> None:
    publish(AlarmEscalated(alarm_id=alarm.pk, level_before=3, level=4))
    publish(AlarmRaised(alarm_id=alarm.pk, level=3))
    run_jobs()
    assert Signal.objects.get().level == 4


def test_a_silent_device_is_no_signal(alarm: Alarm, run_jobs: RunJobs) -> None:
    Alarm.objects.update(kind=Alarm.Kind.NO_DATA)
    publish(AlarmRaised(alarm_id=alarm.pk, level=1))
    publish(AlarmCleared(alarm_id=alarm.pk))
    run_jobs()
    assert not Signal.objects.exists()


def test_two_signals_of_one_alarm_are_refused_by_the_database(alarm: Alarm, signal: Signal, run_jobs: RunJobs) -> None:
    publish(AlarmRaised(alarm_id=alarm.pk, level=3))
    run_jobs()
    with pytest.raises(IntegrityError), transaction.atomic():
        Signal.objects.filter(pk=signal.pk).update(alarm=alarm)


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_signal_is_never_dismissed_without_a_reason(town: District, signal: Signal, reason: str) -> None:
    with pytest.raises(ValidationError, match="排除警情必须写明理由"):
        signal_dismiss(signal=signal, reason=reason, by=town.officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Signal.objects.filter(pk=signal.pk).update(state="dismissed")
    signal.refresh_from_db()
    assert signal.state == "waiting"


def test_a_signal_can_be_dismissed_with_a_reason_before_it_is_an_incident(town: District, signal: Signal) -> None:
    done = signal_dismiss(signal=verified(signal, town), reason="消防演练用烟", by=town.officer2)
    assert (done.state, texts(signal)[-1]) == ("dismissed", "排除：消防演练用烟")
    with pytest.raises(IllegalStep, match="已排除"):
        signal_watch(signal=signal, by=town.officer)


def test_an_incident_cannot_be_dismissed_as_a_signal(town: District, signal: Signal) -> None:
    incident_open(signal=verified(signal, town), by=town.officer)
    with pytest.raises(IllegalStep):
        signal_dismiss(signal=signal, reason="误报", by=town.officer)


def test_of_two_officers_who_judge_at_once_the_second_is_told_so(town: District, signal: Signal) -> None:
    seen_by_both = signal_watch(signal=signal, by=town.officer)
    signal_judge(signal=seen_by_both, level=4, event_type="fire", by=town.officer)
    with pytest.raises(IllegalStep, match="警情当前为“已研判”，不能“研判”"):
        signal_judge(signal=seen_by_both, level=1, event_type="other", by=town.officer2)
    signal.refresh_from_db()
    assert (signal.level, Entry.objects.filter(signal=signal, step="judge").count()) == (4, 1)


def test_verifying_needs_a_word_of_whom_and_what(town: District, signal: Signal) -> None:
    judged = signal_judge(
        signal=signal_watch(signal=signal, by=town.officer), level=3, event_type="fire", by=town.officer
    )
    with pytest.raises(ValidationError, match="核实警情必须写明"):
        signal_verify(signal=judged, way="phone", note=" ", by=town.officer)


def test_only_the_desk_takes_the_steps_of_a_signal(town: District, signal: Signal) -> None:
    for person in (town.street_user, town.leader):
        with pytest.raises(PermissionDenied, match="您的角色不能"):
            signal_watch(signal=signal, by=person)


def test_a_sub_district_enters_a_signal_and_a_team_does_not(town: District) -> None:
    fields = {"area": town.street, "title": "积水30厘米", "source": "street", "event_type": "waterlogging"}
    assert signal_enter(**fields, by=town.street_user).event_class == "natural"
    with pytest.raises(PermissionDenied):
        signal_enter(**fields, by=town.leader)


def test_another_officer_takes_over_and_the_timeline_says_from_whom(town: District, signal: Signal) -> None:
    signal_watch(signal=signal, by=town.officer)
    taken = signal_take_over(signal=signal, by=town.officer2)
    assert (taken.assigned_to, texts(signal)[-1]) == (town.officer2, "从周值班接手盯办")
    with pytest.raises(IllegalStep):
        signal_take_over(signal=signal, by=town.officer2)


def test_a_merged_signal_is_kept_and_seen_in_the_incident_of_the_other(town: District, signal: Signal) -> None:
    second = signal_enter(area=town.street, title="东街浓烟", source="110", event_type="fire", by=town.officer2)
    incident = incident_open(signal=verified(signal, town), by=town.officer)
    merged = signal_merge(signal=second, into=signal, by=town.officer2)
    assert (merged.state, merged.duplicate_of) == ("merged", signal)
    assert "接110来电：东街浓烟" in list(Entry.objects.of_incident(incident).values_list("text", flat=True))


def test_signals_merge_neither_into_themselves_nor_into_one_that_has_ended(town: District, signal: Signal) -> None:
    with pytest.raises(ValidationError, match="不能并入自身"):
        signal_merge(signal=signal, into=signal, by=town.officer)
    ended = signal_enter(area=town.street, title="误报", source="110", event_type="fire", by=town.officer)
    signal_dismiss(signal=ended, reason="误报", by=town.officer)
    with pytest.raises(ValidationError, match="仍在办理"):
        signal_merge(signal=signal, into=ended, by=town.officer)


def test_duplicates_follow_when_the_signal_that_they_point_to_is_merged(town: District, signal: Signal) -> None:
    fields = {"area": town.street, "source": "110", "event_type": "fire", "by": town.officer}
    second, third = signal_enter(title="二", **fields), signal_enter(title="三", **fields)
    signal_merge(signal=third, into=second, by=town.officer)
    signal_merge(signal=second, into=signal, by=town.officer)
    third.refresh_from_db()
    assert third.duplicate_of == signal


def test_only_what_a_person_has_verified_counts_as_come_of_an_alarm(
    alarm: Alarm, town: District, run_jobs: RunJobs
) -> None:
    publish(AlarmRaised(alarm_id=alarm.pk, level=alarm.level))
    run_jobs()
    assert signals_and_incidents([alarm.pk]) == {}
    signal = verified(Signal.objects.get(), town)
    assert signals_and_incidents([alarm.pk]) == {alarm.pk: "警情"}
    incident_open(signal=signal, by=town.officer)
    assert signals_and_incidents([alarm.pk]) == {alarm.pk: "事件"}
