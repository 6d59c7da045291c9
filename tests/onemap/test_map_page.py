"""The map page in a real browser, over real rows."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from map_rows import point, shelter

from anlan.accounts.models import User
from anlan.monitoring.models import Device
from browser import PHONE, browser, log_in, new_page
from browser import browser_page as browser_page

pytestmark = pytest.mark.django_db(transaction=True)

Person = Callable[..., User]
PLACES = [(114.41, 22.65), (114.44, 22.66), (114.46, 22.68)]
NO_STREAM = "net::ERR_CONNECTION_REFUSED"


def open_map(page: Any, address: str, user: User, query: str = "") -> None:
    log_in(page, address, user)
    page.goto(f"{address}/map/{query}")
    page.wait_for_selector("#map[data-state=ready]")


def device(district: SimpleNamespace, number: int = 0, **fields: Any) -> Device:
    return Device.objects.create(
        area=district.east,
        name=f"河道水位{number}",
        code=f"00{number}",
        protocol="sl651",
        kind="level",
        location=point(*PLACES[number]),
        **fields,
    )


def click_on(page: Any, key: str, pk: int) -> None:
    at = page.evaluate("([key, id]) => anlanMap.pixel(key, id)", [key, pk])
    page.mouse.click(at["x"], at["y"])


def drawn_colour(page: Any, pk: int) -> str | None:
    """The colour in which the map has drawn a device; None where it has not."""
    return page.evaluate(
        """(id) => anlanMap.map.querySourceFeatures("monitoring.device")
        .find((f) => f.id === id)?.properties._colour ?? null""",
        pk,
    )


def test_a_click_on_a_feature_opens_its_card_and_the_page_needs_no_other_host(
    live_server: Any, browser_page: Any, district: SimpleNamespace, person: Person
) -> None:
    rows = [device(district, i, level=i) for i in range(3)]
    hosts: set[str] = set()
    browser_page.on("request", lambda request: hosts.add(request.url.split("/")[2].split(":")[0]))
    open_map(browser_page, live_server.url, person(district.whole))
    click_on(browser_page, "monitoring.device", rows[2].pk)
    card = browser_page.locator("#map-card h2")
    card.wait_for()
    assert card.inner_text() == "河道水位2"
    assert "黄色" in browser_page.locator("#map-card").inner_text()
    browser_page.keyboard.press("Escape")
    assert browser_page.locator("#map-card").is_hidden()
    assert hosts <= {"localhost", "127.0.0.1", ""}
    assert [f for f in browser_page.faults if NO_STREAM not in f] == []


def test_news_changes_a_feature_in_place_and_takes_it_away(
    live_server: Any, browser_page: Any, district: SimpleNamespace, person: Person
) -> None:
    row = device(district)
    open_map(browser_page, live_server.url, person(district.whole))
    assert drawn_colour(browser_page, row.pk) == "green"
    browser_page.evaluate(f"anlanMap.hear({{topic: 'device', id: {row.pk}, level: 4}})")
    browser_page.wait_for_function("() => anlanMap.store.features('monitoring.device')[0].properties._colour === 'red'")
    browser_page.evaluate(f"anlanMap.hear({{topic: 'device', id: {row.pk}, gone: true}})")
    browser_page.wait_for_function("() => anlanMap.store.features('monitoring.device').length === 0")
    fresh = device(district, 1, level=3)
    browser_page.evaluate("anlanMap.hear({topic: 'device', reload: true})")
    browser_page.wait_for_function("() => anlanMap.store.features('monitoring.device').length === 2")
    assert browser_page.locator("[data-layer='monitoring.device'] small").inner_text() == "2"
    browser_page.wait_for_function(
        "(id) => anlanMap.map.querySourceFeatures('monitoring.device').some((f) => f.id === id)", arg=fresh.pk
    )


def test_a_link_opens_the_map_at_its_object_on_a_phone(
    live_server: Any, district: SimpleNamespace, person: Person
) -> None:
    row = shelter(district.east, status="open")
    with browser() as opened:
        page = new_page(opened, PHONE)
        open_map(page, live_server.url, person(district.whole), f"?focus=registry.shelter:{row.pk}")
        assert page.locator("#map-card h2").inner_text() == "中心小学避难场所"
        centre = page.evaluate("anlanMap.map.getCenter().toArray()")
        assert centre == pytest.approx([114.41, 22.65], abs=1e-4)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_search_box_and_the_layer_switches_work_by_keyboard(
    live_server: Any, browser_page: Any, district: SimpleNamespace, person: Person
) -> None:
    shelter(district.east)
    open_map(browser_page, live_server.url, person(district.whole))
    browser_page.keyboard.press("Tab")
    browser_page.focus("#map-words")
    browser_page.keyboard.type("小学")
    browser_page.locator("#map-found [aria-selected=true]").wait_for()
    browser_page.keyboard.press("Enter")
    browser_page.locator("#map-card h2").wait_for()
    assert "中心小学避难场所" in browser_page.locator("#map-card").inner_text()
    browser_page.focus("[data-layer='registry.shelter'] input")
    browser_page.keyboard.press("Space")
    assert browser_page.evaluate("anlanMap.store.isShown('registry.shelter')") is False
    browser_page.reload()
    browser_page.wait_for_selector("#map[data-state=ready]")
    assert browser_page.is_checked("[data-layer='monitoring.device'] input")
    assert browser_page.is_checked("[data-layer='registry.team'] input")
