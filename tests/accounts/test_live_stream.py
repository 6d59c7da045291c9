"""The live stream over a real LISTEN connection: who receives what."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.test import Client

from anlan.accounts import live_stream
from anlan.accounts.models import Area, User
from anlan.kit.live import live_publish

pytestmark = pytest.mark.django_db(transaction=True)


class Page:
    """An open page: sends one request into the application and keeps what comes back."""

    def __init__(self, query: str, cookie: str = "", **headers: str) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed = asyncio.Event()
        self.scope = {
            "type": "http",
            "path": "/live",
            "query_string": query.encode(),
            "headers": [
                (k.encode(), v.encode()) for k, v in {"cookie": cookie, "host": "127.0.0.1:8001", **headers}.items()
            ],
        }

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def receive(self) -> dict[str, Any]:
        await self.closed.wait()
        return {"type": "http.disconnect"}

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def news(self) -> list[dict[str, Any]]:
        lines = b"".join(m.get("body", b"") for m in self.sent[1:]).decode().split("\n\n")
        return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


def person(name: str, area: Area, role: str = "duty_officer") -> tuple[User, str]:
    user = User.objects.create_user(name, password="a long one 1", role=role, area=area)
    client = Client()
    client.force_login(user, backend="anlan.accounts.backends.RoleBackend")
    return user, f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def areas() -> tuple[Area, Area, Area]:
    district = Area.objects.create(code="440310", name="区", level="district")
    one = Area.objects.create(code="440310001", name="甲街道", level="street", parent=district)
    two = Area.objects.create(code="440310002", name="乙街道", level="street", parent=district)
    return district, one, two


def with_streams(pages: list[Page], act: Callable[[], None], enough: Callable[[], bool]) -> None:
    """Opens the pages, acts in the database, waits until enough has arrived, closes."""

    async def run() -> None:
        listener = asyncio.create_task(live_stream.listen())
        open_pages: list[asyncio.Task[None]] = [
            asyncio.create_task(live_stream.application(p.scope, p.receive, p.send))
            for p in pages  # type: ignore[arg-type]
        ]
        await _until(lambda: all(p.sent for p in pages) and live_stream.LISTENING.is_set())
        await sync_to_async(act)()
        await _until(enough)
        for page in pages:
            page.closed.set()
        await asyncio.gather(*open_pages)
        listener.cancel()
        await sync_to_async(connections.close_all)()

    asyncio.run(asyncio.wait_for(run(), 30))


async def _until(ready: Callable[[], bool]) -> None:
    while not ready():
        await asyncio.sleep(0.02)


def test_a_page_gets_news_of_its_own_area_and_not_of_another() -> None:
    district, one, two = areas()
    _, cookie_all = person("district", district)
    _, cookie_one = person("one", one)
    everyone, narrow = Page("topics=alarm", cookie_all), Page("topics=alarm", cookie_one)

    def act() -> None:
        live_publish("alarm", area_path=two.path, id=1)
        live_publish("device", area_path=one.path, id=2)
        live_publish("alarm", area_path=one.path, id=3)

    with_streams([everyone, narrow], act, lambda: {"topic": "alarm", "id": 3} in everyone.news)
    assert [n["id"] for n in everyone.news if "id" in n] == [1, 3]
    assert [n["id"] for n in narrow.news if "id" in n] == [3]


def test_a_notice_reaches_the_person_and_the_role_it_is_addressed_to() -> None:
    district, one, _ = areas()
    user, cookie = person("one", one)
    page = Page("topics=notice", cookie)

    def act() -> None:
        live_publish("notice", address=f"user:{user.pk}", id=1)
        live_publish("notice", address="user:999999", id=2)
        live_publish("notice", address=f"role:duty_officer@{district.code}", id=3)
        live_publish("notice", address=f"role:commander@{district.code}", id=4)
        live_publish("notice", address=f"role:duty_officer@{one.code}", id=5)

    with_streams([page], act, lambda: any(n.get("id") == 5 for n in page.news))
    assert [n["id"] for n in page.news if "id" in n] == [1, 3, 5]


def test_nobody_reads_the_stream_without_a_session() -> None:
    pages = [Page("topics=alarm"), Page("topics=alarm", f"{settings.SESSION_COOKIE_NAME}=made-up")]
    with_streams(pages, lambda: None, lambda: True)
    assert [p.status for p in pages] == [401, 401]


def test_only_a_page_of_the_same_host_may_read_across_ports() -> None:
    _, one, _ = areas()
    _, cookie = person("one", one)
    own = Page("topics=alarm", cookie, origin="http://127.0.0.1:8000")
    foreign = Page("topics=alarm", cookie, origin="http://evil.example")
    with_streams([own, foreign], lambda: None, lambda: True)
    allowed = [dict(p.sent[0]["headers"]).get(b"access-control-allow-origin") for p in (own, foreign)]
    assert allowed == [b"http://127.0.0.1:8000", None]


def test_a_page_that_does_not_keep_up_is_told_to_read_again() -> None:
    viewer = live_stream.Viewer(user_id=1, role="commander", area_path="1.", everything=False)
    stream = live_stream.Stream(viewer, frozenset({"alarm"}))
    for number in range(live_stream.BACKLOG + 1):
        stream.offer(json.dumps({"topic": "alarm", "id": number}), {"topic": "alarm"})
    assert [json.loads(stream.queue.get_nowait())] == [{"topic": "alarm", "reload": True}]
