"""A real browser for tests of pages.

Use the fixture `browser_page`, or `log_in(page, live_server, user)` for a second person in the same test.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright

BACKEND = "anlan.accounts.backends.RoleBackend"
DESK = {"width": 1920, "height": 1080}
PHONE = {"width": 390, "height": 844}
PATIENCE = 60_000
expect.set_options(timeout=20_000)
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-extensions",
]


def chromium() -> str | None:
    """The browser of the system where there is one, else playwright's own."""
    named = os.environ.get("ANLAN_CHROMIUM", "/usr/bin/chromium")
    return named if Path(named).exists() else None


@contextmanager
def browser() -> Iterator[Any]:
    """While it is open Django sees a running loop and keeps a second set of connections; they end with it."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            yield opened
        finally:
            opened.close()
            connections.close_all()


def new_page(opened: Any, size: dict[str, int] = DESK) -> Page:
    """A page of its own person; `page.faults` gathers what the browser's console complains of."""
    context = opened.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", has_touch=size == PHONE)
    page: Page = context.new_page()
    page.set_default_timeout(PATIENCE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.faults = faults  # type: ignore[attr-defined]
    return page


def log_in(page: Page, address: str, user: Any) -> None:
    """Gives the page the person's session; the log-in page has tests of its own."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}])


@pytest.fixture
def browser_page() -> Iterator[Page]:
    """A desk-sized page in a browser of its own."""
    with browser() as opened:
        yield new_page(opened)
