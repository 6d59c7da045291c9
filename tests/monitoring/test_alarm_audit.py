"""The auditor finds every open alarm whose next step was lost, mends it, and is itself watched from outside."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Area
from anlan.kit.models import Deadline, Notice
from anlan.monitoring.audit import alarms_audit
from anlan.monitoring.health import health, heartbeat
from anlan.monitoring.models import Alarm, AlarmFinding, AuditRun
from anlan.monitoring.services import alarm_acknowledge, alarm_shelve

from .alarming import DeviceMaker, alarm_of, level_rule, on_shift, pass_time, person, says, told

pytestmark = pytest.mark.django_db
Jobs = Callable[[], int]


@pytest.fixture
def told_alarm(device: DeviceMaker, area: Area, run_jobs: Jobs) -> Alarm:
    """A red alarm an hour old, of which the duty officer was told."""
    device()
    level_rule()
    on_shift(person(area))
    says(5.5)
    run_jobs()
    Alarm.objects.update(announced_at=timezone.now() - timedelta(hours=1))
    return alarm_of("0011223344")


def clocks(alarm: Alarm) -> set[str]:
    rows = Deadline.objects.filter(subject="monitoring.alarm", subject_id=alarm.pk, met_at=None, passed_at=None)
    return set(rows.values_list("kind", flat=True))


def test_a_loop_in_order_is_left_as_it_is(told_alarm: Alarm) -> None:
    run = alarms_audit()
    assert (run.checked, run.mended, run.reported) == (1, 0, 0)
    assert not AlarmFinding.objects.exists()


def test_deleted_deadlines_are_set_again_and_the_person_is_told(told_alarm: Alarm, run_jobs: Jobs) -> None:
    Deadline.objects.filter(subject="monitoring.alarm").delete()
    run = alarms_audit()
    assert (run.mended, clocks(told_alarm)) == (2, {"alarm.repeat", "alarm.chain"})
    before = len(told(told_alarm))
    pass_time(run_jobs, minutes=0.1)
    assert len(told(told_alarm)) > before
    found = AlarmFinding.objects.exclude(kind="nobody").values_list("kind", "mended")
    assert set(found) == {("no_repeat", True), ("no_chain", True)}


def test_news_that_was_lost_before_anybody_was_told_is_told(device: DeviceMaker, area: Area) -> None:
    device()
    level_rule()
    officer = person(area)
    on_shift(officer)
    says(5.5)
    Alarm.objects.update(announced_at=timezone.now() - timedelta(minutes=5))
    alarms_audit()
    alarm = alarm_of("0011223344")
    assert told(alarm) == [f"user:{officer.pk}"]
    assert clocks(alarm) == {"alarm.repeat", "alarm.chain"}


def test_a_deadline_that_passed_with_nothing_following_is_set_again(told_alarm: Alarm) -> None:
    long_ago = timezone.now() - timedelta(minutes=10)
    Deadline.objects.filter(kind="alarm.repeat").update(due_at=long_ago, passed_at=long_ago)
    assert alarms_audit().mended == 1
    assert clocks(told_alarm) == {"alarm.repeat", "alarm.chain"}


def test_a_shelved_alarm_without_an_end_gets_its_end_again(told_alarm: Alarm, area: Area, run_jobs: Jobs) -> None:
    alarm_shelve(alarm=told_alarm, by=person(area), minutes=60, reason="检修")
    Deadline.objects.filter(kind="alarm.unshelve").delete()
    assert alarms_audit().mended == 1
    told_alarm.refresh_from_db()
    assert Deadline.objects.get(kind="alarm.unshelve").due_at == told_alarm.shelved_until


def test_a_reminder_that_runs_on_after_acknowledgement_is_stopped(told_alarm: Alarm, area: Area) -> None:
    alarm_acknowledge(alarm=told_alarm, by=person(area))
    Deadline.objects.filter(kind="alarm.repeat").update(met_at=None, due_at=timezone.now() + timedelta(minutes=5))
    assert alarms_audit().mended == 1
    assert clocks(told_alarm) == set()


def test_what_nobody_sweeps_is_reported_and_not_called_mended(told_alarm: Alarm) -> None:
    Deadline.objects.filter(kind="alarm.repeat").update(due_at=timezone.now() - timedelta(minutes=10))
    run = alarms_audit()
    assert (run.mended, run.reported) == (0, 1)
    assert AlarmFinding.objects.get().kind == "overdue"
    assert Notice.objects.filter(about="monitoring.alarmfinding", address__startswith="role:administrator").count() == 1


def test_a_finding_is_one_row_while_it_lasts_and_closes_by_itself(told_alarm: Alarm) -> None:
    Deadline.objects.filter(kind="alarm.repeat").update(due_at=timezone.now() - timedelta(minutes=10))
    now = timezone.now()
    for minute in range(3):
        alarms_audit(now=now + timedelta(minutes=minute))
    finding = AlarmFinding.objects.get()
    assert (finding.times, finding.closed_at) == (3, None)
    Deadline.objects.filter(kind="alarm.repeat").update(due_at=now + timedelta(hours=1))
    alarms_audit(now=now + timedelta(minutes=10))
    finding.refresh_from_db()
    assert finding.closed_at is not None


def test_a_worker_that_stands_still_is_seen_from_outside(told_alarm: Alarm) -> None:
    client = Client()
    assert client.get("/healthz/alarms/").status_code == 503
    alarms_audit()
    answer = client.get("/healthz/alarms/")
    assert (answer.status_code, answer.json()["ok"], answer.json()["open_alarms"]) == (200, True, 1)
    AuditRun.objects.update(at=timezone.now() - timedelta(minutes=4))
    stale = client.get("/healthz/alarms/")
    assert (stale.status_code, stale.json()["ok"]) == (503, False)


def test_a_deadline_that_nobody_sweeps_is_seen_from_outside(told_alarm: Alarm) -> None:
    alarms_audit()
    assert health().ok
    Deadline.objects.filter(kind="alarm.repeat").update(due_at=timezone.now() - timedelta(minutes=10))
    assert not health().ok
    assert health().overdue_s > 500


@pytest.fixture
def watcher() -> Iterator[tuple[str, list[str]]]:
    """A real HTTP server that remembers who called; `/bad` answers 500."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(500 if self.path == "/bad" else 200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_the_watcher_outside_hears_after_each_good_round(
    watcher: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, heard = watcher
    monkeypatch.setitem(os.environ, "ANLAN_HEARTBEAT_URL", f"{address}/ping/1")
    run = alarms_audit()
    assert heartbeat(run)
    assert heard == ["/ping/1"]
    assert AuditRun.objects.get().pinged is True


@pytest.mark.parametrize("path", ["/bad", None, "ftp://nowhere"])
def test_a_watcher_that_does_not_answer_is_recorded_and_fails_nothing(
    watcher: tuple[str, list[str]], path: str | None
) -> None:
    run = alarms_audit()
    address = "http://127.0.0.1:9/" if path is None else path if "//" in path else watcher[0] + path
    assert not heartbeat(run, address)
    row = AuditRun.objects.get()
    assert (row.pinged, bool(row.ping_error)) == (False, True)
