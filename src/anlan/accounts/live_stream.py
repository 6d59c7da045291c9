"""Server-sent events to open pages: a small ASGI application of its own.

One `LISTEN` connection feeds all streams. A person receives only news of areas that they see and notices
addressed to them; a session that has ended ends its stream at the next heartbeat.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections, connection

from anlan.kit.live import CHANNEL

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HEARTBEAT = 15.0
BACKLOG = 500
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who reads a stream: `area_path` is "" for nobody's area, and `everything` opens all areas."""

    user_id: int
    role: str
    area_path: str
    everything: bool

    def sees(self, news: dict[str, Any]) -> bool:
        if news["topic"] == "notice":
            return self._addressed(str(news.get("address", "")))
        if self.everything or not news.get("area"):
            return True
        return self.role != "enterprise" and bool(self.area_path) and news["area"].startswith(self.area_path)

    def _addressed(self, address: str) -> bool:
        if address == f"user:{self.user_id}":
            return True
        role, _at, area = address.removeprefix("role:").partition("@")
        return address.startswith("role:") and role == self.role and area in self.area_path.split(".")


@dataclass(eq=False)
class Stream:
    viewer: Viewer
    topics: frozenset[str]
    queue: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(BACKLOG))

    def offer(self, text: str, news: dict[str, Any]) -> None:
        """Queues news for this page; a page that does not keep up is told to read its rows again."""
        if news["topic"] not in self.topics or not self.viewer.sees(news):
            return
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            text = json.dumps({"topic": news["topic"], "reload": True})
        self.queue.put_nowait(text)


STREAMS: set[Stream] = set()
LISTENING = threading.Event()


async def listen() -> None:
    """Feeds the streams for ever; after a lost connection every page is told to read its rows again."""
    while True:
        try:
            await _listen_once()
        except (psycopg.Error, OSError) as error:
            log.warning("live stream lost the database: %s", error)
            await asyncio.sleep(1)


async def _listen_once() -> None:
    LISTENING.clear()
    arguments = {
        k: v
        for k, v in connection.get_connection_params().items()
        if k in {"host", "port", "user", "password", "dbname"}
    }
    async with await psycopg.AsyncConnection.connect(**arguments, autocommit=True) as listener:
        await listener.execute(f"listen {CHANNEL}")
        LISTENING.set()
        for stream in STREAMS:
            for topic in stream.topics:
                stream.offer(json.dumps({"topic": topic, "reload": True}), {"topic": topic})
        async for notice in listener.notifies():
            news = json.loads(notice.payload)
            text = json.dumps({k: v for k, v in news.items() if k != "area"}, ensure_ascii=False)
            for stream in list(STREAMS):
                stream.offer(text, news)


def _viewer(session_key: str) -> Viewer | None:
    close_old_connections()
    user: Any = get_user(SimpleNamespace(session=SessionStore(session_key)))  # type: ignore[arg-type]
    if not user.is_authenticated or not user.is_active:
        return None
    return Viewer(
        user_id=user.pk,
        role=user.role,
        area_path=user.area.path if user.area_id else "",
        everything=user.is_superuser,
    )


find_viewer = sync_to_async(_viewer, thread_sensitive=True)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI entry: `GET /live?topics=a,b`."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await _http(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    listener = asyncio.create_task(listen())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    listener.cancel()
    await send({"type": "lifespan.shutdown.complete"})


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
    if scope["path"].rstrip("/") != "/live":
        return await _refuse(send, 404)
    cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    viewer = await find_viewer(cookie.value) if cookie else None
    if viewer is None or cookie is None:
        return await _refuse(send, 401)
    topics = parse_qs(scope["query_string"].decode("latin-1")).get("topics", [""])[0]
    stream = Stream(viewer, frozenset(filter(None, topics.split(","))))
    await send({"type": "http.response.start", "status": 200, "headers": _headers(headers)})
    await _serve(stream, cookie.value, receive, send)
    return None


def _headers(request: dict[str, str]) -> list[tuple[bytes, bytes]]:
    answer = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    origin = request.get("origin", "")
    host = request.get("host", "").rsplit(":", 1)[0]
    if origin and urlsplit(origin).hostname == host.strip("[]"):
        answer += [
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"Origin"),
        ]
    return answer


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b""})


async def _serve(stream: Stream, session_key: str, receive: Receive, send: Send) -> None:
    STREAMS.add(stream)
    gone = asyncio.create_task(_gone(receive))
    try:
        await _body(send, ": open\n\n")
        while not gone.done():
            text = await _next(stream, gone)
            if text is None and not gone.done() and await find_viewer(session_key) is None:
                break
            await _body(send, f"data: {text}\n\n" if text else ": ping\n\n")
    except (OSError, RuntimeError):
        log.debug("a page went away")
    finally:
        STREAMS.discard(stream)
        gone.cancel()
    await send({"type": "http.response.body", "body": b""})


async def _next(stream: Stream, gone: asyncio.Task[None]) -> str | None:
    """The next news, or None after a heartbeat's time or when the page has gone."""
    waiting = asyncio.create_task(stream.queue.get())
    done, _ = await asyncio.wait({waiting, gone}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
    if waiting in done:
        return waiting.result()
    waiting.cancel()
    return None


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _body(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
