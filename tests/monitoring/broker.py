"""A real Mosquitto for a test, and waiting for what must happen."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

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


class Mosquitto:
    """A real broker on a free port."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.port = free_port()
        lines = [f"listener {self.port} 127.0.0.1", *(more or ["allow_anonymous true"]), "max_inflight_messages 0",
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
