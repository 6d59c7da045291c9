"""One cause hides what it explains, counts it, and lets it out when it is gone."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from anlan.accounts.models import Area
from anlan.monitoring.audit import alarms_audit
from anlan.monitoring.folding import cause_fold
from anlan.monitoring.models import Alarm, AlarmFinding, CauseRule, Device, DeviceDependency, Suppression
from anlan.monitoring.moments import moment, now_ms
from anlan.monitoring.services import alarm_acknowledge
from anlan.monitoring.silence import silence_sweep
from anlan.monitoring.suppression import suppressed_devices
from anlan.registry.models import Facility

from .alarming import DeviceMaker, alarm_of, level_rule, person, power_rule, says, steps, told
from .frames import MINUTE

pytestmark = pytest.mark.django_db
Jobs = Callable[[], int]


@pytest.fixture
def pump(area: Area, device: DeviceMaker) -> list[Device]:
    """A pump station: a panel that feeds three level sensors, of which one stands elsewhere."""
    house = Facility.objects.create(name="田头山泵站", area=area, kind="pump_station")
    panel = device("P", kind="fire_panel", facility=house)
    sensors = [device(f"S{n}", facility=house if n < 2 else None) for n in range(3)]
    for sensor in sensors:
        DeviceDependency.objects.create(parent=panel, means="power", child=sensor)
    level_rule()
    power_rule()
    return [panel, *sensors]


def power_out(scope: str = "power", **more: object) -> CauseRule:
    return CauseRule.objects.create(name="停电", device_kind="fire_panel", key="45H:ac", scope=scope, **more)


def fails() -> Alarm:
    says(1, code="P", key="45H:ac")
    return alarm_of("P")


def test_silence_behind_a_lost_power_is_hidden_and_counted_under_it(pump: list[Device], run_jobs: Jobs) -> None:
    power_out()
    for n in range(3):
        says(1, code=f"S{n}", at=now_ms() - 20 * MINUTE)
    cause = fails()
    silence_sweep(now=now_ms())
    assert [a.state for a in cause.hides.all()] == ["hidden"] * 3
    assert set(Alarm.objects.standing()) == {cause}
    run_jobs()
    assert told(cause) != []
    assert [told(child) for child in cause.hides.all()] == [[], [], []]


def test_what_is_still_wrong_comes_out_with_news_when_the_power_is_back(pump: list[Device], run_jobs: Jobs) -> None:
    power_out()
    cause = fails()
    for n in range(3):
        says(3.2, code=f"S{n}")
    says(1, code="S2")
    says(0, code="P", key="45H:ac")
    run_jobs()
    out, gone = alarm_of("S0"), alarm_of("S2")
    assert (out.state, gone.state) == ("active", "hidden_cleared")
    assert steps(out)[:3] == ["raise", "hide", "release"]
    assert told(out) != []
    assert told(gone) == []
    assert cause.hides.count() == 3
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(("value", "state"), [(3.2, "hidden"), (4.2, "hidden"), (5.2, "active")])
def test_orange_and_red_levels_are_never_hidden_unless_the_row_says_so(
    pump: list[Device], value: float, state: str
) -> None:
    power_out()
    fails()
    says(value, code="S0")
    assert alarm_of("S0").state == state


def test_a_row_that_says_so_hides_red_too(pump: list[Device]) -> None:
    power_out(level_to=4)
    fails()
    says(5.2, code="S0")
    assert alarm_of("S0").state == "hidden"


def test_a_hidden_alarm_that_grows_beyond_its_cover_comes_out_at_once(pump: list[Device], run_jobs: Jobs) -> None:
    power_out()
    fails()
    says(3.2, code="S0", at=now_ms() - 1000)
    says(5.5, code="S0")
    worse = alarm_of("S0")
    assert (worse.state, worse.level) == ("active", 4)
    assert steps(worse) == ["raise", "hide", "escalate", "release"]
    run_jobs()
    assert len(told(worse)) == 1


def test_a_cause_that_comes_later_folds_what_nobody_has_acknowledged(
    pump: list[Device], area: Area, run_jobs: Jobs
) -> None:
    power_out()
    says(3.2, code="S0")
    says(3.2, code="S1")
    alarm_acknowledge(alarm=alarm_of("S1"), by=person(area))
    run_jobs()
    cause = fails()
    run_jobs()
    assert alarm_of("S0").hidden_under == cause
    assert alarm_of("S1").state == "active_seen"
    says(0, code="P", key="45H:ac")
    run_jobs()
    assert steps(alarm_of("S0")) == ["raise", "notify", "hide", "release"]


def test_what_is_older_than_the_row_s_minutes_is_not_folded(pump: list[Device], run_jobs: Jobs) -> None:
    power_out(within_minutes=5)
    says(3.2, code="S0", at=now_ms() - 6 * MINUTE)
    fails()
    run_jobs()
    assert alarm_of("S0").state == "active"


@pytest.mark.parametrize(
    ("scope", "codes"), [("power", "S0 S1 S2"), ("facility", "S0 S1"), ("network", ""), ("device", "P")]
)
def test_each_scope_reaches_its_own_devices(pump: list[Device], scope: str, codes: str) -> None:
    power_out(scope)
    fails()
    found = Device.objects.filter(pk__in=suppressed_devices()).values_list("code", flat=True)
    assert sorted(found) == codes.split()


def test_what_hangs_on_something_that_hangs_on_it_is_reached_and_a_ring_ends(
    pump: list[Device], device: DeviceMaker
) -> None:
    far = device("far")
    DeviceDependency.objects.create(parent=pump[1], means="power", child=far)
    DeviceDependency.objects.create(parent=far, means="power", child=pump[0])
    power_out()
    fails()
    assert {pump[1].pk, pump[2].pk, pump[3].pk, far.pk} == suppressed_devices()


def test_a_cause_that_hides_only_silence_leaves_the_readings_as_good_as_ever(pump: list[Device]) -> None:
    power_out(level_to=0)
    fails()
    assert suppressed_devices() == frozenset()
    says(3.2, code="S0")
    assert alarm_of("S0").state == "active"


def test_two_causes_that_explain_each_other_do_not_hide_each_other(
    pump: list[Device], area: Area, device: DeviceMaker, run_jobs: Jobs
) -> None:
    device("Q", kind="fire_panel", facility=pump[0].facility)
    power_out("facility")
    first = fails()
    says(1, code="Q", key="45H:ac")
    second = alarm_of("Q")
    run_jobs()
    second.refresh_from_db()
    assert (second.hidden_under, Alarm.objects.get(pk=first.pk).state) == (first, "active")
    says(3.2, code="S0")
    says(0, code="P", key="45H:ac")
    run_jobs()
    second.refresh_from_db()
    assert second.state == "active"
    assert alarm_of("S0").hidden_under == second


def test_taking_a_rule_back_lets_everything_out_at_the_next_audit(pump: list[Device], run_jobs: Jobs) -> None:
    rule = power_out()
    fails()
    says(3.2, code="S0")
    rule.active = False
    rule.save()
    alarms_audit(now=moment(now_ms() + 3 * MINUTE))
    assert alarm_of("S0").state == "active"
    assert AlarmFinding.objects.filter(kind="not_released", mended=True).count() == 1


def test_a_child_raised_in_the_same_moment_unseen_by_its_cause_is_folded_by_the_audit(pump: list[Device]) -> None:
    power_out()
    says(3.2, code="S0")
    cause = fails()
    assert alarm_of("S0").state == "active"
    alarms_audit(now=moment(now_ms() + 3 * MINUTE))
    assert alarm_of("S0").hidden_under == cause
    assert cause_fold(alarm_id=cause.pk) == []


def test_without_a_rule_nothing_is_hidden(pump: list[Device]) -> None:
    fails()
    says(3.2, code="S0")
    assert alarm_of("S0").state == "active"
    assert suppressed_devices() == frozenset()


def test_a_device_cannot_depend_on_itself_and_a_rule_must_name_a_cause(pump: list[Device]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        DeviceDependency.objects.create(parent=pump[0], means="power", child=pump[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        CauseRule.objects.create(name="一切", scope="facility")
