"""Devices that are commanded in tests: who asks, and a simulated one on a real socket that obeys."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from anlan.accounts.models import Area, User
from anlan.monitoring.commanding.services import (
    command_queue,
)
from anlan.monitoring.models import Device, DeviceCommand
from anlan.monitoring.moments import now_ms
from anlan.protocols import protocols
from anlan.protocols.frames import Simulator

from .gateway import Ingest

DeviceMaker = Callable[..., Device]
VALUES = {
    "sl651": ("0011223344", {"39": 1.5, "38": 12.1}),
    "hj212": ("M1", {"w01018-Rtd": 20.0}),
    "gb26875": ("77", {"part-1-1-9:fire": 0.0}),
}
SET_CLOCK = {"sl651": "4A", "hj212": "1012", "gb26875": "90"}


def person(area: Area, role: str = "duty_officer") -> User:
    return User.objects.get_or_create(
        username=f"{role}-{area.code}", defaults={"display_name": "王建国", "role": role, "area": area}
    )[0]


class Dialled:
    """A simulated device on a real socket: it reports once, then obeys until it is hung up."""

    def __init__(self, one: socket.socket, simulator: Simulator, report: bytes, *, deaf: int = 0) -> None:
        self.asked: list[bytes] = []
        self._socket, self._simulator, self._deaf = one, simulator, deaf
        one.sendall(report)
        one.settimeout(0.05)
        self._thread = threading.Thread(target=self._obey)
        self._stop = threading.Event()
        self._thread.start()

    def _obey(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                data = self._socket.recv(65536)
                answer = self._simulator.feed(data, now_ms())
                if answer:
                    self.asked.append(data)
                    if len(self.asked) > self._deaf:
                        self._socket.sendall(answer)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)


@contextlib.contextmanager
def online(ingest: Ingest, protocol: str, **more: Any) -> Iterator[Dialled]:
    code, values = VALUES[protocol]
    spec = protocols()[protocol]
    assert spec.simulator is not None
    with ingest.dial(protocol) as one:
        device = Dialled(one, spec.simulator(code, values), spec.encode(code, now_ms(), values), **more)
        try:
            yield device
        finally:
            device.stop()


def ask(one: Device, key: str, by: User, minutes: int = 5, **values: str) -> DeviceCommand:
    return command_queue(device=one, key=key, values=values, minutes=minutes, by=by)


def state(row: DeviceCommand) -> str:
    row.refresh_from_db()
    return str(row.state)
