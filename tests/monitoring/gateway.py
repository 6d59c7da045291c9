"""The ingest process inside a test: the real servers, in a thread with an event loop of its own."""

import asyncio
import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from anlan.monitoring import ingest_process

PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(true: Callable[[], bool], why: str = "it does not happen") -> None:
    """Waits for something that must happen soon."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, why
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


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


class Mosquitto:
    """A real broker on a free port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "max_inflight_messages 0",
                 "max_queued_messages 0", "log_dest none"]  # fmt: skip
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text("\n".join(lines) + "\n")
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(self._conf)], stderr=subprocess.DEVNULL)
        until(lambda: listens(self.port), "the broker does not start")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)


@contextlib.contextmanager
def mosquitto(folder: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(folder)
    try:
        yield broker
    finally:
        broker.stop()
