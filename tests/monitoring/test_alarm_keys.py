"""The list of alarms in a real browser: what is new is read out and heard, keys act, a refresh takes nothing away."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from anlan.accounts.models import Area, User
from anlan.monitoring.models import Alarm, Device
from anlan.monitoring.moments import now_ms
from anlan.monitoring.services import alarm_acknowledge
from browser import DESK, PHONE, browser, log_in, new_page

from .alarming import alarm_of, level_rule, person, says

pytestmark = pytest.mark.usefixtures("shared_db")
LOOK = os.environ.get("ANLAN_LOOK", "")
Maker = Callable[..., Device]
CODES = [f"S{n}" for n in range(4)]
HALF_MINUTE = 31_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


@pytest.fixture
def officer(area: Area, device: Maker) -> User:
    """Of four stations."""
    level_rule()
    for code in CODES:
        device(code)
    return person(area)


@pytest.fixture
def desk(live_server: Any, chromium: Any, officer: User) -> Iterator[Page]:
    """The list, open since before anything happened, its person having touched it."""
    says(1.0, code="S0", at=now_ms() - 5000)
    says(3.2, code="S3", at=now_ms() - 4000)
    page = new_page(chromium, DESK)
    log_in(page, live_server.url, officer)
    page.clock.install()
    page.goto(f"{live_server.url}/alarms/")
    page.locator("h1").click()
    expect(page.locator("[data-sound]")).to_have_attribute("data-ready", "true")
    yield page
    page.context.close()


def renew(page: Page) -> None:
    """What the news of an alarm does to the open page."""
    with page.expect_response(re.compile("/alarms/")):
        page.evaluate("htmx.trigger('#alarms', 'live')")
    page.wait_for_function("!document.querySelector('#alarms.htmx-request')")


def sounded(page: Page) -> int:
    return int(page.locator("#alarms").get_attribute("data-sounded") or 0)


def row(page: Page, code: str) -> Any:
    return page.locator(f"#row-{alarm_of(code).pk}")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('tr')?.id ?? ''"))


def test_a_new_alarm_is_read_out_and_a_red_one_is_heard_until_it_is_acknowledged(desk: Page, officer: User) -> None:
    expect(desk.locator("#alarm-voice")).to_have_attribute("role", "alert")
    expect(desk.locator("#alarm-news")).to_have_attribute("role", "status")
    renew(desk)
    assert (desk.locator("#alarm-news").inner_text(), sounded(desk)) == ("", 0)
    says(3.2, code="S0")
    renew(desk)
    expect(desk.locator("#alarm-news")).to_contain_text("新报警:蓝色 站S0")
    assert (desk.locator("#alarm-voice").inner_text(), sounded(desk)) == ("", 0)
    says(5.5, code="S1")
    renew(desk)
    expect(desk.locator("#alarm-voice")).to_contain_text("新报警:红色 站S1")
    assert sounded(desk) == 1
    renew(desk)
    assert sounded(desk) == 1
    desk.clock.fast_forward(HALF_MINUTE)
    assert sounded(desk) == 2
    alarm_acknowledge(alarm=alarm_of("S1"), by=officer)
    renew(desk)
    desk.clock.fast_forward(2 * HALF_MINUTE)
    assert sounded(desk) == 2


def test_one_red_alarm_in_another_s_place_is_heard_though_as_many_wait_as_before(desk: Page, officer: User) -> None:
    says(5.5, code="S1")
    renew(desk)
    alarm_acknowledge(alarm=alarm_of("S1"), by=officer)
    says(5.5, code="S2")
    renew(desk)
    expect(desk.locator("#alarm-voice")).to_contain_text("站S2")
    assert sounded(desk) == 2
    says(5.5, code="S3")
    renew(desk)
    expect(desk.locator("#alarm-voice")).to_contain_text("站S3")
    assert sounded(desk) == 3


def test_who_silenced_the_page_hears_nothing_and_still_reads_it(desk: Page) -> None:
    desk.keyboard.press("m")
    expect(desk.locator("[data-sound]")).to_have_text("已静音")
    says(5.5, code="S1")
    renew(desk)
    expect(desk.locator("#alarm-voice")).to_contain_text("站S1")
    desk.clock.fast_forward(HALF_MINUTE)
    assert sounded(desk) == 0


def test_keys_move_pick_acknowledge_assign_shelve_and_explain_themselves(desk: Page, officer: User) -> None:
    for code in ("S1", "S2"):
        says(5.5, code=code)
    desk.goto(f"{desk.url}?view=rows")
    first, second = (f"row-{alarm_of(code).pk}" for code in ("S2", "S1"))
    for key, at in (("j", first), ("j", second), ("k", first), ("ArrowDown", second), ("ArrowUp", first)):
        desk.keyboard.press(key)
        assert focused(desk) == at
    desk.keyboard.press("?")
    expect(desk.locator("#keys-help")).to_be_visible()
    desk.keyboard.press("j")
    desk.keyboard.press("Escape")
    assert focused(desk) == first
    desk.keyboard.press("a")
    expect(row(desk, "S2")).to_contain_text("未解除·已确认")
    expect(row(desk, "S2")).to_be_focused()
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    desk.keyboard.press("a")
    expect(desk.locator("#toasts")).to_contain_text("已确认 2 条报警。")
    assert not Alarm.objects.waiting().exists()


@pytest.mark.parametrize(("key", "field"), [("g", "assign-to"), ("s", "shelve-minutes")])
def test_a_key_opens_the_form_of_a_step_which_leads_back_to_the_list(
    desk: Page, officer: User, key: str, field: str
) -> None:
    desk.goto(f"{desk.url}?level=1")
    desk.keyboard.press("j")
    desk.keyboard.press(key)
    expect(desk.locator(f"#{field}")).to_be_focused()
    desk.locator(f"#{field}").select_option(index=1)
    step = field.partition("-")[0]
    form = desk.locator(f"form[action$='/{step}/']")
    form.locator("textarea").last.fill("检修")
    form.locator("button").click()
    desk.wait_for_url(re.compile(r"/alarms/\?level=1$"))
    assert alarm_of("S3").steps.filter(step=step).count() == 1


def test_keys_do_nothing_while_somebody_types(desk: Page) -> None:
    box = desk.locator("input[name=q]")
    box.click()
    box.press_sequentially("ja?sgmx")
    assert box.input_value() == "ja?sgmx"
    expect(desk.locator("#keys-help")).to_be_hidden()
    assert (focused(desk), alarm_of("S3").state) == ("", "active")
    desk.locator("h1").click()
    for keys in ("Control+a", "Alt+s"):
        desk.keyboard.press(keys)
    assert alarm_of("S3").state == "active"


def test_a_refresh_takes_neither_the_focus_nor_what_was_picked(desk: Page) -> None:
    for key in ("40", "41"):
        level_rule(key=key, name=f"水位{key}")
    says(3.2, code="S0"), says(3.2, code="S0", key="40")
    renew(desk)
    desk.locator("tr.group input[name=pick]").check()
    picked = desk.locator("tr.group input[name=pick]").input_value()
    link = desk.locator("nav a").first
    link.focus()
    says(3.2, code="S0", key="41")
    renew(desk)
    expect(link).to_be_focused()
    expect(desk.locator("tr.group")).to_contain_text("3 条待确认")
    box = desk.locator("tr.group input[name=pick]")
    expect(box).to_be_checked()
    assert box.input_value() == picked
    button = row(desk, "S3").get_by_role("button", name="确认")
    button.focus()
    renew(desk)
    expect(button).to_be_focused()
    desk.locator("h1").click()
    desk.keyboard.press("a")
    expect(desk.locator("#toasts")).to_contain_text("已确认 2 条报警。")
    assert Alarm.objects.get(series__key="41").state == "active"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_short_words_stand_on_one_line_and_nothing_is_wider_than_the_screen(
    live_server: Any, chromium: Any, officer: User, size: dict[str, int]
) -> None:
    says(5.5, code="S0"), says(3.2, code="S1")
    page = new_page(chromium, size)
    log_in(page, live_server.url, officer)
    page.goto(f"{live_server.url}/alarms/")
    kind = row(page, "S0").get_by_text("超限")
    lines = "cell => { const words = document.createRange(); words.selectNodeContents(cell); return words.getClientRects().length }"
    assert kind.evaluate(lines) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    if LOOK:
        page.screenshot(path=Path(LOOK) / f"alarms-{size['width']}.png")
    page.context.close()
