"""A new alarm is on an open map within a second of its reading's arrival."""

import socket
import time
from typing import Any

from playwright.sync_api import Page

from anlan.protocols import protocols
from journeys.server import Anlan
from journeys.test_main_job import Person

TRIES = 3
KEEP = """() => {
  window.heard = [];
  document.querySelector("#map").addEventListener("onemap:news", (event) => {
    if (event.detail.key === "monitoring.alarm" && event.detail.what === "new") window.heard.push(event.detail.at);
  });
}"""


def delay(anlan: Anlan, page: Page, part: int) -> float:
    """Milliseconds from the last byte at the socket to the alarm's feature on the map."""
    before = page.evaluate("() => window.heard.length")
    frame = protocols()["gb26875"].encode("0", int(time.time() * 1000), {f"part-1-3-{part}:fire": 1.0})
    with socket.create_connection(("127.0.0.1", anlan.devices["gb26875"]), timeout=10) as line:
        sent = time.time() * 1000
        line.sendall(frame)
        assert line.recv(1024)
    page.wait_for_function("(before) => window.heard.length > before", arg=before)
    return float(page.evaluate("() => window.heard[window.heard.length - 1]")) - sent


def test_a_new_alarm_is_on_the_map_within_a_second(anlan: Anlan, chromium: Any) -> None:
    commander = Person(chromium, anlan, "commander")
    commander.go("/map/")
    commander.page.wait_for_selector("#map[data-state=ready]", timeout=60_000)
    commander.page.evaluate(KEEP)
    delays = [delay(anlan, commander.page, 500 + number) for number in range(TRIES)]
    commander.page.wait_for_timeout(1500)
    commander.look("map")
    assert min(delays) < 1000
