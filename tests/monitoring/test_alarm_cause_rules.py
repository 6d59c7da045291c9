"""Rules of the cause tree by kind and place: an administrator makes one, sees what it would hide, another signs it."""

from collections.abc import Callable

import pytest
from django.contrib.gis.geos import Point
from django.core.exceptions import PermissionDenied
from django.test import Client

from anlan.accounts.models import Area, User
from anlan.monitoring.causes import cause_end, cause_propose, cause_sign
from anlan.monitoring.models import Alarm, CauseRule, Device, DeviceDependency, Suppression
from anlan.monitoring.moments import now_ms
from anlan.monitoring.silence import silence_sweep
from anlan.registry.models import Facility

from .alarming import DeviceMaker, alarm_of, level_rule, person, power_rule, says, steps, told
from .frames import MINUTE

pytestmark = pytest.mark.django_db
Jobs = Callable[[], int]
FORM = {"name": "停电", "device_kind": "fire_panel", "key": "45H:ac", "scope": "facility", "explained": ["level"],
        "silence": "on", "level_to": 2, "within_minutes": 10}  # fmt: skip


@pytest.fixture
def admin(area: Area) -> User:
    return person(area, "administrator", "管理员")


@pytest.fixture
def commander(area: Area) -> User:
    return person(area, "commander", "指挥长")


@pytest.fixture
def station(area: Area, device: DeviceMaker) -> list[Device]:
    """A panel, forty level sensors and a gas sensor in one pump station."""
    house = Facility.objects.create(name="田头山泵站", area=area, kind="pump_station")
    level_rule()
    power_rule()
    sensors = [device(f"S{n}", facility=house) for n in range(40)]
    return [device("P", kind="fire_panel", facility=house), *sensors, device("G", kind="gas", facility=house)]


def browse(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="anlan.accounts.backends.RoleBackend")
    return client


def rule(**more: object) -> CauseRule:
    fields = {"name": "停电", "device_kind": "fire_panel", "key": "45H:ac", "scope": "facility", "explains": "level"}
    return CauseRule(**(fields | more))


def test_forty_silent_sensors_behind_one_power_alarm_are_one_alarm(
    station: list[Device], admin: User, commander: User, run_jobs: Jobs
) -> None:
    cause_sign(rule=cause_propose(rule=rule(), by=admin), by=commander)
    for n in range(40):
        says(1, code=f"S{n}", at=now_ms() - 20 * MINUTE)
    says(1, code="P", key="45H:ac")
    silence_sweep(now=now_ms())
    run_jobs()
    assert list(Alarm.objects.standing()) == [alarm_of("P")]
    assert alarm_of("P").hides.count() == 40
    for n in range(37):
        says(1, code=f"S{n}")
    says(0, code="P", key="45H:ac")
    run_jobs()
    left = {alarm.device.code for alarm in Alarm.objects.standing().select_related("device")}
    assert left == {"S37", "S38", "S39"}
    assert all(told(alarm_of(code, Alarm.Kind.NO_DATA)) for code in left)
    assert steps(alarm_of("S37", Alarm.Kind.NO_DATA))[:3] == ["raise", "hide", "release"]
    assert not Suppression.objects.exists()


def test_only_the_kinds_that_the_rule_names_are_explained(station: list[Device], admin: User, commander: User) -> None:
    cause_sign(rule=cause_propose(rule=rule(), by=admin), by=commander)
    says(1, code="P", key="45H:ac")
    covered = {row.device.kind for row in Suppression.objects.select_related("device")}
    assert covered == {"level"}


@pytest.mark.parametrize(
    ("scope", "more", "hidden"),
    [("area", {}, {"IN"}), ("near", {"radius": 500}, {"IN", "FAR"}), ("near", {"radius": 20}, set())],
)
def test_an_area_and_a_radius_are_places_too(
    area: Area, device: DeviceMaker, scope: str, more: dict[str, int], hidden: set[str]
) -> None:
    power_rule()
    east = Area.objects.create(code="440310001", name="东", level="street", parent=area)
    west = Area.objects.create(code="440310002", name="西", level="street", parent=area)
    for code, place, lon in (("P", east, 114.35), ("IN", east, 114.351), ("FAR", west, 114.354)):
        made = device(code, kind="fire_panel" if code == "P" else "level", location=Point(lon, 22.69, srid=4490))
        Device.objects.filter(pk=made.pk).update(area=place)
    rule(scope=scope, **more).save()
    says(1, code="P", key="45H:ac")
    assert {row.device.code for row in Suppression.objects.select_related("device")} == hidden


def test_a_rule_hides_nothing_before_another_person_signs_it(
    station: list[Device], admin: User, commander: User, run_jobs: Jobs
) -> None:
    proposed = cause_propose(rule=rule(), by=admin)
    says(3.2, code="S0")
    says(1, code="P", key="45H:ac")
    assert alarm_of("S0").state == "active"
    with pytest.raises(PermissionDenied):
        cause_sign(rule=proposed, by=admin)
    with pytest.raises(PermissionDenied):
        cause_sign(rule=proposed, by=person(commander.area))
    cause_sign(rule=proposed, by=commander)
    run_jobs()
    assert alarm_of("S0").state == "hidden"
    with pytest.raises(PermissionDenied):
        cause_sign(rule=proposed, by=commander)


def test_what_a_rule_hides_comes_out_when_it_is_taken_back(
    station: list[Device], admin: User, commander: User, run_jobs: Jobs
) -> None:
    signed = cause_sign(rule=cause_propose(rule=rule(), by=admin), by=commander)
    says(1, code="P", key="45H:ac")
    says(3.2, code="S0")
    assert cause_end(rule=signed, by=admin) == [alarm_of("S0").pk]
    assert alarm_of("S0").state == "active"
    run_jobs()
    assert told(alarm_of("S0")) != []


def test_the_page_shows_what_a_rule_would_hide_before_it_is_proposed(
    station: list[Device], admin: User, commander: User
) -> None:
    says(3.2, code="S0")
    says(5.2, code="S1")
    says(1, code="P", key="45H:ac")
    client = browse(admin)
    answer = client.post("/causes/new/", FORM)
    preview = answer.context["preview"]
    assert (preview.causes, preview.devices) == (1, 40)
    assert [alarm.device.code for alarm in preview.alarms] == ["S0"]
    assert (preview.past_causes, preview.past_hidden) == (1, 1)
    assert not CauseRule.objects.exists()
    made = client.post("/causes/new/", FORM | {"propose": "1"})
    proposed = CauseRule.objects.get()
    assert made.headers["Location"] == f"/causes/{proposed.pk}/"
    assert client.post(f"/causes/{proposed.pk}/sign/").status_code == 403
    other = browse(commander)
    assert "待签发" in other.get(f"/causes/{proposed.pk}/").content.decode()
    assert other.post(f"/causes/{proposed.pk}/sign/").status_code == 302
    assert "指挥长" in client.get("/causes/").content.decode()
    assert client.post("/causes/new/", FORM | {"propose": "1"}).status_code == 422


@pytest.mark.parametrize(
    "change", [{"scope": "near"}, {"device_kind": "", "key": ""}, {"scope": "moon"}, {"explained": ["ship"]}]
)
def test_a_rule_that_says_too_little_is_refused_with_a_sentence(
    station: list[Device], admin: User, change: dict[str, object]
) -> None:
    answer = browse(admin).post("/causes/new/", FORM | {"propose": "1"} | change)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not CauseRule.objects.exists()


def test_an_officer_reads_the_tree_and_is_offered_no_change(station: list[Device], area: Area) -> None:
    DeviceDependency.objects.create(parent=station[0], means="power", child=station[1])
    DeviceDependency.objects.create(parent=station[1], means="network", child=station[2])
    DeviceDependency.objects.create(parent=station[2], means="network", child=station[0])
    client = browse(person(area))
    page = client.get("/causes/").content.decode()
    assert "站S0" in page
    assert "新的原因规则" not in page
    assert client.post("/causes/new/", FORM).status_code == 403
