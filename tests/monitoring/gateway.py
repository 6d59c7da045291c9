"""The ingest process inside a test: the real servers, in a thread with an event loop of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

from anlan.monitoring import ingest_process
from anlan.monitoring.warming import warm_up

from .broker import PATIENCE, Mosquitto, free_port, listens, mosquitto, until

__all__ = ["Ingest", "Mosquitto", "free_port", "listens", "mosquitto", "until"]


class Ingest:
    """`ports` by protocol."""

    def __init__(self, *protocols: str, mqtt_url: str | None = None) -> None:
        self.ports = {name: free_port() for name in protocols}
        self._mqtt_url = mqtt_url
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await ingest_process.main(self.ports, self._mqtt_url, self._stop)

    def __enter__(self) -> "Ingest":
        """What is compiled is compiled before any test's clock runs."""
        warm_up()
        self._thread.start()
        self._ready.wait(PATIENCE)
        for port in self.ports.values():
            until(lambda port=port: listens(port))  # type: ignore[misc]
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    @contextlib.contextmanager
    def dial(self, protocol: str) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.ports[protocol]), timeout=PATIENCE) as one:
            yield one

    def ask(self, protocol: str, raw: bytes) -> bytes:
        """Everything that comes back for these bytes until the server closes its half too."""
        with self.dial(protocol) as one:
            answer = b""
            with contextlib.suppress(ConnectionError):
                one.sendall(raw)
                one.shutdown(socket.SHUT_WR)
                while data := one.recv(65536):
                    answer += data
            return answer
