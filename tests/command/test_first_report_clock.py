"""The five minutes of the first report: shown running, chased, and its breach recorded."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from anlan.command.models import Entry, Signal
from anlan.command.services import incident_open, report_submit, signal_dismiss, signal_merge, signal_watch
from anlan.kit.deadlines import deadlines_sweep
from anlan.kit.flow import IllegalStep
from anlan.kit.models import Deadline, LawRule, Notice

from .conftest import District, verified

pytestmark = pytest.mark.django_db
RunJobs = Callable[[], int]


def pass_minutes(signal: Signal, minutes: float, run_jobs: RunJobs) -> Signal:
    deadlines_sweep(now=signal.arrived_at + timedelta(minutes=minutes))
    run_jobs()
    signal.refresh_from_db()
    return signal


def chases() -> list[str]:
    return sorted(Notice.objects.filter(title__contains="首报催办").values_list("address", flat=True))


def test_nobody_is_chased_before_three_minutes(signal: Signal, run_jobs: RunJobs) -> None:
    pass_minutes(signal, 2.99, run_jobs)
    assert chases() == []


def test_the_duty_officer_is_chased_at_three_minutes(signal: Signal, run_jobs: RunJobs) -> None:
    pass_minutes(signal, 3, run_jobs)
    assert chases() == ["role:duty_officer@990310"]
    assert Entry.objects.filter(signal=signal, kind="clock", text__contains="已满3分钟").count() == 1
    assert signal.first_report_breached_at is None


def test_at_five_minutes_the_commander_is_told_and_the_breach_recorded(signal: Signal, run_jobs: RunJobs) -> None:
    pass_minutes(signal, 3, run_jobs)
    signal = pass_minutes(signal, 5, run_jobs)
    assert chases() == ["role:commander@990310", "role:duty_officer@990310", "role:duty_officer@990310"]
    assert signal.first_report_breached_at == signal.first_report_due_at
    assert Entry.objects.filter(signal=signal, text__contains="首报超时").count() == 1


def test_a_late_report_keeps_the_breach(town: District, signal: Signal, run_jobs: RunJobs) -> None:
    signal = pass_minutes(signal_watch(signal=signal, by=town.officer), 6, run_jobs)
    report_submit(
        kind="first", signal=signal, situation="起火", by=town.officer, at=signal.arrived_at + timedelta(minutes=7)
    )
    signal.refresh_from_db()
    assert signal.first_report_at == signal.arrived_at + timedelta(minutes=7)
    assert signal.first_report_breached_at == signal.first_report_due_at
    assert Entry.objects.filter(signal=signal, text__contains="首报超时").count() == 1


def test_a_report_that_comes_late_is_a_breach_even_when_no_worker_ran(town: District, signal: Signal) -> None:
    signal = signal_watch(signal=signal, by=town.officer)
    late = signal.arrived_at + timedelta(minutes=5, seconds=1)
    report_submit(kind="first", signal=signal, situation="起火", by=town.officer, at=late)
    signal.refresh_from_db()
    assert signal.first_report_breached_at == signal.first_report_due_at


def test_the_first_report_stops_the_clock(town: District, signal: Signal, run_jobs: RunJobs) -> None:
    signal = signal_watch(signal=signal, by=town.officer)
    report_submit(kind="first", signal=signal, situation="起火", by=town.officer)
    signal = pass_minutes(signal, 30, run_jobs)
    assert chases() == []
    assert signal.first_report_breached_at is None
    assert not Deadline.objects.filter(subject="command.signal", met_at=None).exists()


def test_the_first_report_of_the_incident_stops_the_clock_of_its_signal(
    town: District, signal: Signal, run_jobs: RunJobs
) -> None:
    incident = incident_open(signal=verified(signal, town), by=town.officer)
    report = report_submit(kind="first", incident=incident, situation="起火", by=town.officer)
    signal = pass_minutes(signal, 30, run_jobs)
    assert (report.signal, report.incident) == (signal, incident)
    assert signal.first_report_breached_at is None


def test_opening_the_incident_does_not_stop_the_clock(town: District, signal: Signal, run_jobs: RunJobs) -> None:
    incident_open(signal=verified(signal, town), by=town.officer)
    assert pass_minutes(signal, 5, run_jobs).first_report_breached_at is not None


def test_a_dismissal_stops_the_clock(town: District, signal: Signal, run_jobs: RunJobs) -> None:
    signal_dismiss(signal=signal, reason="测试报警", by=town.officer)
    pass_minutes(signal, 30, run_jobs)
    assert chases() == []


def test_a_second_first_report_is_refused(town: District, signal: Signal) -> None:
    signal = signal_watch(signal=signal, by=town.officer)
    report_submit(kind="first", signal=signal, situation="起火", by=town.officer)
    with pytest.raises(IllegalStep, match="首报已提交"):
        report_submit(kind="first", signal=signal, situation="起火", by=town.officer)


def test_the_minutes_are_the_law_rows_of_the_day(town: District, run_jobs: RunJobs) -> None:
    from anlan.command.services import signal_enter

    LawRule.objects.filter(code="first_report").update(value={"minutes": 10, "chase_minutes": [8]})
    signal = signal_enter(area=town.street, title="积水", source="12345", event_type="waterlogging", by=town.officer)
    assert signal.first_report_due_at - signal.arrived_at == timedelta(minutes=10)
    pass_minutes(signal, 7, run_jobs)
    assert chases() == []
    pass_minutes(signal, 8, run_jobs)
    assert chases() == ["role:duty_officer@990310"]


def test_the_earlier_of_two_merged_signals_sets_the_clock(town: District, signal: Signal) -> None:
    from anlan.command.services import signal_enter

    later = signal_enter(
        area=town.street,
        title="东街浓烟",
        source="110",
        event_type="fire",
        by=town.officer,
        at=signal.arrived_at + timedelta(minutes=2),
    )
    signal_merge(signal=signal, into=later, by=town.officer)
    later.refresh_from_db()
    assert later.first_report_due_at == signal.first_report_due_at
