"""The pages of the monitoring centre: who sees which rows, and what they say when something is wrong."""

import math
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone, translation

from anlan.accounts.models import Area, User
from anlan.monitoring import store
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.chart import BUCKETS, Limit, chart_of
from anlan.monitoring.evidence import masked, raw_hex, raw_text
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, Device, FrameCount, LedgerCount, Series, ThresholdRule, UnknownDevice
from anlan.monitoring.moments import now_ms
from anlan.monitoring.wording import series_title
from anlan.onemap.selectors import layer_of
from anlan.protocols import FrameError, decode
from anlan.protocols.hj212 import encode as hj212_encode

from .frames import MINUTE, frame

pytestmark = pytest.mark.django_db
BACKEND = "anlan.accounts.backends.RoleBackend"
DeviceMaker = Callable[..., Device]


def person(area: Area, role: str = "duty_officer") -> User:
    name = f"{role}-{area.code}"
    return User.objects.filter(username=name).first() or User.objects.create(
        username=name, display_name="王建国", role=role, area=area
    )


def browse(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.fixture
def now() -> int:
    return now_ms()


@pytest.fixture
def alarm(device: DeviceMaker, now: int) -> Alarm:
    """A level of 5.4 m, which is red, a minute ago."""
    device()
    ThresholdRule.objects.create(
        name="河道水位", device_kind="level", key="39", source="防汛预案", low=-2, high=30,
        blue_raise=3, blue_clear=2.5, red_raise=5, red_clear=4.5,
    )  # fmt: skip
    readings_store(batch=[frame([("39", now - 2 * MINUTE, 1.2), ("39", now - MINUTE, 5.4)])], now=now)
    return Alarm.objects.get()


@pytest.fixture
def streets(area: Area) -> tuple[Area, Area]:
    return (
        Area.objects.create(code="440310001", name="坪山街道", level="street", parent=area),
        Area.objects.create(code="440310002", name="坑梓街道", level="street", parent=area),
    )


def test_the_list_shows_an_active_alarm_with_its_value_unit_and_place(alarm: Alarm, area: Area) -> None:
    page = text(browse(person(area)), "/alarms/")
    assert "站0011223344" in page
    assert "5.4 " in page
    assert "红色" in page
    assert "坪山区" in page
    assert 'data-live="alarm"' in page


def test_another_areas_alarm_and_device_are_not_there(alarm: Alarm, streets: tuple[Area, Area]) -> None:
    here, there = streets
    Alarm.objects.update(area=here)
    Device.objects.update(area=here)
    mine, other = browse(person(here, "street")), browse(person(there, "street"))
    assert "站0011223344" in text(mine, "/alarms/")
    assert "站0011223344" not in text(other, "/alarms/")
    assert "站0011223344" not in text(other, "/devices/")
    for address in (f"/alarms/{alarm.pk}/", f"/devices/{alarm.device_id}/"):
        text(mine, address)
        text(other, address, 404)
    assert other.post(f"/alarms/{alarm.pk}/acknowledge/").status_code == 404


@pytest.mark.parametrize("role", ["enterprise", "team_leader"])
def test_roles_without_monitoring_have_none_of_its_pages(area: Area, role: str) -> None:
    for address in ("/alarms/", "/devices/", "/ledger/", "/ledger.json"):
        text(browse(person(area, role)), address, 403)


@pytest.mark.parametrize("role", ["street", "community", "duty_officer"])
def test_the_ledger_of_the_whole_district_is_closed_to_people_of_a_part_of_it(
    alarm: Alarm, streets: tuple[Area, Area], role: str
) -> None:
    readings_store(batch=[frame([("39", 1, 1.0)], code="9900000001")], now=now_ms())
    mine = browse(person(streets[0], role))
    for address in ("/ledger/", "/ledger.json"):
        told = text(mine, address, 403)
        assert "9900000001" not in told
    assert ('href="/ledger/"' in text(mine, "/alarms/")) is (role == "duty_officer")
    for model in (LedgerCount, FrameCount, UnknownDevice):
        assert model.objects.count()
        assert not model.objects.visible_to(person(streets[0], role)).count()


def test_who_is_not_logged_in_is_led_to_the_log_in(db: None) -> None:
    answer = Client().get("/alarms/")
    assert (answer.status_code, answer["Location"].startswith("/login/")) == (302, True)


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("state=active", True), ("state=cleared_seen", False), ("level=4", True), ("level=1", False), ("kind=0", True),
        ("area=440310", True), ("area=440310001", False), ("area=999999", False), ("q=00112233", True),
        ("level=nonsense", False), ("state=nonsense", False), ("q=%00", True), ("page=999", True),
    ],
)  # fmt: skip
def test_filters_narrow_the_list_and_nonsense_finds_nothing(
    alarm: Alarm, streets: tuple[Area, Area], area: Area, query: str, there: bool
) -> None:
    assert (f"/alarms/{alarm.pk}/" in text(browse(person(area)), f"/alarms/?{query}")) is there


def test_active_alarms_stand_first_and_the_most_serious_of_them(alarm: Alarm, device: DeviceMaker, area: Area) -> None:
    now = timezone.now()
    for code, level, cleared in (("a", 1, None), ("b", 4, now), ("c", 3, None)):
        one = device(code)
        series = Series.objects.create(device=one, key="39")
        Alarm.objects.create(
            device=one, series=series, area=area, kind=0, level=level, highest_level=level, value=1,
            raised_at=now - timedelta(hours=1), arrived_at=now, cleared_at=cleared,
        )  # fmt: skip
    page = text(browse(person(area)), "/alarms/")
    places = [page.index(f">站{code}<") for code in ("0011223344", "c", "a", "b")]
    assert places == sorted(places)


def test_htmx_gets_only_the_part_that_changes(alarm: Alarm, area: Area) -> None:
    client = browse(person(area))
    for address in ("/alarms/", f"/alarms/{alarm.pk}/", "/devices/", f"/devices/{alarm.device_id}/", "/ledger/"):
        part = client.get(address, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part
        assert "panel" in part


def test_an_acknowledgement_leads_back_and_its_note_stands_in_the_timeline(alarm: Alarm, area: Area) -> None:
    client = browse(person(area))
    answer = client.post(f"/alarms/{alarm.pk}/acknowledge/", {"note": "已电话核实", "next": "/alarms/?level=4"})
    assert (answer.status_code, answer["Location"]) == (302, "/alarms/?level=4")
    page = text(client, f"/alarms/{alarm.pk}/")
    assert "已电话核实" in page
    assert "未解除·已确认" in page


def test_a_double_click_is_refused_with_a_sentence_and_counts_once(alarm: Alarm, area: Area) -> None:
    client = browse(person(area))
    answers = [client.post(f"/alarms/{alarm.pk}/acknowledge/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 409]
    assert "无需重复确认" in answers[1].content.decode()
    assert alarm.steps.filter(step="acknowledge").count() == 1


def test_a_readers_acknowledgement_is_refused_and_no_button_is_offered(alarm: Alarm, area: Area) -> None:
    client = browse(person(area, "leader"))
    assert "/acknowledge/" not in text(client, f"/alarms/{alarm.pk}/")
    assert client.post(f"/alarms/{alarm.pk}/acknowledge/").status_code == 403


def test_nobody_is_led_to_another_host(alarm: Alarm, area: Area) -> None:
    answer = browse(person(area)).post(f"/alarms/{alarm.pk}/acknowledge/", {"next": "https://example.com/"})
    assert answer["Location"] == f"/alarms/{alarm.pk}/"


def test_an_endless_note_is_refused_and_shown_again(alarm: Alarm, area: Area) -> None:
    answer = browse(person(area)).post(f"/alarms/{alarm.pk}/acknowledge/", {"note": "长" * 501})
    assert answer.status_code == 422
    assert "长" * 501 in answer.content.decode()


def test_an_alarm_says_why_by_which_rule_and_draws_the_readings(alarm: Alarm, area: Area) -> None:
    page = text(browse(person(area)), f"/alarms/{alarm.pk}/")
    assert "读数 5.4 高于红色触发值 5。" in page
    assert "按设备类别“水位站”适用" in page
    assert "防汛预案" in page
    assert "chart__line" in page
    assert f"focus=monitoring.alarm:{alarm.pk}" in page


def test_an_alarm_whose_rule_was_removed_says_so(alarm: Alarm, area: Area) -> None:
    ThresholdRule.objects.all().delete()
    assert "现在没有规则适用" in text(browse(person(area)), f"/alarms/{alarm.pk}/")


def test_a_devices_own_rule_is_named_as_the_one_in_force(alarm: Alarm, area: Area) -> None:
    ThresholdRule.objects.create(name="本站水位", device=alarm.device, key="39", source="s", red_raise=9, red_clear=8)
    page = text(browse(person(area)), f"/devices/{alarm.device_id}/")
    assert "本站水位" in page
    assert "本设备的专用规则" in page


def test_silent_devices_stand_first(device: DeviceMaker, area: Area) -> None:
    for code, status in (("a", "online"), ("b", "silent"), ("c", "never")):
        device(code, status=status)
    page = text(browse(person(area)), "/devices/")
    places = [page.index(f">站{code}<") for code in "bac"]
    assert places == sorted(places)


def test_a_device_without_readings_says_so(device: DeviceMaker, area: Area) -> None:
    page = text(browse(person(area)), f"/devices/{device().pk}/")
    assert "还没有上报过读数" in page
    assert "还没有收到报文" in page


def test_a_device_that_sent_only_what_is_no_number_shows_no_value_and_no_chart(
    device: DeviceMaker, area: Area, now: int
) -> None:
    one = device()
    readings_store(batch=[frame([("39", now, math.nan)])], now=now)
    page = text(browse(person(area)), f"/devices/{one.pk}/")
    assert "尚无有效读数" in page
    assert "该时段没有有效读数" in page
    assert "nan" not in page.lower().replace("finance", "").replace("maintenance", "")


def test_the_page_reads_as_many_queries_for_many_series_as_for_one(
    device: DeviceMaker, area: Area, now: int, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    one = device()
    readings_store(batch=[frame([(f"k{i}", now, 1.0 * i) for i in range(40)])], now=now)
    client = browse(person(area))
    with django_assert_max_num_queries(25):  # type: ignore[attr-defined]
        text(client, f"/devices/{one.pk}/?page=2&hours=720")


@pytest.mark.parametrize("query", ["hours=x", "hours=-1", "hours=5", "page=zz", "hours=²"])
def test_a_nonsense_period_is_the_usual_one(device: DeviceMaker, area: Area, query: str) -> None:
    assert 'aria-current="true">24 小时' in text(browse(person(area)), f"/devices/{device().pk}/?{query}")


def test_a_hundred_thousand_readings_make_a_small_chart_that_keeps_the_peak(
    device: DeviceMaker, area: Area, now: int
) -> None:
    series = Series.objects.create(device=device(), key="39", unit="m")
    start = now - 24 * 3_600_000
    time = np.linspace(start, now - 1000, 100_000).astype(np.int64)
    value = np.sin(np.arange(100_000) / 500)
    value[54_321], value[77_777] = 9.75, -4.25
    store.append(np.full(100_000, series.pk), time, value, np.zeros(100_000, np.int64))
    buckets = store.envelopes([series.pk], start=start, end=now, buckets=BUCKETS)[series.pk]
    chart = chart_of(buckets, start=start, end=now)
    assert chart is not None
    assert (chart.low, chart.high, chart.readings) == (-4.25, 9.75, 100_000)
    assert chart.points <= 2 * BUCKETS
    page = text(browse(person(area)), f"/devices/{series.device_id}/")
    assert len(page) < 100_000


def test_a_chart_of_one_reading_of_equal_ones_and_of_huge_ones_can_be_drawn() -> None:
    for values in ([3.0], [3.0, 3.0], [0.0, 0.0], [-1.7e308, 1.7e308], [1e-300, 2e-300], [5e-324, 0.0]):
        buckets = [store.Bucket(v, i * 1000, v, i * 1000, 1) for i, v in enumerate(values)]
        for limits in ([], [Limit(5.0, "red", "红色")]):
            chart = chart_of(buckets, start=0, end=10_000, limits=limits)
            assert chart is not None
            assert "nan" not in chart.path + chart.dots
            assert "inf" not in chart.path + chart.dots
            assert 2 <= len(chart.rows) <= 12


def test_a_reading_that_stands_alone_is_a_dot() -> None:
    chart = chart_of([store.Bucket(1.0, 5000, 1.0, 5000, 1)], start=0, end=10_000)
    assert chart is not None
    assert (chart.path, chart.dots.startswith("M500 ")) == ("", True)


def test_a_gap_in_the_readings_is_a_gap_in_the_line() -> None:
    times = [0, 1000, 2000, 900_000, 901_000]
    chart = chart_of([store.Bucket(1.0, t, 1.0, t, 1) for t in times], start=0, end=1_000_000)
    assert chart is not None
    assert chart.path.count("M") == 2


def test_an_administrator_is_shown_a_new_token_once(device: DeviceMaker, area: Area) -> None:
    one, client = device(), browse(person(area, "administrator"))
    answer = client.post(f"/devices/{one.pk}/token/")
    one.refresh_from_db()
    token = answer.context["token"]
    assert token in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    page = text(client, f"/devices/{one.pk}/")
    assert token not in page
    assert one.token_hash not in page


def test_others_are_offered_no_token(device: DeviceMaker, area: Area) -> None:
    one, client = device(), browse(person(area))
    assert "/token/" not in text(client, f"/devices/{one.pk}/")
    assert client.post(f"/devices/{one.pk}/token/").status_code == 403


def test_passwords_in_frames_are_starred_in_the_raw_bytes_and_in_the_fields(
    device: DeviceMaker, area: Area, now: int
) -> None:
    one = device("MN001", "hj212", "gas")
    (event,) = decode("hj212", hj212_encode("MN001", now, {"a01001-Rtd": 21.5}))
    readings_store(batch=[Arrival(source="hj212", event=event)], now=now)
    page = text(browse(person(area)), f"/devices/{one.pk}/")
    assert "123456" not in page
    assert "31 32 33 34 35 36" not in page
    assert "****" in page
    assert "温度" in page


def test_the_password_of_a_hydrological_frame_is_starred_where_it_stands() -> None:
    raw = bytes(range(20))
    assert raw_hex(raw, "sl651")[24:29] == "** **"
    assert raw_text(raw, "sl651") == ""
    assert masked({"password": "1234", "in": [{"NewPW": "1"}], "PW": "2", "power": 3}) == {
        "password": "****", "in": [{"NewPW": "****"}], "PW": "****", "power": 3,
    }  # fmt: skip
    assert raw_text(b'{"device": "a", "password": "hunter2", "v": 1}', "json").count("*") == len("hunter2")


def test_keys_are_shown_with_the_names_of_their_protocol() -> None:
    titles = {
        ("39", "sl651"): "瞬时河道水位、潮位", ("zz", "sl651"): "zz", ("part-1-3-9:fire", "gb26875"): "部件 1-3-9 火警",
        ("ch4", "json"): "ch4", ("a01001-Rtd", "hj212"): "温度 实时值", ("unit:link", "gb26875"): "传输装置 通信线路故障",
    }  # fmt: skip
    assert {key: series_title(Series(key=key[0]), key[1]) for key in titles} == titles


def test_a_ledger_in_balance_says_so_and_counts_failed_frames_by_kind(alarm: Alarm, area: Area, now: int) -> None:
    readings_store(batch=[Arrival(source="sl651", event=FrameError("checksum"), times=3)], now=now)
    client = browse(person(area))
    page = text(client, "/ledger/")
    assert "当日台账全部平账" in page
    assert "校验不符 3" in page
    assert '<td class="number is-orange">3</td>' in page
    (row,) = client.get("/ledger.json").json()["rows"]
    assert (row["source"], row["received"], row["sum"], row["difference"]) == ("sl651", 2, 2, 0)
    assert (row["states"]["normal"], row["states"]["alarm"], row["failed"]) == (1, 1, {"checksum": 3})


def test_a_planted_difference_is_red_and_says_so(alarm: Alarm, area: Area) -> None:
    LedgerCount.objects.filter(state=0).update(count=F("count") + 4)
    client = browse(person(area))
    page = text(client, "/ledger/")
    assert "台账不平" in page
    assert "差 -4" in page
    assert "当日台账全部平账" not in page
    assert client.get("/ledger.json").json()["rows"][0]["difference"] == -4


def test_two_hours_that_differ_by_opposite_numbers_are_both_told(area: Area) -> None:
    hour = timezone.localtime().replace(hour=1, minute=0, second=0, microsecond=0)
    for after, number in ((0, 5), (1, -5)):
        at = hour + timedelta(hours=after)
        FrameCount.objects.create(hour=at, source="mqtt", kind="ok", frames=1, readings=10 + number)
        LedgerCount.objects.create(hour=at, source="mqtt", state=0, count=10)
    page = text(browse(person(area)), "/ledger/")
    assert "差 5" in page
    assert "差 -5" in page


@pytest.mark.parametrize("day", ["2020-01-01", "nonsense", "2020-13-45", ""])
def test_a_day_without_frames_says_so(area: Area, day: str) -> None:
    assert "当日没有收到报文" in text(browse(person(area)), f"/ledger/?day={day}")


def test_an_unknown_device_leads_an_administrator_to_its_filled_in_form(area: Area, now: int) -> None:
    readings_store(batch=[frame([("39", now, 1.0)], code="00AB&<1>")], now=now)
    assert UnknownDevice.objects.count() == 1
    admin = User.objects.create(username="admin", role="administrator", area=area, is_staff=True)
    page = text(browse(admin), "/ledger/")
    assert "00AB&amp;&lt;1&gt;" in page
    address = page.split('href="/admin/monitoring/device/add/?')[1].split('"')[0].replace("&amp;", "&")
    form = text(browse(admin), f"/admin/monitoring/device/add/?{address}")
    assert 'value="00AB&amp;&lt;1&gt;"' in form
    assert "请系统管理员登记" in text(browse(person(area)), "/ledger/")


def test_the_map_has_a_layer_of_active_alarms(alarm: Alarm, area: Area) -> None:
    client = browse(person(area))
    layer = next(one for one in client.get("/map/layers.json").json()["layers"] if one["key"] == "monitoring.alarm")
    assert (layer["symbol"], layer["live"], layer["shown"], layer["colours"]["4"]) == ("alarm", "alarm", True, "red")
    (feature,) = client.get(layer["data"]).json()["features"]
    assert (feature["id"], feature["properties"]["_label"]) == (alarm.pk, "站0011223344")
    assert feature["properties"]["_colour"] == "red"
    assert f"/alarms/{alarm.pk}/" in text(client, f"/map/object/monitoring.alarm/{alarm.pk}/")
    Alarm.objects.update(cleared_at=timezone.now())
    found = layer_of(person(area), "monitoring.alarm")
    assert found is not None
    assert not found.rows.exists()


@pytest.mark.parametrize("address", ["/alarms/", "/devices/", "/ledger/"])
def test_english_pages_have_no_chinese_of_ours(area: Area, address: str) -> None:
    client = browse(person(area))
    client.cookies["django_language"] = "en"
    with translation.override("zh-hans"):
        page = text(client, address)
    body = page.split("<main")[1].split("</main>")[0].replace("坪山区", "")
    assert not [letter for letter in body if "\u4e00" <= letter <= "\u9fff"]
