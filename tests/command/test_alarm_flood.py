"""Hundreds of alarms of one moment become signals with a few statements, each exactly one, as if they came singly."""

import json
from collections.abc import Callable

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.command.models import Entry, Signal
from anlan.command.services.alarms import signals_from_alarms
from anlan.kit.events import deliver_all, publish_all
from anlan.monitoring.events import AlarmCleared, AlarmEscalated, AlarmRaised
from anlan.monitoring.models import Alarm
from together import together

from .conftest import District
from .flood import alarms_of_every_sort, alarms_raise, command_hears, one_by_one, outcome, together_told

RunJobs = Callable[[], int]
EVENTS = (AlarmRaised, AlarmEscalated, AlarmCleared)


def told(alarms: list[Alarm]) -> list[object]:
    return [AlarmRaised(alarm_id=alarm.pk, level=alarm.level) for alarm in alarms]


@pytest.mark.django_db
def test_many_alarms_become_signals_with_as_few_statements_as_one(town: District) -> None:
    counts = []
    for number in (1, 50, 400):
        ids = [alarm.pk for alarm in alarms_raise(town.street, number)]
        with CaptureQueriesContext(connection) as seen:
            assert len(signals_from_alarms(alarm_ids=ids)) == number
        counts.append(len(seen))
    assert counts[0] == counts[1] == counts[2] <= 15


@pytest.mark.django_db
@pytest.mark.parametrize("kind", EVENTS)
def test_news_of_five_hundred_alarms_takes_less_than_one_statement_each(town: District, kind: type) -> None:
    alarms = alarms_raise(town.street, 500)
    more = {"level_before": 2, "level": 4} if kind is AlarmEscalated else {"level": 2} if kind is AlarmRaised else {}
    publish_all([kind(alarm_id=alarm.pk, **more) for alarm in alarms])
    with CaptureQueriesContext(connection) as seen:
        command_hears()
    assert Signal.objects.count() == 500
    assert len(seen) < 400


@pytest.mark.django_db
def test_alarms_told_together_leave_what_they_leave_when_told_one_by_one(town: District, run_jobs: RunJobs) -> None:
    alarms = alarms_of_every_sort(town.street, town.other_street)
    raised = told(alarms)
    worse = [AlarmEscalated(alarm_id=a.pk, level_before=n, level=n + 1) for n in (1, 2, 3) for a in alarms[::2]]
    cleared = [AlarmCleared(alarm_id=alarm.pk) for alarm in alarms[::3]]
    events = [*raised[5:], *worse, *raised, *cleared, *cleared[:2], *worse[:3]]
    singly = outcome(one_by_one, events, run_jobs)
    assert len(singly["signals"]) == len(singly["audit"]) == 10
    assert len(singly["timelines"]) > 30
    assert outcome(together_told, events, run_jobs) == singly


@pytest.mark.django_db
def test_each_signal_of_a_flood_stands_in_the_audit_log_with_all_its_fields(town: District) -> None:
    ids = [alarm.pk for alarm in alarms_raise(town.street, 3)]
    signals_from_alarms(alarm_ids=ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "select subject_id, actor_name, fields from accounts_audit_waiting where subject = 'command.signal' order by id"
        )
        found = cursor.fetchall()
    signals = list(Signal.objects.order_by("alarm_id"))
    assert [(int(pk), name) for pk, name, _fields in found] == [(signal.pk, "system") for signal in signals]
    fields = [json.loads(text) if isinstance(text, str) else text for *_rest, text in found]
    assert [one["alarm"] for one in fields] == [[None, str(pk)] for pk in ids]
    assert fields[0]["state"] == [None, "waiting"]


@pytest.mark.django_db
def test_one_alarm_that_is_gone_holds_up_no_other(town: District) -> None:
    alarms = alarms_raise(town.street, 3)
    gone = AlarmRaised(alarm_id=alarms[-1].pk + 1000, level=2)
    with pytest.raises(ObjectDoesNotExist):
        signals_from_alarms(alarm_ids=[gone.alarm_id])
    publish_all([gone, *told(alarms)])
    job = next(job for job in ProcrastinateJob.objects.all() if "alarm_becomes_signal" in job.args["handler"])
    assert deliver_all(job.args["handler"], job.args["events"]) == 3
    assert set(Signal.objects.values_list("alarm_id", flat=True)) == {alarm.pk for alarm in alarms}


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_flood_make_exactly_one_signal_an_alarm(town: District) -> None:
    ids = [alarm.pk for alarm in alarms_raise(town.street, 120)]
    works = [ids[:80], ids[40:], ids[::-1], ids]
    out = together(*(lambda part=part: signals_from_alarms(alarm_ids=part) for part in works))
    assert [sorted(found) for found in out] == [sorted(part) for part in works]
    assert sorted(Signal.objects.values_list("alarm_id", flat=True)) == ids
    assert Entry.objects.count() == 120
    assert len({signal.pk for found in out for signal in found.values()}) == 120
