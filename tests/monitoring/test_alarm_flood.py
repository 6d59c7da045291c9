"""A mains failure or a broken platform: thousands of alarms at once starve neither the desk nor the ingest."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.accounts.models import Area, User
from anlan.kit.bundles import bundles_sweep
from anlan.kit.events import publish
from anlan.kit.inbox import notices_of
from anlan.kit.models import Notice
from anlan.monitoring.alarms import Transition, transitions_write
from anlan.monitoring.audit import alarms_audit
from anlan.monitoring.events import AlarmCleared
from anlan.monitoring.models import Alarm, AlarmStep, Device, Series
from anlan.monitoring.moments import now_ms
from anlan.monitoring.resolve import devices_by_id
from anlan.monitoring.services import alarm_acknowledge, alarms_acknowledge

from .alarming import on_shift, pass_time, person

pytestmark = pytest.mark.django_db
Raised = Callable[..., list[Alarm]]


def street(area: Area, number: int) -> Area:
    code = f"4403100{number:02}"
    known = Area.objects.filter(code=code).first()
    return known or Area.objects.create(code=code, name=f"{number}街道", level="street", parent=area)


@pytest.fixture
def flood(area: Area) -> Raised:
    """Raises so many alarms in one batch, the first `red` of them red, spread over seven streets."""

    def raise_all(number: int, *, red: int = 0) -> list[Alarm]:
        streets, before = [street(area, n) for n in range(7)], Device.objects.count()
        devices = Device.objects.bulk_create(
            Device(code=f"F{before + n:05}", protocol="sl651", kind="level", name=f"站{n}", area=streets[n % 7])
            for n in range(number)
        )
        series = Series.objects.bulk_create(Series(device=one, key="39") for one in devices)
        known, now = devices_by_id([one.pk for one in devices]), now_ms()
        news = transitions_write(
            [
                Transition(row.pk, known[row.device_id], 0, now, 5.0, 0, 4 if n < red else 2)
                for n, row in enumerate(series)
            ],
            now,
        )
        return list(Alarm.objects.filter(pk__in=news.raised).order_by("pk"))

    return raise_all


@pytest.fixture
def officer(area: Area) -> User:
    found = person(area)
    on_shift(found)
    return found


def next_job() -> tuple[str, str]:
    """What a free worker would take now: the handler's name and the first event."""
    job = ProcrastinateJob.objects.filter(status="todo").order_by("-priority", "id")[0]
    return str(job.args["handler"]).rpartition(".")[2], str(job.args["events"][0][1])


def inbox(user: User) -> list[Notice]:
    return list(notices_of(user).filter(state="sent").order_by("pk"))


def test_ten_times_the_alarms_cost_no_more_statements(flood: Raised) -> None:
    counts = []
    for number in (40, 400):
        with CaptureQueriesContext(connection) as seen:
            flood(number)
        counts.append(sum("kit_" in q["sql"] or "procrastinate" in q["sql"] or "pg_notify" in q["sql"] for q in seen))
    assert counts[0] == counts[1] <= 6


def test_a_flood_of_five_thousand_lets_the_desk_and_red_alarms_pass(flood: Raised, officer: User) -> None:
    flood(5000)
    assert ProcrastinateJob.objects.count() < 250
    first = flood(1)[0]
    assert next_job() == ("somebody_is_told", str({"alarm_ids": [first.pk]}))
    red = flood(1, red=1)[0]
    assert next_job() == ("somebody_is_told", str({"alarm_ids": [red.pk]}))
    publish(AlarmCleared(alarm_id=first.pk))
    waiting = ProcrastinateJob.objects.order_by("-priority", "id").values_list("args__events", flat=True)
    place = next(n for n, events in enumerate(waiting) if events[0][1] == {"alarm_id": first.pk})
    assert place < 10


def test_one_person_gets_a_handful_of_notices_and_one_that_counts_the_rest(
    flood: Raised, officer: User, run_jobs: Callable[[], int]
) -> None:
    flood(60)
    run_jobs()
    assert [notice.about for notice in inbox(officer)] == ["monitoring.alarm"] * 5
    bundles_sweep(now=timezone.now() + timedelta(seconds=6))
    run_jobs()
    (bundle,) = inbox(officer)[5:]
    assert bundle.title == "55 条提醒合并:黄色 55"
    assert bundle.body.count("街道 8 条;") == 5
    assert bundle.body.endswith(";另 2 处 15 条")
    told = {notice.about_id for notice in [*inbox(officer)[:5], *bundle.bundled.all()]}
    assert told == set(Alarm.objects.values_list("pk", flat=True))
    client = Client()
    client.force_login(officer, backend="anlan.accounts.backends.RoleBackend")
    assert client.get(f"{bundle.url}&view=rows").context["page"].paginator.count == 55


def test_red_ones_are_told_at_once_and_then_at_most_every_half_minute(
    flood: Raised, officer: User, run_jobs: Callable[[], int]
) -> None:
    flood(20, red=20)
    run_jobs()
    first = inbox(officer)
    assert [notice.title for notice in first[5:]] == ["15 条提醒合并:红色 15"]
    flood(20, red=20)
    run_jobs()
    assert len(inbox(officer)) == len(first)
    assert bundles_sweep(now=timezone.now() + timedelta(seconds=31)) == 1
    run_jobs()
    assert inbox(officer)[-1].title == "20 条提醒合并:红色 20"


def test_a_red_one_among_many_is_told_by_its_own_name(
    flood: Raised, officer: User, run_jobs: Callable[[], int]
) -> None:
    flood(40)
    run_jobs()
    red = flood(1, red=1)[0]
    run_jobs()
    last = inbox(officer)[-1]
    assert (last.level, last.title) == ("alert", "36 条提醒合并:红色 1、黄色 35")
    assert last.body.startswith(f"【红色】{red.device.name}")


def test_what_was_acknowledged_meanwhile_is_not_told_and_the_rest_is_reminded_as_a_group(
    flood: Raised, officer: User, run_jobs: Callable[[], int]
) -> None:
    alarms = flood(30)
    run_jobs()
    for alarm in alarms[5:20]:
        alarm_acknowledge(alarm=alarm, by=officer)
    bundles_sweep(now=timezone.now() + timedelta(seconds=6))
    run_jobs()
    assert inbox(officer)[-1].title == "10 条提醒合并:黄色 10"
    assert Notice.objects.filter(state="withdrawn").count() == 15
    pass_time(run_jobs, minutes=31)
    bundles_sweep(now=timezone.now() + timedelta(minutes=6))
    run_jobs()
    reminded = inbox(officer)[-1]
    assert reminded.title == "15 条提醒合并:黄色 15"
    assert "再次提醒" in reminded.bundled.first().body
    assert not Notice.objects.filter(state__in=("waiting", "held")).exists()


def test_the_auditor_finds_nothing_after_a_flood(flood: Raised, officer: User, run_jobs: Callable[[], int]) -> None:
    flood(120, red=10)
    run_jobs()
    run = alarms_audit(now=timezone.now() + timedelta(minutes=3))
    assert (run.checked, run.mended) == (120, 0)


@pytest.mark.parametrize("query", ["", "?view=rows", "?page=3", "?view=rows&level=4"])
def test_the_list_is_read_with_as_few_statements_however_many_alarms_are_open(
    flood: Raised, officer: User, query: str
) -> None:
    client = Client()
    client.force_login(officer, backend="anlan.accounts.backends.RoleBackend")
    counts = []
    for more in (60, 300):
        flood(more, red=40)
        client.get(f"/alarms/{query}")
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/alarms/{query}")
        counts.append(len(seen))
    assert counts[1] <= counts[0] <= 15


def test_many_are_acknowledged_at_once_with_few_statements(flood: Raised, officer: User) -> None:
    alarms = flood(250)
    alarm_acknowledge(alarm=alarms[0], by=officer)
    with CaptureQueriesContext(connection) as seen:
        assert alarms_acknowledge(alarms=alarms, by=officer) == (249, 1)
    assert len(seen) < 30
    assert not Alarm.objects.waiting().exists()
    assert AlarmStep.objects.filter(step="acknowledge", by=officer).count() == 250
