"""An inspector with a phone in the street, a firm that answers, a second inspector at a desk, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from anlan.accounts.models import User
from anlan.monitoring.models import Camera, Sighting
from anlan.monitoring.video.claims import Claim
from anlan.monitoring.video.sightings import sighting_report
from anlan.supervision.models import Hazard
from browser import DESK, PHONE, browser, log_in, new_page

from .conftest import SPOT, District, jpeg, ordered, rectified

pytestmark = pytest.mark.django_db(transaction=True)
HERE = {"longitude": 114.352, "latitude": 22.693}


@pytest.fixture
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


@pytest.fixture
def shots(tmp_path: Path) -> list[str]:
    files = [tmp_path / f"shot{number}.png" for number in range(3)]
    for file in files:
        file.write_bytes(jpeg())
    return [str(file) for file in files]


def opened(chromium: Any, address: str, path: str, user: User, size: dict[str, int]) -> Any:
    page = new_page(chromium, size)
    page.context.grant_permissions(["geolocation"], origin=address)
    page.context.set_geolocation(HERE)
    log_in(page, address, user)
    page.goto(address + path)
    return page


def test_an_inspector_reports_with_photos_and_the_place_where_they_stand(
    live_server: Any, chromium: Any, town: District, shots: list[str]
) -> None:
    page = opened(chromium, live_server.url, "/hazards/", town.inspector, PHONE)
    page.get_by_role("link", name="上报隐患").click()
    page.set_input_files("input[type=file]", shots[:1])
    page.set_input_files("input[type=file]", shots[1:])
    expect(page.locator(".photos__chosen li")).to_have_count(3)
    page.locator(".photos__chosen button").last.click()
    page.get_by_role("button", name="用当前位置").click()
    expect(page.locator("[data-here-state]")).to_contain_text("已取得当前位置")
    page.get_by_role("button", name="上报", exact=True).click()
    assert page.locator("textarea[name=description]").evaluate("field => field.validity.valueMissing")
    page.get_by_label("隐患描述").fill("消防通道停放货车")
    page.get_by_label("隐患类别").select_option(label="疏散通道与安全出口")
    page.get_by_label("所在企业、场所或设施").fill("没有这家厂")
    page.get_by_role("button", name="上报", exact=True).click()
    expect(page.locator("main")).to_contain_text("没有名为“没有这家厂”")
    expect(page.locator(".photos__chosen li")).to_have_count(2)
    page.get_by_label("所在企业、场所或设施").fill("")
    page.get_by_role("button", name="上报", exact=True).click()
    expect(page.locator(".hazard__what")).to_have_text("消防通道停放货车")
    row = Hazard.objects.get()
    assert row.location.coords == pytest.approx((HERE["longitude"], HERE["latitude"]))
    assert (row.area, row.photos.count()) == (town.street, 2)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_a_point_is_picked_on_the_map(live_server: Any, chromium: Any, town: District) -> None:
    page = opened(chromium, live_server.url, "/hazards/new/", town.officer, DESK)
    place = page.locator("[data-point-map][data-drawn]")
    place.click(position={"x": 200, "y": 150})
    expect(page.locator(".maplibregl-marker")).to_be_visible()
    assert 114.0 < float(page.locator("input[name=lon]").input_value()) < 115.0


def test_the_firm_rectifies_from_its_phone_and_another_inspector_closes_it_at_a_desk(
    live_server: Any, chromium: Any, town: District, found: Hazard, shots: list[str]
) -> None:
    ordered(found, town)
    phone = opened(chromium, live_server.url, "/hazards/", town.maker, PHONE)
    phone.get_by_role("link", name="三楼西侧安全出口被货物堵塞").click()
    phone.set_input_files(".panel--blue input[type=file]", shots[:1])
    phone.get_by_label("整改情况").fill("货物已搬走")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="提交整改").click()
    expect(phone.locator("#sending")).to_contain_text("正在自动重发")
    phone.context.set_offline(False)
    expect(phone.locator(".headline")).to_contain_text("待复查")
    desk = opened(chromium, live_server.url, f"/hazards/{found.pk}/", town.inspector2, DESK)
    expect(desk.locator(".album__photos img")).to_have_count(2)
    desk.get_by_role("button", name="复查合格").click()
    expect(desk.locator(".headline")).to_contain_text("已销号")
    found.refresh_from_db()
    assert found.checked_by == town.inspector2
    assert not desk.faults or all("ERR_CONNECTION_REFUSED" in fault for fault in desk.faults)


def test_who_reported_the_rectification_finds_no_button_to_recheck(
    live_server: Any, chromium: Any, town: District, found: Hazard
) -> None:
    rectified(ordered(found, town), town, by=town.inspector)
    page = opened(chromium, live_server.url, f"/hazards/{found.pk}/", town.inspector, PHONE)
    expect(page.locator("main")).to_contain_text("须由另一人复查")
    expect(page.get_by_role("button", name="复查合格")).to_have_count(0)


def test_keys_say_whether_a_sighting_is_a_signal_or_a_hazard(live_server: Any, chromium: Any, town: District) -> None:
    Camera.objects.create(code="99031000001320000001", name="东门枪机", area=town.street, location=SPOT)
    for number in range(2):
        claim = Claim(
            sender="ai:box", event_id=f"e{number}", camera="99031000001320000001", kind=("smoke", "blocked_exit")[number],
            at=timezone.now(), algorithm="甲", picture=jpeg(),
        )  # fmt: skip
        sighting_report(claim=claim, now=timezone.now())
    page = opened(chromium, live_server.url, "/sightings/", town.officer, DESK)
    expect(page.locator("[data-key='1']")).to_be_checked()
    page.keyboard.press("2")
    expect(page.locator("[data-key='2']")).to_be_checked()
    page.keyboard.press("y")
    expect(page.locator(".sighting h2")).to_contain_text("安全出口堵塞")
    page.keyboard.press("1")
    page.keyboard.press("y")
    expect(page.locator("main")).to_contain_text("没有待核实的视频事件")
    assert dict(Sighting.objects.values_list("kind__code", "becomes")) == {"smoke": "hazard", "blocked_exit": "signal"}
