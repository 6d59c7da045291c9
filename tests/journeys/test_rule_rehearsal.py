"""A rule is changed, rehearsed, signed by a second person; its alarm is acknowledged, shelved, and counted in the load."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from browser import PHONE
from journeys.devices import publish
from journeys.server import Anlan, wait_for
from journeys.test_main_job import Person

DEVICE, RULE = "MQTT-LEVEL-01", "积水深度"


@pytest.fixture
def history(anlan: Anlan) -> Anlan:
    """Half an hour of shallow water: below the rule as it is, above what it shall be."""
    now = int(time.time() * 1000)
    for minute in range(30, 1, -1):
        publish(anlan.mqtt, DEVICE, {"time": now - minute * 60_000, "values": {"level": 0.12}} | {"device": DEVICE})
    return anlan


def test_from_a_changed_threshold_to_the_alarm_that_it_makes(history: Anlan, chromium: Any) -> None:
    duty = Person(chromium, history, "duty")
    proposal = change_the_threshold(duty)
    rehearse(duty)
    sign(Person(chromium, history, "commander", PHONE), proposal)
    alarm = the_alarm_appears(history, duty)
    acknowledge(duty, alarm)
    shelve(duty, alarm)
    find_it_in_the_load_of_alarms(duty, alarm)


def change_the_threshold(duty: Person) -> str:
    """Opens the rule from the list and lowers its blue level; returns the proposal's address."""
    duty.go("/rules/?q=" + RULE)
    duty.page.get_by_role("link", name=RULE, exact=True).first.click()
    duty.page.get_by_role("link", name="修改规则").click()
    duty.page.fill("input[name=blue_raise]", "0.1")
    duty.page.fill("input[name=blue_clear]", "0.08")
    duty.page.fill("textarea[name=why]", "近期小雨即有车辆涉水,蓝色线下调至 10 厘米")
    duty.look("rule-form")
    duty.press("写下改动,去预演")
    duty.page.wait_for_url(re.compile(r"/rules/proposals/\d+/"))
    expect(duty.page.locator("main")).to_contain_text("0.15")
    return duty.page.url.removeprefix(duty.anlan.url)


def rehearse(duty: Person) -> None:
    """The worker replays history while the page waits; the proposer cannot sign."""
    duty.page.get_by_text("最近 7 天").click()
    duty.press("开始预演")
    expect(duty.page.get_by_text("各班次报警数")).to_be_visible(timeout=60_000)
    expect(duty.page.locator(".strip")).to_contain_text("→")
    expect(duty.page.locator("main")).to_contain_text("新增报警")
    assert duty.page.get_by_role("button", name="我已看过结果,签署生效").count() == 0
    duty.look("rehearsal")


def sign(second: Person, proposal: str) -> None:
    second.go(proposal)
    second.page.get_by_role("button", name="我已看过结果,签署生效").click()
    second.page.get_by_role("button", name="确定").click()
    expect(second.page.get_by_text("已签署生效").first).to_be_visible()
    second.look("signed")


def the_alarm_appears(anlan: Anlan, duty: Person) -> str:
    """A real reading through the broker, which the old rule would have let pass; returns the alarm's address."""
    now = int(time.time() * 1000)
    publish(anlan.mqtt, DEVICE, {"time": now, "values": {"level": 0.13}} | {"device": DEVICE})
    link = duty.page.locator("#alarms tr", has_text="0.13").get_by_role("link").first

    def is_there() -> bool:
        duty.go("/alarms/?level=1")
        return bool(link.count())

    wait_for(is_there)
    link.click()
    expect(duty.page.locator("main")).to_contain_text("0.1")
    return duty.page.url.removeprefix(duty.anlan.url)


def acknowledge(duty: Person, alarm: str) -> None:
    duty.go(alarm)
    duty.page.fill("textarea[name=note]", "已通知养护单位抽排")
    duty.press("确认")
    expect(duty.page.locator("#alarm")).to_contain_text("已通知养护单位抽排")
    duty.look("rule-alarm")


def shelve(duty: Person, alarm: str) -> None:
    """The alarm leaves the list and lies on the shelf; other alarms of the device stay."""
    page = duty.page
    page.locator("summary", has_text="搁置").click()
    page.locator("select[name=minutes]").select_option("60")
    page.locator("form[action$='/shelve/'] textarea").fill("抽排约需一小时")
    page.locator("form[action$='/shelve/']").get_by_role("button", name="搁置").click()
    expect(page.locator("#alarm")).to_contain_text("搁置至")
    duty.go(f"/alarms/?q={DEVICE}")
    link = page.locator(f"a.strong[href='{alarm}']")
    expect(page.locator("#alarms")).to_be_visible()
    expect(link).to_have_count(0)
    duty.go(f"/alarms/?q={DEVICE}&state=on_shelf")
    expect(page.locator("tbody tr").filter(has=link)).to_contain_text("已搁置·已确认")


def find_it_in_the_load_of_alarms(duty: Person, alarm: str) -> None:
    name = duty.page.locator(f"a.strong[href='{alarm}']").inner_text()
    duty.go("/operators/")
    expect(duty.page.locator("tbody tr", has_text=name).first).to_be_visible()
    duty.look("rule-load")
