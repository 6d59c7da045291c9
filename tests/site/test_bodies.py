"""A request's body is gathered before the pages see it, whoever sends it and however slowly."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from anlan.site import pages


@pytest.fixture(autouse=True)
def _read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any WSGI application may stand behind the gathering; this one says what it was sent."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("x-announced", environ["CONTENT_LENGTH"])])
        yield environ["wsgi.input"].read()

    monkeypatch.setattr(pages, "_pages", application)


def answer(length: int, *messages: dict[str, Any]) -> tuple[int, bytes]:
    """Status and body for a POST which sends these messages, and then nothing."""
    waiting, told = list(messages), []
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "http_version": "1.1"}

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    asyncio.run(pages.application({**scope, "headers": [(b"content-length", b"%d" % length)]}, receive, send))
    return int(told[0]["status"]), b"".join(message.get("body", b"") for message in told)


def part(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize("size", [1, 7, 1_000, pages.IN_MEMORY + 1])
def test_a_body_in_pieces_is_read_whole(size: int) -> None:
    body = bytes(k % 251 for k in range(size))
    step = max(1, size // 5)
    assert answer(size, *(part(body[k : k + step], k + step < size) for k in range(0, size, step))) == (200, body)


def test_a_body_that_does_not_come_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PATIENCE", 0.01)
    assert answer(1_000, part(b"username="))[0] == 408


def test_one_who_leaves_in_the_middle_takes_no_thread() -> None:
    assert answer(1_000, part(b"username="), {"type": "http.disconnect"})[0] == 408


def test_a_body_larger_than_any_we_take_is_not_read() -> None:
    assert answer(pages.LARGEST + 1) == (200, b"")
