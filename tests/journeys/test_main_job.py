"""The main job: a real reading becomes an alarm, a signal, an incident, orders and a closed case."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from playwright.sync_api import Page, expect

from anlan.site.paths import VAR
from browser import DESK, PHONE, new_page
from journeys.devices import photo, publish, recorded, send
from journeys.server import Anlan

TEAM = "坪山区综合应急救援大队"
PICTURES = VAR / "journeys"


class Person:
    """Somebody at a browser of their own, logged in through the log-in page."""

    def __init__(self, chromium: Any, anlan: Anlan, username: str, size: dict[str, int] = DESK) -> None:
        self.page: Page = new_page(chromium, size)
        self.page.set_default_timeout(20_000)
        self.anlan = anlan
        self.go("/login/")
        name, password = anlan.logins[username]
        self.page.fill("input[name=username]", name)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(re.compile(r"^(?!.*/login/)"))

    def go(self, path: str) -> None:
        self.page.goto(self.anlan.url + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    def submit_report(self) -> None:
        self.press("提交报告")
        self.page.wait_for_url(lambda url: "/report/" not in url)

    def look(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")


def words_of(word: bytes) -> str:
    document = Document(io.BytesIO(word))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def step_texts(person: Person) -> list[tuple[str, str]]:
    """Time and text of each step that the incident page shows."""
    return [
        (item.locator("time").first.inner_text(), item.locator("p").first.inner_text())
        for item in person.page.locator("#incident-live .timeline > li").all()
    ]


@pytest.fixture(scope="module")
def fire(anlan: Anlan) -> Anlan:
    """What the field sends: river and rain, air, water, a fire panel, a level sensor."""
    assert send(anlan.devices["sl651"], "sl651", recorded("sl651", "func33"))
    send(anlan.devices["hj212"], "hj212", recorded("hj212", "air_2011_cc01"), answered=False)
    assert send(anlan.devices["gb26875"], "gb26875", recorded("gb26875", "part_state_fire_alarm"))
    publish(anlan.mqtt, "MQTT-LEVEL-01", {"time": None, "values": {"level": 0.4}} | {"device": "MQTT-LEVEL-01"})
    return anlan


def test_from_a_fire_panel_to_a_closed_case(fire: Anlan, chromium: Any, tmp_path: Path) -> None:
    duty = Person(chromium, fire, "duty")
    judge_and_verify(duty)
    incident = report_and_open(duty)
    commander = Person(chromium, fire, "commander")
    send_the_order(commander, incident)
    answer_on_the_phone(fire, chromium, tmp_path)
    ask_to_close(commander, incident)
    second = Person(chromium, fire, "commander2")
    approve(second, incident)
    the_word_report_holds_every_step(second)


def judge_and_verify(duty: Person) -> None:
    card = duty.page.locator("#desk .card", has_text="消防主机").first
    expect(card).to_be_visible()
    expect(card.locator(".clock")).to_contain_text("剩余")
    duty.look("desk")
    card.get_by_role("link").first.click()
    duty.press("接警，由我盯办")
    duty.page.locator("form[action$='/judge/'] select[name=event_type]").select_option("fire")
    duty.page.locator("form[action$='/judge/'] select[name=level]").select_option("4")
    duty.press("确认研判")
    told = "致电消防控制室,走廊确有明火,正在疏散,无人员被困"
    duty.page.locator("form[action$='/verify/'] textarea[name=note]").fill(told)
    duty.press("确认核实")
    expect(duty.page.get_by_role("button", name="立项并进入处置")).to_be_visible()
    duty.look("signal")


def report_and_open(duty: Person) -> str:
    """Files the first report within its clock and opens the incident; returns the incident's address."""
    signal = duty.page.url
    duty.page.get_by_role("link", name="写首报").first.click()
    duty.page.fill("textarea[name=situation]", "走廊起火,现场人员正在疏散,暂无人员伤亡。")
    duty.look("report")
    duty.submit_report()
    duty.page.goto(signal)
    expect(duty.page.locator(".headline .clock")).to_contain_text("已完成")
    expect(duty.page.locator(".headline")).not_to_contain_text("首报超时")
    duty.press("立项并进入处置")
    expect(duty.page).to_have_url(re.compile(r"/incidents/\d+/"))
    return duty.page.url.removeprefix(duty.anlan.url)


def send_the_order(commander: Person, incident: str) -> None:
    commander.go(incident)
    commander.press("启动应急处置")
    commander.page.get_by_role("link", name="下达指令").first.click()
    form = commander.page.locator("form[action$='/order/']")
    form.locator("select[name=team]").select_option(label=TEAM)
    form.locator("textarea[name=text]").fill("立即出动两车十二人,扑灭走廊明火并搜救。")
    form.locator("button[type=submit]").click()
    expect(commander.page.locator("#incident-live")).to_contain_text(TEAM)
    commander.look("incident")


def ask_to_close(commander: Person, incident: str) -> None:
    """The order's answer is on the commander's open page by itself; the one who asks cannot approve."""
    expect(commander.page.locator("#incident-live")).to_contain_text("明火已扑灭")
    commander.go(incident)
    commander.page.locator("summary", has_text="确认险情受控").click()
    commander.press("确认受控")
    commander.go(f"{incident}report/")
    commander.page.locator("input[name=kind][value=final]").check()
    commander.page.fill("textarea[name=situation]", "火已扑灭,过火面积约十平方米,无人员伤亡。")
    commander.submit_report()
    commander.go(incident)
    commander.page.locator("summary", has_text="申请结案").click()
    commander.press("提交结案申请")
    expect(commander.page.locator("#incident-live")).to_contain_text("待批结案")
    expect(commander.page.get_by_role("button", name="批准结案")).to_have_count(0)


def approve(second: Person, incident: str) -> None:
    second.go(incident)
    second.press("批准结案")
    second.page.locator("#confirm[open]").get_by_role("button").last.click()
    expect(second.page.locator("#incident-live")).to_contain_text("已结案")
    second.look("closed")


def answer_on_the_phone(fire: Anlan, chromium: Any, folder: Path) -> None:
    leader = Person(chromium, fire, "team1", PHONE)
    leader.go("/orders/")
    leader.look("orders")
    leader.page.locator("a.job").first.click()
    leader.press("签收")
    expect(leader.page.get_by_role("button", name="已到达")).to_be_visible()
    leader.press("已到达")
    expect(leader.page.locator(".job").first).to_contain_text("已到达")
    expect(leader.page.locator("input[name=photo][capture]")).to_have_count(1)
    leader.page.locator("input[name=photo][capture]").set_input_files(photo(folder))
    expect(leader.page.locator(".thumbs img")).to_have_count(1)
    leader.page.locator("textarea[name=result]").fill("明火已扑灭,搜救完毕,无人员被困。")
    leader.look("order")
    leader.press("完成")
    expect(leader.page.locator(".job").first).to_contain_text("已完成")


def the_word_report_holds_every_step(person: Person) -> None:
    """The archived course of the case, as Word: every line of the timeline but the one that tells of the archive."""
    link = person.page.locator("a[href^='/reports/']", has_text="结案归档").first
    answer = person.page.request.get(person.anlan.url + str(link.get_attribute("href")))
    assert answer.ok
    text = words_of(answer.body())
    steps = [(at, what) for at, what in step_texts(person) if "归档" not in what]
    assert len(steps) >= 12
    assert [what for _, what in steps if what not in text] == []
    assert [at for at, _ in steps if at[-8:] not in text] == []


def test_the_reading_ledger_reconciles_after_the_job(fire: Anlan) -> None:
    told = json.loads(fire.command("ledger", "--json"))
    assert told["ok"]
    assert told["difference"] == 0
    sources = {row["source"] for row in told["rows"] if row["received"]}
    assert sources >= {"sl651", "hj212", "gb26875", "mqtt"}


def test_the_audit_chain_is_whole_after_the_job(fire: Anlan) -> None:
    assert json.loads(fire.command("audit", "verify", "--json"))["ok"]
