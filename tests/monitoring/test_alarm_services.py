"""A person acknowledges an alarm once; a device gets a token of which only a hash is kept."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from anlan.accounts.models import Area, User
from anlan.kit.flow import IllegalStep
from anlan.monitoring import showing as alarm_module
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, Device, ThresholdRule
from anlan.monitoring.services import alarm_acknowledge, device_token_issue, token_hash

from .frames import MINUTE, NOW, frame

DeviceMaker = Callable[..., Device]


def person(area: Area, role: str = "duty_officer", name: str = "王建国") -> User:
    return User.objects.create(username=f"{role}-{name}", display_name=name, role=role, area=area)


def rule() -> ThresholdRule:
    return ThresholdRule.objects.create(
        name="河道水位", device_kind="level", key="39", low=-2, high=30, source="test",
        blue_raise=3, blue_clear=2.5, red_raise=5, red_clear=4.5,
    )  # fmt: skip


@pytest.fixture
def alarm(device: DeviceMaker) -> Alarm:
    """A level of 3.4 m at the station, which is blue."""
    device()
    rule()
    readings_store(batch=[frame([("39", NOW, 3.4)])], now=NOW)
    return Alarm.objects.get()


def test_an_acknowledged_alarm_says_who_and_when_and_keeps_the_note(alarm: Alarm, area: Area) -> None:
    seen = alarm_acknowledge(alarm=alarm, by=person(area), note=" 已电话核实 ")
    assert (seen.state, str(seen.acknowledged_by)) == ("active_seen", "王建国")
    last = seen.steps.last()
    assert last is not None
    assert (last.step, last.note, last.level) == ("acknowledge", "已电话核实", 1)


def test_the_second_person_is_told_who_was_first(alarm: Alarm, area: Area) -> None:
    alarm_acknowledge(alarm=alarm, by=person(area))
    with pytest.raises(IllegalStep, match=r"已由.*王建国.*确认"):
        alarm_acknowledge(alarm=alarm, by=person(area, "commander", "李敏"))
    assert alarm.steps.filter(step="acknowledge").count() == 1


def test_a_higher_level_asks_for_a_person_again(alarm: Alarm, area: Area) -> None:
    officer = person(area)
    alarm_acknowledge(alarm=alarm, by=officer)
    readings_store(batch=[frame([("39", NOW + MINUTE, 5.4)])], now=NOW + MINUTE)
    alarm.refresh_from_db()
    assert alarm.state == "active"
    assert alarm_acknowledge(alarm=alarm, by=officer).state == "active_seen"


def test_a_cleared_alarm_can_still_be_acknowledged(alarm: Alarm, area: Area) -> None:
    readings_store(batch=[frame([("39", NOW + MINUTE, 1.0)])], now=NOW + MINUTE)
    assert alarm_acknowledge(alarm=alarm, by=person(area)).state == "cleared_seen"


@pytest.mark.parametrize("role", ["leader", "street", "community", "enterprise", "team_leader", "administrator"])
def test_who_only_reads_does_not_acknowledge(alarm: Alarm, area: Area, role: str) -> None:
    with pytest.raises(PermissionDenied):
        alarm_acknowledge(alarm=alarm, by=person(area, role))


def test_a_cleared_alarm_leaves_the_map(alarm: Alarm, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(alarm_module, "live_publish_all", lambda topic, news: told.extend(row for _area, row in news))
    readings_store(batch=[frame([("39", NOW + MINUTE, 5.5)])], now=NOW + MINUTE)
    readings_store(batch=[frame([("39", NOW + 2 * MINUTE, 1.0)])], now=NOW + 2 * MINUTE)
    raised, cleared = told
    assert (raised["id"], raised["level"], raised["gone"]) == (alarm.pk, 4, False)
    assert (raised["name"], raised["lon"], raised["lat"]) == ("站0011223344", 114.35, 22.69)
    assert (cleared["id"], cleared["gone"]) == (alarm.pk, True)


def test_of_two_people_at_the_same_moment_one_acknowledges(shared_db: None, device: DeviceMaker, area: Area) -> None:
    device()
    rule()
    readings_store(batch=[frame([("39", NOW, 3.4)])], now=NOW)
    alarm = Alarm.objects.get()
    people = [person(area, "duty_officer", "王建国"), person(area, "commander", "李敏")]

    def try_it(by: User) -> str:
        try:
            alarm_acknowledge(alarm=alarm, by=by)
        except IllegalStep:
            return "refused"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(try_it, people)) == ["done", "refused"]
    assert alarm.steps.filter(step="acknowledge").count() == 1


def test_of_a_token_only_the_hash_is_kept_and_a_new_one_ends_the_old(device: DeviceMaker, area: Area) -> None:
    one, administrator = device(), person(area, "administrator")
    first = device_token_issue(device=one, by=administrator)
    second = device_token_issue(device=one, by=administrator)
    one.refresh_from_db()
    assert first != second
    assert one.token_hash == token_hash(second)
    assert second not in str(Device.objects.values().get())
    assert len(second) >= 43


def test_only_an_administrator_issues_tokens(device: DeviceMaker, area: Area) -> None:
    with pytest.raises(PermissionDenied):
        device_token_issue(device=device(), by=person(area, "commander"))
