"""Pages and API, served under threads; a request takes a thread only when all of it is here."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from tempfile import SpooledTemporaryFile
from typing import Any

from asgiref.sync import AsyncToSync, sync_to_async
from asgiref.wsgi import WsgiToAsgiInstance
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")

THREADS = 4
IN_MEMORY = 1_000_000
LARGEST = 64_000_000
"""Bytes of a body. A larger one is not read: what serves it sees the length that was announced, and nothing else."""
PATIENCE, SLOWEST = 20.0, 4_000
"""A body has so many seconds, and one more for each so many bytes that have come; then it is cut off."""

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_pages = get_wsgi_application()
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page")


def _closed(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """What the pages answer, closed when it has been sent or is wanted no longer."""
    with closing(_pages(environ, start_response)) as answer:
        yield from answer


class _Request(WsgiToAsgiInstance):
    """One request: its body gathers beside the threads, so that those who send slowly keep none."""

    run_wsgi_app = sync_to_async(
        vars(WsgiToAsgiInstance)["run_wsgi_app"].func, thread_sensitive=False, executor=_threads
    )

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.scope = scope
        with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            if await _gathered(_length(scope), receive, body):
                await self._answered(body, send)
            else:
                await send({"type": "http.response.start", "status": 408, "headers": [(b"connection", b"close")]})
                await send({"type": "http.response.body"})

    async def _answered(self, body: "SpooledTemporaryFile[bytes]", send: Send) -> None:
        async def sent(message: Message) -> None:
            await send(message)

        self.sync_send = AsyncToSync(sent)
        await self.run_wsgi_app(body)


def _length(scope: Message) -> int:
    text = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(text) if text.isdigit() else 0


async def _gathered(length: int, receive: Receive, body: "SpooledTemporaryFile[bytes]") -> bool:
    """Whether the body came whole and in time, and stands in `body` from its beginning."""
    if not 0 < length <= LARGEST:
        return True
    begun = asyncio.get_running_loop().time()
    try:
        while body.tell() < length:
            async with asyncio.timeout_at(begun + PATIENCE + body.tell() / SLOWEST):
                message = await receive()
            if message["type"] != "http.request":
                return False
            body.write(message.get("body", b""))
            if not message.get("more_body"):
                break
    except TimeoutError:
        return False
    body.seek(0)
    return True


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """The pages as an ASGI application for the server."""
    await _Request(_closed)(scope, receive, send)  # type: ignore[no-untyped-call]
