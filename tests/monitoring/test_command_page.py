"""A person sends a command in a browser, a device on a socket obeys, and the page says so."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from anlan.accounts.models import Area
from anlan.monitoring.commanding.flow import CommandState
from anlan.monitoring.models import Device, DeviceCommand
from browser import browser_page as browser_page
from browser import log_in

from .commanding import online, person
from .gateway import Ingest, until

DeviceMaker = Callable[..., Device]


@pytest.mark.usefixtures("shared_db")
def test_a_duty_officer_queries_a_period_and_sets_the_clock(
    device: DeviceMaker, area: Area, live_server: Any, browser_page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_INGEST_COMMAND", "0.1")
    one, page = device(), browser_page
    log_in(page, live_server.url, person(area))
    with Ingest("sl651") as ingest, online(ingest, "sl651"):
        page.goto(f"{live_server.url}/devices/{one.pk}/")
        for key in ("4A", "38"):
            page.get_by_role("link", name="下发命令").click()
            page.locator("#dialog-body:not(.htmx-settling, .htmx-swapping) #command-key").select_option(key)
            if key == "38":
                expect(page.locator("#command-from")).to_be_visible()
                page.locator("#command-element").select_option("38")
            page.get_by_role("button", name="下发", exact=True).click()
            page.wait_for_url(f"{live_server.url}/devices/{one.pk}/")
        until(lambda: DeviceCommand.objects.filter(state=CommandState.ANSWERED).count() == 2)
        page.reload()
        expect(page.locator("#commands summary").first).to_contain_text("已执行 召测时段数据")
        page.locator("#commands summary").first.click()
        expect(page.locator("#commands")).to_contain_text("电源电压")
        assert page.locator("#commands pre").first.is_visible()
