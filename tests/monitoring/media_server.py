"""A fake of the outside world: an HTTP server that answers as ZLMediaKit and MediaMTX do."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class Media:
    """`asked` gathers (method, path, words); `refuses` makes it say no."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.refuses = False
        self.url = ""

    def paths(self) -> list[str]:
        return [path.rpartition("/")[2] for _method, path, _words in self.asked]


@contextmanager
def media_server() -> Iterator[Media]:
    media = Media()

    class Answer(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            words = json.loads(body) if body.startswith("{") else {k: v[0] for k, v in parse_qs(body).items()}
            media.asked.append((self.command, self.path, words))
            told = {"code": -100, "msg": "wrong secret"} if media.refuses else {"code": 0, "port": 30_000}
            data = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *_words: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    media.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield media
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
