"""Milliseconds from a reading's last byte at the socket to its alarm in a browser that has the map open.

    python benchmarks/latency.py [--alarms 100] [--load 5000] [--json]

Meanwhile 100 other devices send `load` readings a second over MQTT (QoS 1, 50 a message). A whole Anlan and a headless Chromium on one machine; the page keeps the moment at which the news of the alarm arrives.
The rival is a page that asks for the list of alarms each 5 seconds: half of that is its median without any work.
"""

import argparse
import contextlib
import json
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from time import sleep, time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from parts.mqtt_wire import CONNECT, published

from anlan.protocols import protocols
from browser import browser, new_page
from journeys.server import Anlan, broker

POLL_MS = 5_000
FIRE_PANEL = "0"
WATCH = """(address) => {
  window.seen = [];
  const stream = new EventSource(address, {withCredentials: true});
  stream.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (news.topic === "alarm" && news.id) window.seen.push([Date.now(), news.id, news.level]);
  };
  return new Promise((resolve) => { stream.onopen = () => resolve(true); });
}"""


def log_in(page: Any, anlan: Anlan, username: str) -> None:
    name, password = anlan.logins[username]
    page.goto(f"{anlan.url}/login/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.goto(f"{anlan.url}/notices/")


def raise_alarms(anlan: Anlan, page: Any, count: int) -> list[float]:
    """Each round sets a part of the fire panel on fire and puts it out; returns the delay of each alarm."""
    spec = protocols()["gb26875"]
    taken = []
    with socket.create_connection(("127.0.0.1", anlan.devices["gb26875"])) as line:
        for number in range(count):
            part = f"part-1-1-{number + 1}:fire"
            frame = spec.encode(FIRE_PANEL, int(time() * 1000), {part: 1.0})
            before = page.evaluate("() => window.seen.length")
            sent = time() * 1000
            line.sendall(frame)
            page.wait_for_function("(before) => window.seen.length > before", arg=before, timeout=30_000)
            taken.append(page.evaluate("() => window.seen[window.seen.length - 1][0]") - sent)
            sleep(0.05)
    return taken


REGISTER = """
from anlan.accounts.models import Area
from anlan.monitoring.models import Device
area = Area.objects.order_by("path").first()
for k in range(100):
    Device.objects.create(code=f"LOAD{k}", protocol="json", kind="gas", name=f"l{k}", area=area)
"""


@contextlib.contextmanager
def background(port: int, load: int) -> Iterator[list[int]]:
    """Sends meanwhile, ten times a second; gives how many readings were sent."""
    ending, sent = threading.Event(), [0]

    def send() -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(CONNECT)
            while not ending.wait(0.1):
                now = int(time() * 1000)
                many = range(sent[0] // 50, sent[0] // 50 + load // 500)
                said = json.dumps({"time": now, "values": {f"v{v}": v + 0.25 for v in range(50)}}).encode()
                line.sendall(published((f"anlan/LOAD{k % 100}/readings", said) for k in many))
                sent[0] += 50 * len(many)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        ending.set()
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alarms", type=int, default=100)
    parser.add_argument("--load", type=int, default=5_000, help="readings a second of other devices")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as mqtt, browser() as chromium:
        anlan = Anlan(folder=Path(folder), mqtt=mqtt)
        try:
            anlan.demo(0.005)
            anlan.start()
            page = new_page(chromium)
            log_in(page, anlan, "commander")
            page.evaluate(WATCH, f"http://127.0.0.1:{anlan.port + 1}/live?topics=alarm")
            anlan.command("manage", "shell", "-v0", "-c", REGISTER)
            with background(mqtt, arguments.load) as sent:
                sleep(5)
                began, before = time(), sent[0]
                taken = raise_alarms(anlan, page, arguments.alarms)
                load = (sent[0] - before) / (time() - began)
        finally:
            anlan.stop()
    p99 = quantiles(taken, n=100)[98]
    figures = {
        "alarms": len(taken),
        "load": load,
        "p50_ms": median(taken),
        "p99_ms": p99,
        "polling_page_to_p50": POLL_MS / 2 / median(taken),
    }
    print(json.dumps(figures) if arguments.json else "\n".join(f"{k:20} {v:10.2f}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
