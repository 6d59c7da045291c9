"""The pages of rules in a real browser: they fit the desk and the phone, and rehearse by themselves."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from anlan.accounts.models import User
from anlan.monitoring.forecasting.dynamic import bounds_renew
from anlan.monitoring.forecasting.run import forecasts_run
from anlan.monitoring.forecasting.score import forecasts_settle
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Device, Forecast, Rehearsal, RuleProposal, Series, ThresholdRule
from anlan.monitoring.moments import HOUR, now_ms
from anlan.monitoring.rehearsal.services import proposal_make, rehearsal_ask, rehearsal_do
from anlan.monitoring.services import device_token_issue
from browser import DESK, PHONE, browser, log_in, new_page

from .frames import MINUTE, frame

pytestmark = pytest.mark.django_db(transaction=True)
Maker = Callable[..., Device]
LOOK = os.environ.get("ANLAN_LOOK", "")


@pytest.fixture
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


@pytest.fixture
def world(device: Maker) -> dict[str, Any]:
    """A river station with a week of tides that is rising now, its rule, a proposal, and people."""
    row = device()
    rule = ThresholdRule.objects.create(
        name="河道水位", device_kind="level", key="39", unit="m", source="坪山区防汛预案(示例)", forecast_minutes=60,
        dynamic=True, low=-2, high=30, blue_raise=2.4, blue_clear=2.2, yellow_raise=2.8, yellow_clear=2.6,
        orange_raise=3.4, orange_clear=3.2, red_raise=4, red_clear=3.8, no_data_minutes=60,
        samples=3, within=5, duration_seconds=600, season_from="02-01", season_to="01-31",
        spans=[{"days": "w", "from": "00:00", "to": "12:00"}, {"days": "12345", "from": "12:00", "to": "24:00"},
               {"days": "eh", "from": "18:00", "to": "18:00", "season": ["06-01", "05-31"]}],
    )  # fmt: skip
    now = now_ms()
    time = np.arange(now - 6 * 24 * HOUR, now, 10 * MINUTE)
    tide = (
        1.7
        + 0.75 * np.sin((time - now) * 2 * np.pi / (12.4 * HOUR))
        + np.random.default_rng(1).normal(0, 0.02, len(time))
    )
    for part in np.array_split(np.arange(len(time)), 5):
        readings_store(batch=[frame([("39", int(time[i]), round(float(tide[i]), 3)) for i in part])], now=now)
    people = {
        role: User.objects.create(username=role, display_name=name, role=role, area=row.area)
        for role, name in (("duty_officer", "王建国"), ("commander", "李卫东"), ("administrator", "周敏"))
    }
    wanted = ThresholdRule.objects.get(pk=rule.pk)
    wanted.blue_raise, wanted.samples = 2.5, 2
    made = proposal_make(rule=rule, wanted=wanted, why="潮位常年接近 2.4 米,夜班误报多", by=people["duty_officer"])
    bounds_renew(now=now)
    forecasts_run(now=now)
    return {"device": row, "rule": rule, "proposal": made, **people}


def opened(chromium: Any, address: str, path: str, user: User, size: dict[str, int]) -> Any:
    page = new_page(chromium, size)
    log_in(page, address, user)
    page.goto(address + path)
    return page


def fits(page: Any, name: str, size: dict[str, int]) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth")
    if LOOK:
        page.screenshot(path=Path(LOOK) / f"{name}-{size['width']}.png", full_page=True)
    assert wide <= size["width"], f"{name} is {wide} wide"
    faults = [told for told in page.faults if "ERR_CONNECTION_REFUSED" not in told]
    assert faults == [], name


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_of_rules_and_forecasts_fits_its_screen(
    live_server: Any, chromium: Any, world: dict[str, Any], size: dict[str, int]
) -> None:
    proposal, admin = world["proposal"], world["administrator"]
    rehearsal_do(rehearsal_id=rehearsal_ask(proposal=proposal, days=7, by=admin).pk)
    device_token_issue(device=world["device"], by=admin)
    series = Series.objects.get()
    old = Forecast.objects.create(
        series=series, rule=world["rule"], level=1, limit=2.4, made_at=now_ms() - 5 * HOUR, revised_at=now_ms() - 5 * HOUR,
        early_at=now_ms() - 4.5 * HOUR, due_at=now_ms() - 4.2 * HOUR, until=now_ms() - 4 * HOUR, chance=0.8,
        path=[[now_ms() - 5 * HOUR + i * 10 * MINUTE, 2 + i / 10, 1.9 + i / 12, 2.1 + i / 8] for i in range(7)],
        state="false", settled_at=timezone.now(),
    )  # fmt: skip
    forecasts_settle(now=now_ms())
    pages = {
        "rules": "/rules/",
        "rule": f"/rules/{world['rule'].pk}/",
        "form": f"/rules/{world['rule'].pk}/change/",
        "proposal": f"/rules/proposals/{proposal.pk}/",
        "forecasts": "/forecasts/",
        "forecast": f"/forecasts/{old.pk}/",
        "series": f"/series/{series.pk}/",
        "device": f"/devices/{world['device'].pk}/",
    }
    page = opened(chromium, live_server.url, "/rules/", admin, size)
    for name, path in pages.items():
        page.goto(live_server.url + path)
        fits(page, name, size)


def test_a_rehearsal_shows_its_progress_and_then_its_result_without_a_reload(
    live_server: Any, chromium: Any, world: dict[str, Any]
) -> None:
    page = opened(chromium, live_server.url, f"/rules/proposals/{world['proposal'].pk}/", world["duty_officer"], DESK)
    page.get_by_text("最近 7 天").click()
    page.get_by_role("button", name="开始预演").click()
    expect(page.locator("progress")).to_be_visible()
    rehearsal_do(rehearsal_id=Rehearsal.objects.get().pk)
    expect(page.get_by_text("各班次报警数")).to_be_visible()
    expect(page.locator("progress")).to_have_count(0)
    expect(page.get_by_text("提出人不能签署自己的改动")).to_be_visible()
    assert page.get_by_role("button", name="签署生效").count() == 0
    second = opened(chromium, live_server.url, f"/rules/proposals/{world['proposal'].pk}/", world["commander"], PHONE)
    second.get_by_role("button", name="我已看过结果,签署生效").click()
    second.get_by_role("button", name="确定").click()
    expect(second.get_by_text("已签署生效").first).to_be_visible()
    assert ThresholdRule.objects.get().blue_raise == 2.5
    assert RuleProposal.objects.get().state == "live"
