"""What goes wrong at a desk: two hands at once, rings of causes, a clock set back, people who leave, windows that overlap."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.accounts.models import Area, User
from anlan.monitoring import grouping
from anlan.monitoring.alarm_lines import hides_of
from anlan.monitoring.alarm_selectors import audit_late
from anlan.monitoring.audit import alarms_audit
from anlan.monitoring.forecasting.alarms import forecast_raise
from anlan.monitoring.health import health
from anlan.monitoring.maintenance import WindowScope, window_end, windows_plan
from anlan.monitoring.models import Alarm, CauseRule, Device, DeviceDependency, MaintenanceWindow, Series
from anlan.monitoring.moments import now_ms
from anlan.monitoring.services import alarm_shelve, alarms_acknowledge
from together import together

from .alarming import DeviceMaker, alarm_of, level_rule, on_shift, pass_time, person, power_rule, says, told

pytestmark = pytest.mark.django_db
Jobs = Callable[[], int]
HOUR = timedelta(hours=1)
STEPS = {
    "acknowledge": {"note": ""}, "assign": {"to": 1}, "shelve": {"minutes": 60, "reason": "x"}, "unshelve": {},
    "hand_up": {"note": "x"}, "comment": {"note": "x"},
}  # fmt: skip


def browse(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="anlan.accounts.backends.RoleBackend")
    return client


def test_of_two_officers_who_press_at_the_same_moment_the_second_is_told_who_was_first(
    shared_db: None, area: Area, device: DeviceMaker
) -> None:
    level_rule()
    device()
    says(5.5)
    address = f"/alarms/{alarm_of('0011223344').pk}/acknowledge/"
    hands = [browse(person(area, name=name)) for name in ("王建国", "李敏")]
    answers = together(*(lambda hand=hand: hand.post(address, {"note": ""}) for hand in hands))
    first, second = sorted(answers, key=lambda answer: int(answer.status_code))
    assert (first.status_code, second.status_code) == (302, 409)
    assert "无需重复确认" in second.content.decode()


def test_two_who_shelve_the_same_metric_by_different_alarms_do_not_wait_for_each_other_forever(
    shared_db: None, area: Area, device: DeviceMaker
) -> None:
    level_rule()
    device()
    officer = person(area)
    for turn in range(4):
        says(1.0, at=now_ms() - 20_000 + 2 * turn)
        says(4.2, at=now_ms() - 20_000 + 2 * turn + 1)
        forecast(2)
        low, high = Alarm.objects.open().order_by("pk")
        works = [
            lambda alarm=alarm: alarm_shelve(alarm=alarm, by=officer, minutes=60, reason="检修", whole=True)
            for alarm in (high, low)
        ]
        answers = together(*works, lambda both=(low, high): alarms_acknowledge(alarms=both, by=officer))
        assert sum(isinstance(answer, Alarm) for answer in answers) == 1
        assert {alarm.state.is_shelved for alarm in Alarm.objects.open()} == {True}
        forecast(0)


def forecast(level: int) -> None:
    with transaction.atomic():
        forecast_raise(series_id=Series.objects.get().pk, level=level, value=5.0, now=now_ms())


RING = ("P0", "P1", "P2", "P3")


@pytest.fixture
def ring(area: Area, device: DeviceMaker) -> list[Device]:
    """Four panels, each feeding the next, the last the first; a sensor behind each."""
    power_rule()
    level_rule()
    panels = [device(code, kind="fire_panel") for code in RING]
    for number, panel in enumerate(panels):
        sensor = device(f"S{number}")
        for child in (panels[(number + 1) % len(panels)], sensor):
            DeviceDependency.objects.create(parent=panel, means="power", child=child)
    CauseRule.objects.create(name="停电", device_kind="fire_panel", key="45H:ac", scope="power")
    return panels


def roots(alarm: Alarm) -> Alarm:
    """What hides it at last; fails where nothing visible does."""
    seen = {alarm.pk}
    while alarm.is_hidden:
        assert alarm.hidden_under is not None
        alarm = alarm.hidden_under
        assert alarm.pk not in seen, "a ring in which all are hidden"
        seen.add(alarm.pk)
    return alarm


@given(st.lists(st.tuples(st.sampled_from((*RING, "S0", "S1", "S2", "S3")), st.booleans(), st.booleans()), max_size=14))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_in_a_ring_of_causes_something_is_always_visible_for_all_that_is_hidden(
    ring: list[Device], run_jobs: Jobs, events: list[tuple[str, bool, bool]]
) -> None:
    at = now_ms()
    for number, (code, on, carried) in enumerate(events):
        key, value = ("45H:ac", float(on)) if code in RING else ("39", 3.2 if on else 1.0)
        says(value, code=code, key=key, at=at + number)
        if carried:
            run_jobs()
    run_jobs()
    alarms_audit(now=timezone.now() + timedelta(minutes=3))
    for alarm in Alarm.objects.open().hidden():
        root = roots(alarm)
        assert (root.cleared_at, root.state.is_hidden) == (None, False)
    for code in (*RING, "S0", "S1", "S2", "S3"):
        says(0.0, code=code, key="45H:ac" if code in RING else "39", at=at + 1000)
    run_jobs()
    assert not Alarm.objects.open().exists()


def test_what_lies_under_a_hidden_cause_is_counted_at_the_top_and_found_there(
    ring: list[Device], area: Area, run_jobs: Jobs
) -> None:
    DeviceDependency.objects.filter(child__code="S1").update(means="network")
    CauseRule.objects.create(name="断网", device_kind="fire_panel", key="45H:ac", scope="network")
    for code in ("P0", "P1"):
        says(1, code=code, key="45H:ac")
    says(3.2, code="S1")
    run_jobs()
    top, below, sensor = alarm_of("P0"), alarm_of("P1"), alarm_of("S1")
    assert (below.hidden_under, sensor.hidden_under, top.state) == (top, below, "active")
    assert hides_of([top.pk, below.pk]) == {top.pk: 2, below.pk: 1}
    client = browse(person(area))
    assert "隐去 2 条" in client.get("/alarms/").content.decode()
    found = client.get(f"/alarms/?state=hidden&under={top.pk}").content.decode()
    assert f"/alarms/{sensor.pk}/" in found
    assert client.get(f"/alarms/{top.pk}/").context["handling"].counts["active"] == 2


def test_under_two_windows_that_overlap_an_alarm_comes_out_at_the_end_of_the_last(
    area: Area, device: DeviceMaker, run_jobs: Jobs
) -> None:
    level_rule()
    station, officer, now = device(), person(area), timezone.now()
    for scope, hours in ((WindowScope(device=station), 1), (WindowScope(area=area), 3)):
        windows_plan(scope=scope, starts_at=now, ends_at=now + hours * HOUR, reason="检修", by=officer)
    says(5.5)
    short, long = MaintenanceWindow.objects.order_by("ends_at")
    for window, state in ((short, "hidden"), (long, "active")):
        MaintenanceWindow.objects.filter(pk=window.pk).update(
            made_at=now - 3 * HOUR, starts_at=now - 2 * HOUR, ends_at=now - HOUR
        )
        window_end(window_id=window.pk)
        assert alarm_of(station.code).state == state
    run_jobs()
    assert told(alarm_of(station.code)) != []


@pytest.mark.parametrize("step", STEPS)
def test_nobody_takes_a_step_on_an_alarm_of_another_area(area: Area, device: DeviceMaker, step: str) -> None:
    level_rule()
    device()
    says(3.2)
    stranger = person(Area.objects.create(code="440311", name="别区", level="district"), name="外人")
    address = f"/alarms/{alarm_of('0011223344').pk}/"
    assert browse(stranger).post(f"{address}{step}/", STEPS[step]).status_code == 404
    assert browse(stranger).get(address).status_code == 404
    assert alarm_of("0011223344").steps.count() == 1


def test_who_leaves_in_the_middle_of_a_chain_is_told_no_more_and_the_chain_goes_on(
    area: Area, device: DeviceMaker, run_jobs: Jobs
) -> None:
    level_rule()
    device()
    officer, leader = person(area), person(area, "commander", "李敏")
    on_shift(officer), on_shift(leader, "shift_leader")
    says(5.5)
    run_jobs()
    User.objects.filter(pk=officer.pk).update(is_active=False)
    pass_time(run_jobs, minutes=5.5)
    assert told(alarm_of("0011223344")) == [f"user:{officer.pk}", f"user:{leader.pk}"]


def test_an_alarm_of_which_nobody_was_ever_told_is_found_and_told(
    area: Area, device: DeviceMaker, run_jobs: Jobs
) -> None:
    level_rule()
    device()
    officer = person(area)
    on_shift(officer)
    says(5.5)
    Alarm.objects.update(announced_at=None)
    run_jobs()
    assert told(alarm_of("0011223344")) == []
    assert alarms_audit(now=timezone.now() + timedelta(minutes=3)).mended == 1
    assert told(alarm_of("0011223344")) == [f"user:{officer.pk}"]


def test_after_a_clock_set_back_a_dead_auditor_is_not_taken_for_alive_and_no_shelf_lasts_longer(
    area: Area, device: DeviceMaker
) -> None:
    level_rule()
    device()
    says(3.2)
    alarm = alarm_of("0011223344")
    alarm_shelve(alarm=alarm, by=person(area), minutes=60, reason="检修")
    alarms_audit()
    back = timezone.now() - HOUR
    assert not health(now=back).ok
    assert alarms_audit(now=back).mended >= 1
    alarm.refresh_from_db()
    assert (alarm.state, alarm.shelved_until) == ("active", None)
    assert (health(now=back + timedelta(seconds=30)).audit_age_s, audit_late()) == (30, 60)


def test_more_alarms_than_can_be_grouped_are_listed_one_by_one_and_none_is_left_out(
    area: Area, device: DeviceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    level_rule()
    codes = [f"{number}" for number in range(4)]
    for code in codes:
        device(code)
        says(random.Random(code).choice((3.2, 5.5)), code=code)
    client = browse(person(area))
    assert client.get("/alarms/").context["page"].paginator.count == 1
    monkeypatch.setattr(grouping, "MOST", 3)
    page = client.get("/alarms/")
    assert page.context["page"].paginator.count == 4
    assert all(f"站{code}" in page.content.decode() for code in codes)
