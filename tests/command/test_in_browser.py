"""The phone with a poor network, and the desk by keyboard, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from anlan.accounts.models import User
from anlan.command.models import Entry, Order, Report, Signal
from anlan.command.services import signal_watch
from browser import DESK, PHONE, browser, log_in, new_page

from .conftest import District

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


def opened(chromium: Any, address: str, path: str, user: User, size: dict[str, int]) -> Any:
    page = new_page(chromium, size)
    log_in(page, address, user)
    page.goto(address + path)
    return page


def test_a_step_taken_without_a_network_is_sent_again_until_it_arrives_and_done_once(
    live_server: Any, chromium: Any, town: District, order: Order
) -> None:
    page = opened(chromium, live_server.url, f"/orders/{order.pk}/", town.leader, PHONE)
    page.context.set_offline(True)
    page.get_by_role("button", name="签收").click()
    expect(page.locator("#sending")).to_contain_text("正在自动重发")
    page.context.set_offline(False)
    expect(page.get_by_role("button", name="已到达")).to_be_visible()
    assert Entry.objects.filter(order=order, step="receive").count() == 1


def test_an_answer_that_is_lost_on_its_way_back_does_the_work_once(
    live_server: Any, chromium: Any, town: District, order: Order
) -> None:
    page, lost = opened(chromium, live_server.url, f"/orders/{order.pk}/", town.leader, PHONE), []

    def lose_the_first_answer(route: Any) -> None:
        if not lost:
            lost.append(route.fetch().status)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/receive/", lose_the_first_answer)
    page.get_by_role("button", name="签收").click()
    expect(page.get_by_role("button", name="已到达")).to_be_visible()
    assert (len(lost), Entry.objects.filter(order=order, step="receive").count()) == (1, 1)
    order.refresh_from_db()
    assert order.state == "received"


def test_a_refusal_is_shown_on_the_phone_in_words(
    live_server: Any, chromium: Any, town: District, order: Order
) -> None:
    page = opened(chromium, live_server.url, f"/orders/{order.pk}/", town.leader, PHONE)
    Order.objects.update(state="withdrawn", reason="火已灭")
    page.get_by_role("button", name="签收").click()
    expect(page.get_by_role("alert")).to_contain_text("已撤回")


@pytest.mark.parametrize("path", ["/orders/", "/orders/{order}/"])
def test_the_phone_scrolls_in_one_direction_only(
    live_server: Any, chromium: Any, town: District, order: Order, path: str
) -> None:
    page = opened(chromium, live_server.url, path.format(order=order.pk), town.leader, PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_a_signal_is_taken_from_the_desk_by_keyboard(
    live_server: Any, chromium: Any, town: District, signal: Signal
) -> None:
    page = opened(chromium, live_server.url, "/desk/", town.officer, DESK)
    expect(page.locator(f"#signal-{signal.pk} .clock")).to_contain_text("剩余")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "接警":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/signals/*/")
    signal.refresh_from_db()
    assert (signal.state, signal.assigned_to) == ("watched", town.officer)


def test_a_report_is_previewed_while_it_is_typed_and_filed_by_the_first_click(
    live_server: Any, chromium: Any, town: District, signal: Signal
) -> None:
    signal_watch(signal=signal, by=town.officer)
    page = opened(chromium, live_server.url, f"/signals/{signal.pk}/report/", town.officer, DESK)
    page.locator("textarea[name=situation]").press_sequentially("二楼冒烟")
    expect(page.locator("#paper")).to_contain_text("二楼冒烟")
    page.locator("textarea[name=measures]").fill("已派队伍")
    page.get_by_role("button", name="提交报告").click()
    page.wait_for_url(f"**/signals/{signal.pk}/")
    assert Report.objects.get().measures == "已派队伍"
