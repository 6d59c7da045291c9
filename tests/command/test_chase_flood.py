"""When hundreds of clocks run out at once, people are told as one, the worst first; each stays on its timeline."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.command.flows import FIRST_REPORT
from anlan.command.models import Entry, Order, Signal
from anlan.command.services import order_receive, signal_dismiss
from anlan.command.services.alarms import signals_from_alarms
from anlan.kit.bundles import bundles_sweep
from anlan.kit.deadlines import DeadlinePassed, deadlines_sweep
from anlan.kit.inbox import notices_of
from anlan.kit.models import Notice

from .conftest import District
from .flood import alarms_raise, command_hears, one_by_one, outcome, together_told

pytestmark = pytest.mark.django_db
RunJobs = Callable[[], int]
SUBJECT = "command.signal"


def flood(town: District, number: int, *, red: int = 0) -> list[Signal]:
    alarms = alarms_raise(town.street, number, red=red)
    return list(signals_from_alarms(alarm_ids=[alarm.pk for alarm in alarms]).values())


def pass_minutes(signal: Signal, minutes: float, run_jobs: RunJobs) -> None:
    deadlines_sweep(now=signal.arrived_at + timedelta(minutes=minutes))
    run_jobs()


def told(town: District) -> list[Notice]:
    return list(notices_of(town.officer).filter(state="sent").order_by("pk"))


def test_the_officer_gets_a_handful_and_one_that_counts_the_rest_with_the_worst_first(
    town: District, run_jobs: RunJobs
) -> None:
    signals = flood(town, 40, red=8)
    pass_minutes(signals[0], 3, run_jobs)
    singles, bundle = told(town)[:5], told(town)[5]
    assert all(notice.title.startswith("【红色】首报催办：已满3分钟") for notice in singles)
    assert (bundle.title, bundle.level) == ("35 条提醒合并:首报催办 35", "warn")
    worst, places = bundle.body.splitlines()
    assert worst.count("【红色】首报催办") == 3
    assert worst.endswith("…等 35 条")
    assert places == "东街道 35 条"
    assert len(told(town)) == 6
    assert Entry.objects.filter(kind="clock", text__contains="已满3分钟").count() == 40


def test_what_is_late_comes_before_what_is_merely_wanted(town: District, run_jobs: RunJobs) -> None:
    early, late = flood(town, 10), flood(town, 10)
    Signal.objects.filter(pk__in=[signal.pk for signal in late]).update(
        first_report_due_at=late[0].arrived_at + timedelta(minutes=3)
    )
    pass_minutes(early[0], 3.1, run_jobs)
    assert told(town)[-1].title == "15 条提醒合并:首报超时 10、首报催办 5"
    assert told(town)[-1].level == "alert"


def test_a_bundle_leads_to_its_signals_the_gravest_first(
    town: District, run_jobs: RunJobs, sign_in: Callable[..., object]
) -> None:
    signals = flood(town, 30, red=10)
    pass_minutes(signals[0], 3, run_jobs)
    bundle = told(town)[-1]
    client = sign_in(town.officer)
    page = client.get(bundle.url)  # type: ignore[attr-defined]
    shown = list(page.context["page"].paginator.object_list)
    assert {signal.pk for signal in shown} == set(bundle.bundled.values_list("about_id", flat=True))
    assert [signal.level for signal in shown] == [4] * 5 + [2] * 20
    assert "这里只列合并提醒所指的各条" in page.content.decode()


def test_a_signal_that_was_dealt_with_meanwhile_is_not_chased_any_more(town: District, run_jobs: RunJobs) -> None:
    signals = flood(town, 12)
    pass_minutes(signals[0], 3, run_jobs)
    more = flood(town, 12)
    pass_minutes(more[0], 3.1, run_jobs)
    assert Notice.objects.filter(state="held").count() == 12
    for signal in more[:9]:
        signal_dismiss(signal=signal, reason="误报", by=town.officer)
    assert Notice.objects.filter(state="withdrawn").count() == 9
    bundles_sweep(now=timezone.now() + timedelta(seconds=31))
    run_jobs()
    assert told(town)[-1].title == "3 条提醒合并:首报催办 3"
    assert not Notice.objects.filter(state__in=("waiting", "held")).exists()


def test_clocks_that_run_out_together_leave_what_they_leave_one_by_one(town: District, run_jobs: RunJobs) -> None:
    signals = flood(town, 7, red=2)
    signal_dismiss(signal=signals[3], reason="误报", by=town.officer)
    kinds = (f"{FIRST_REPORT}.chase.3", FIRST_REPORT, f"{FIRST_REPORT}.chase.5")
    events = [
        DeadlinePassed(kind=kind, subject=SUBJECT, subject_id=signal.pk, due_at=signal.first_report_due_at)
        for kind in kinds
        for signal in signals
    ]
    singly = outcome(one_by_one, events, run_jobs)
    assert len(singly["notices"]) == 6 * 3
    assert sum("首报超时" in line for line in singly["timelines"]) == 6
    assert outcome(together_told, events, run_jobs) == singly


def test_the_statements_of_a_chase_do_not_grow_with_the_signals(town: District, run_jobs: RunJobs) -> None:
    counts = []
    for number in (10, 40):
        signals = flood(town, number)
        deadlines_sweep(now=signals[0].arrived_at + timedelta(minutes=3))
        with CaptureQueriesContext(connection) as seen:
            command_hears()
        counts.append(len(seen))
        run_jobs()
    assert counts[0] == counts[1] <= 25


def test_an_order_chase_that_was_answered_before_it_left_is_taken_back(
    town: District, order: Order, run_jobs: RunJobs
) -> None:
    deadlines_sweep(now=order.receipt_due_at + timedelta(minutes=1))
    waiting = Notice.objects.filter(about="command.order", state="waiting")
    command_hears()
    reminders = waiting.exclude(tag="").count()
    assert reminders > 0
    order_receive(order=order, by=town.leader)
    assert waiting.exclude(tag="").count() == 0
    assert waiting.filter(title__startswith="新指令").count() == 1
    run_jobs()
    assert Notice.objects.filter(state="withdrawn").count() == reminders
