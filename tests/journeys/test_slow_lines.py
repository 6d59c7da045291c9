"""Who drips a request byte by byte, to the pages or to the live news, keeps nobody else waiting."""

import contextlib
import socket

import pytest

from journeys.server import Anlan, answers

MANY = 60
HEAD = b"GET /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
BODY = (
    b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer x\r\nCookie: csrftoken=" + b"c" * 32 + b"\r\n"
    b"Content-Type: %s\r\nContent-Length: 1000\r\n\r\nu"
)
FORM, JSON = b"application/x-www-form-urlencoded", b"application/json"


@pytest.mark.parametrize("beginning", [HEAD, BODY % (b"/login/", FORM), BODY % (b"/api/ingest", JSON)])
@pytest.mark.parametrize("port", [0, 1], ids=["pages", "live"])
def test_many_slow_requests_keep_no_other_waiting(anlan: Anlan, port: int, beginning: bytes) -> None:
    with contextlib.ExitStack() as lines:
        for _ in range(MANY):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", anlan.port + port), timeout=10))
            line.sendall(beginning)
        assert answers(f"http://127.0.0.1:{anlan.port + port}/{'live' if port else 'login/'}")
