"""A reading becomes an alarm; a person acknowledges it, shelves it, and finds it again in the load of alarms."""

from typing import Any

from playwright.sync_api import expect

from anlan.site.paths import VAR
from browser import DESK, PHONE
from journeys.devices import publish
from journeys.server import Anlan
from journeys.test_main_job import Person

DEVICE = "MQTT-LEVEL-02"
PICTURES = VAR / "journeys"


def look(person: Person, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for size, words in ((DESK, "desk"), (PHONE, "phone")):
        person.page.set_viewport_size(size)  # type: ignore[arg-type]
        person.page.wait_for_timeout(300)
        wide = person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} is wider than the {words}"
        person.page.screenshot(path=PICTURES / f"{name}-{words}.png")
    person.page.set_viewport_size(DESK)  # type: ignore[arg-type]


def test_from_a_reading_to_the_load_of_alarms(anlan: Anlan, chromium: Any) -> None:
    duty = Person(chromium, anlan, "duty")
    page = duty.page
    duty.go(f"/alarms/?q={DEVICE}")
    expect(page.get_by_text("没有符合条件的报警")).to_be_visible()
    publish(anlan.mqtt, DEVICE, {"device": DEVICE, "time": None, "values": {"level": 0.5}})
    row = page.locator("tbody tr", has_text="橙色")
    expect(row).to_contain_text("未解除·未确认")
    name = row.locator("a.strong").inner_text()
    look(duty, "alarms")
    row.get_by_role("button", name="确认").click()
    expect(page.locator("tbody tr").first).to_contain_text("未解除·已确认")
    row.locator("a.strong").click()
    expect(page.locator(".timeline")).to_contain_text("通知")
    expect(page.locator(".timeline")).to_contain_text("确认")
    page.locator("summary", has_text="搁置").click()
    look(duty, "alarm")
    page.locator("select[name=minutes]").select_option("60")
    page.locator("form[action$='/shelve/'] textarea").fill("探头清淤,约一小时")
    page.locator("form[action$='/shelve/']").get_by_role("button", name="搁置").click()
    expect(page.locator("#alarm")).to_contain_text("搁置至")
    duty.go(f"/alarms/?q={DEVICE}")
    expect(page.get_by_text("没有符合条件的报警")).to_be_visible()
    duty.go(f"/alarms/?q={DEVICE}&state=on_shelf")
    expect(page.locator("tbody tr").first).to_contain_text("已搁置·已确认")
    duty.go("/operators/")
    expect(page.locator("tbody tr", has_text=name).first).to_be_visible()
    look(duty, "operators")
    assert [fault for fault in page.faults if "favicon" not in fault] == []  # type: ignore[attr-defined]


def test_the_worker_s_audit_is_seen_from_outside(anlan: Anlan, chromium: Any) -> None:
    """The periodic job of the running product has audited within two minutes of its start."""
    duty = Person(chromium, anlan, "duty")
    for _ in range(100):
        answer = duty.page.request.get(f"{anlan.url}/healthz/alarms/")
        if answer.status == 200:
            break
        duty.page.wait_for_timeout(1000)
    assert answer.json()["ok"]
    duty.go("/alarms/audit/")
    expect(duty.page.get_by_text("督办进程")).to_be_visible()
