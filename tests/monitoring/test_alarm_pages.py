"""The pages of alarms: groups, steps, load, maintenance, roster, audit; who sees them and what they refuse."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Area, User
from anlan.kit.entities import entity_of
from anlan.kit.exchange.imports import rows_import
from anlan.kit.exchange.sheets import sheet_read, xlsx_written
from anlan.monitoring.models import Alarm, CauseRule, Device, DutyShift, MaintenanceWindow, Series
from anlan.monitoring.operators import Reference, Slot, bad_actors, floods_of, slots_of, waits_of
from anlan.monitoring.services import alarm_acknowledge, alarm_shelve
from anlan.registry.models import Facility

from .alarming import DeviceMaker, alarm_of, level_rule, on_shift, person, power_rule, says

pytestmark = pytest.mark.django_db
BACKEND = "anlan.accounts.backends.RoleBackend"
PAGES = ("/causes/", "/operators/", "/maintenance/", "/duty/", "/alarms/audit/")


def browse(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


@pytest.fixture
def officer(area: Area) -> User:
    return person(area)


@pytest.fixture
def station(area: Area, device: DeviceMaker) -> list[Device]:
    """Three level sensors of a pump station and its panel."""
    house = Facility.objects.create(name="田头山泵站", area=area, kind="pump_station")
    level_rule()
    power_rule()
    return [*(device(f"S{n}", facility=house) for n in range(3)), device("P", kind="fire_panel", facility=house)]


def test_alarms_of_one_place_are_one_line_that_opens(station: list[Device], officer: User) -> None:
    for n, value in enumerate((3.2, 5.5, 3.2)):
        says(value, code=f"S{n}")
    client = browse(officer)
    closed = text(client, "/alarms/")
    assert "3 条超限报警 · 田头山泵站" in closed
    assert "3 条待确认" in closed
    assert f"/alarms/{alarm_of('S0').pk}/" not in closed
    key = Alarm.objects.earliest("pk").pk
    opened = text(client, f"/alarms/?open={key}")
    places = [opened.index(f">站{code}<") for code in ("S1", "S2", "S0")]
    assert places == sorted(places)
    assert f"/alarms/{alarm_of('S0').pk}/" in text(client, "/alarms/?view=rows")


@pytest.mark.parametrize("query", ["open=x", "open=²", "open=99999999999999999999", "under=x", "under=-1", "page=0"])
def test_nonsense_in_the_address_fails_nothing(station: list[Device], officer: User, query: str) -> None:
    says(3.2, code="S0")
    text(browse(officer), f"/alarms/?{query}")


def test_picked_groups_and_alarms_are_acknowledged_at_once(station: list[Device], officer: User) -> None:
    for n in range(3):
        says(3.2, code=f"S{n}")
    ids = ",".join(str(pk) for pk in Alarm.objects.values_list("pk", flat=True))
    client = browse(officer)
    answer = client.post(
        "/alarms/acknowledge/", {"pick": [ids, "x", "9" * 30], "next": "/alarms/?level=1"}, follow=True
    )
    assert "已确认 3 条报警。" in answer.content.decode()
    assert not Alarm.objects.waiting().exists()


def test_another_areas_alarms_are_not_acknowledged_by_their_numbers(station: list[Device], area: Area) -> None:
    says(3.2, code="S0")
    other = Area.objects.create(code="440311", name="别区", level="district")
    browse(person(other, name="外人")).post("/alarms/acknowledge/", {"pick": str(alarm_of("S0").pk)})
    assert alarm_of("S0").state == "active"


def test_a_reader_is_offered_no_step_and_refused_each(station: list[Device], area: Area) -> None:
    says(3.2, code="S0")
    client, address = browse(person(area, "leader")), f"/alarms/{alarm_of('S0').pk}/"
    assert "处理报警" not in text(client, address)
    assert client.post("/alarms/acknowledge/", {"pick": "1"}).status_code == 403
    for step, body in (("shelve", {"minutes": 60, "reason": "x"}), ("comment", {"note": "x"}), ("unshelve", {})):
        assert client.post(f"{address}{step}/", body).status_code == 403


def test_each_step_is_taken_on_the_page_and_stands_in_the_timeline(station: list[Device], officer: User) -> None:
    says(5.5, code="S0")
    client, address = browse(officer), f"/alarms/{alarm_of('S0').pk}/"
    bodies: dict[str, dict[str, Any]] = {
        "comment": {"note": "已去电"}, "assign": {"to": officer.pk, "note": ""}, "hand_up": {"note": "请求指示"},
        "shelve": {"minutes": 60, "reason": "检修"}, "unshelve": {"note": ""}, "acknowledge": {"note": ""},
    }  # fmt: skip
    for step, body in bodies.items():
        assert client.post(f"{address}{step}/", body).status_code == 302, step
    page = text(client, address)
    for words in ("已去电", "王建国", "请求指示", "检修", "未解除·已确认"):
        assert words in page


@pytest.mark.parametrize(
    ("step", "body", "status", "words"),
    [
        ("shelve", {"minutes": 60, "reason": ""}, 422, "填写有误"), ("shelve", {"minutes": 7, "reason": "x"}, 422, "填写有误"),
        ("unshelve", {}, 409, "不能恢复"), ("assign", {"to": 10**9}, 422, "填写有误"), ("comment", {"note": " "}, 422, "填写有误"),
        ("raise", {}, 404, ""), ("release", {}, 404, ""), ("nonsense", {}, 404, ""),
    ],
)  # fmt: skip
def test_a_step_that_cannot_be_taken_is_refused_with_a_sentence(
    station: list[Device], officer: User, step: str, body: dict[str, Any], status: int, words: str
) -> None:
    says(3.2, code="S0")
    answer = browse(officer).post(f"/alarms/{alarm_of('S0').pk}/{step}/", body)
    assert answer.status_code == status
    assert words in answer.content.decode()


def test_shelved_and_hidden_alarms_are_off_the_list_counted_and_can_be_opened(
    station: list[Device], officer: User
) -> None:
    CauseRule.objects.create(name="停电", device_kind="fire_panel", key="45H:ac", scope="facility")
    says(1, code="P", key="45H:ac")
    says(3.2, code="S0")
    says(5.5, code="S1")
    shelved, hidden, cause = alarm_of("S1"), alarm_of("S0"), alarm_of("P")
    alarm_shelve(alarm=shelved, by=officer, minutes=60, reason="检修")
    client = browse(officer)
    page = client.get("/alarms/")
    assert (page.context["standing"]["shelved"], page.context["standing"]["hidden"]) == (1, 1)
    body = page.content.decode()
    assert "隐去 1 条" in body
    assert f"/alarms/{hidden.pk}/" not in body
    assert "站S1" not in body
    assert "站S1" in text(client, "/alarms/?state=on_shelf")
    assert f"/alarms/{hidden.pk}/" in text(client, f"/alarms/?state=hidden&under={cause.pk}")
    assert "隐去 1 条" in text(client, f"/alarms/{cause.pk}/")
    assert "因下列报警隐去" in text(client, f"/alarms/{hidden.pk}/")


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("role", ["duty_officer", "leader", "administrator"])
def test_pages_open_empty_for_who_may_read_them(area: Area, address: str, role: str) -> None:
    text(browse(person(area, role)), address)


@pytest.mark.parametrize("address", [*PAGES, "/operators.csv"])
def test_pages_are_closed_to_others(area: Area, address: str) -> None:
    text(browse(person(area, "enterprise")), address, 403)


def test_the_load_counts_what_people_were_told_by_person_on_duty(
    station: list[Device], area: Area, officer: User
) -> None:
    on_shift(officer)
    on_shift(person(area, name="陈晓"))
    now = timezone.now()
    series = Series.objects.create(device=station[0], key="x")
    for number in range(30):
        at = now - timedelta(minutes=25)
        Alarm.objects.create(
            device=station[0], series=series, area=area, kind=0, level=1, highest_level=1, raised_at=at, arrived_at=at,
            announced_at=at, cleared_at=at + timedelta(minutes=1 if number < 20 else 9),
        )  # fmt: skip
    slots = slots_of(officer, now - timedelta(hours=1), now)
    assert max((slot.alarms, slot.people, slot.each) for slot in slots) == (30, 2, 15.0)
    (flood,) = floods_of(slots, 10)
    assert (flood.alarms, flood.peak) == (30, 30)
    (worst,) = bad_actors(officer, now - timedelta(hours=1), now)
    assert (worst.alarms, worst.chatter, worst.open, worst.share) == (30, 30, 0, 100.0)
    page = text(browse(officer), "/operators/")
    assert "报警洪水" in page
    assert ">15<" in page
    assert "EEMUA 191" in page


def test_floods_are_stretches_above_the_limit() -> None:
    start = timezone.now()
    counts = [11, 12, 3, 0, 15, 10, 11]
    slots = [Slot(start=start + timedelta(minutes=10 * n), alarms=c, people=0) for n, c in enumerate(counts)]
    assert [flood.alarms for flood in floods_of(slots, 10)] == [11, 15, 23]


def test_time_to_acknowledge_is_from_being_told_and_counts_those_never_seen(
    station: list[Device], officer: User
) -> None:
    for n in range(3):
        says(3.2, code=f"S{n}")
    Alarm.objects.update(announced_at=timezone.now() - timedelta(minutes=10))
    alarm_acknowledge(alarm=alarm_of("S0"), by=officer)
    now = timezone.now()
    waits = waits_of(officer, now - timedelta(hours=1), now)
    assert (waits.acknowledged, waits.never) == (1, 2)
    assert waits.half == pytest.approx(600, abs=30)
    assert waits_of(officer, now - timedelta(days=2), now - timedelta(days=1)).half is None


def test_the_csv_opens_in_a_spreadsheet_and_holds_no_formula(station: list[Device], officer: User) -> None:
    Device.objects.filter(code="S0").update(name="=cmd|' /C calc'!A0")
    says(3.2, code="S0")
    answer = browse(officer).get("/operators.csv?period=day")
    body = answer.content.decode()
    assert body.startswith("\ufeff开始时间,")
    assert "'=cmd" in body
    assert len(body.splitlines()) > 144


def test_the_reference_is_a_row_that_says_where_it_comes_from(area: Area) -> None:
    reference = Reference.now()
    assert (reference.acceptable, reference.flood) == (1, 10)
    assert "未核对原文" in reference.source


def local(hours: float) -> str:
    return f"{timezone.localtime() + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


def test_a_window_is_planned_from_the_device_and_called_off(station: list[Device], officer: User) -> None:
    client, device = browse(officer), station[0]
    assert f"/maintenance/?device={device.pk}" in text(client, f"/devices/{device.pk}/")
    body = {"starts_at": local(-0.5), "ends_at": local(1), "reason": "换电池", "level_to": 4}
    address = f"/maintenance/plan/?device={device.pk}"
    assert client.post(address, body).status_code == 302
    again = client.post(address, body)
    assert (again.status_code, "已有维护安排" in again.content.decode()) == (422, True)
    assert "进行中" in text(client, "/maintenance/?standing=now")
    window = MaintenanceWindow.objects.get()
    assert client.post(f"/maintenance/{window.pk}/cancel/").status_code == 302
    window.refresh_from_db()
    assert window.cancelled_by == officer


def test_a_window_without_a_place_or_of_another_area_is_refused(station: list[Device], officer: User) -> None:
    body = {"starts_at": local(1), "ends_at": local(2), "reason": "x", "level_to": 4}
    client = browse(officer)
    answer = client.post("/maintenance/plan/", body)
    assert (answer.status_code, "请选择设施或区域" in answer.content.decode()) == (422, True)
    other = Area.objects.create(code="440311", name="别区", level="district")
    assert client.post("/maintenance/plan/", body | {"area": other.pk}).status_code == 422
    assert browse(person(other, name="外人")).get(f"/maintenance/?device={station[0].pk}").status_code == 404
    assert not MaintenanceWindow.objects.exists()


def test_the_roster_says_who_is_there_and_where_nobody_is(area: Area, officer: User) -> None:
    on_shift(officer)
    page = text(browse(officer), "/duty/")
    assert "王建国" in page
    assert page.count("无人在岗") == 2


@pytest.mark.parametrize("address", PAGES)
def test_english_pages_have_no_chinese_of_ours(area: Area, address: str) -> None:
    client = browse(person(area, name="Wang"))
    client.cookies["django_language"] = "en"
    body = text(client, address).split("<main")[1].split("</main>")[0]
    for words in ("坪山区", Reference.now().source, "安澜默认值,未见公开依据,须本单位确认"):
        body = body.replace(words, "")
    assert not [letter for letter in body if "\u4e00" <= letter <= "\u9fff"]


def test_a_roster_comes_in_from_a_sheet(area: Area) -> None:
    admin = person(area, "administrator")
    officer = person(area)
    entity = entity_of(DutyShift)
    assert entity is not None
    headers = ("人员", "岗位", "所属区域", "上岗时间", "离岗时间")
    row = (officer.username, "值班员", area.name, "2026-11-24 08:00", "2026-11-24 16:00")
    sheet = sheet_read(xlsx_written("值班表", headers, [row]), "roster.xlsx")
    report = rows_import(entity=entity, sheet=sheet, user=admin, rehearse=False)
    assert (report.created, report.clean) == (1, True)
    shift = DutyShift.objects.get()
    assert (shift.person, shift.role, timezone.localtime(shift.starts_at).hour) == (officer, "duty_officer", 8)


@pytest.mark.parametrize("model", ["dutyshift", "causerule", "devicedependency", "escalationstep", "maintenancewindow"])
def test_the_rows_behind_it_have_a_list_in_the_back_office(area: Area, model: str) -> None:
    admin = person(area, "administrator")
    User.objects.filter(pk=admin.pk).update(is_staff=True)
    text(browse(admin), f"/admin/monitoring/{model}/")
