"""One process that starts the others, starts them again when they fall, and ends them together."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field

BACK_OFF = (0.5, 1, 2, 5, 10)
STEADY_SECONDS = 30
GRACE_SECONDS = 10
PR_SET_PDEATHSIG = 1


class PortTaken(RuntimeError):
    """Another program listens on an address that Anlan needs."""


def check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(f"{host}:{port} cannot be used: {error.strerror}") from None


def _die_with_parent() -> None:
    """In the child: end when the supervisor is killed, so that no orphan keeps a port."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process of the house."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0
    next_start: float = 0.0

    def start(self) -> None:
        preexec = _die_with_parent if sys.platform == "linux" else os.setsid
        self.process = subprocess.Popen(self.command, preexec_fn=preexec)
        self.started = time.monotonic()

    def tend(self) -> None:
        """Starts the process again when it has fallen, each time after a longer wait."""
        if self.process is not None and self.process.poll() is not None:
            steady = time.monotonic() - self.started > STEADY_SECONDS
            self.falls = 0 if steady else self.falls + 1
            wait = BACK_OFF[min(self.falls, len(BACK_OFF) - 1)]
            print(f"anlan: {self.name} ended with {self.process.returncode}, again in {wait} s", file=sys.stderr)
            self.process, self.next_start = None, time.monotonic() + wait
        if self.process is None and time.monotonic() >= self.next_start:
            self.start()


@dataclass
class Supervisor:
    children: list[Child]
    stopping: bool = field(default=False)

    def run(self) -> int:
        """Runs until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.stopping:
            for child in self.children:
                child.tend()
            time.sleep(0.2)
        self._end_all()
        return 0

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _end_all(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for process in running:
            try:
                process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
