"""The SIP server inside a test: the real sockets, in a thread with an event loop of its own."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from django.db import connections

from anlan.monitoring.gateway.limits import Limits
from anlan.monitoring.gateway.sip import SipServer
from anlan.monitoring.gateway.sip_exchange import Patience
from anlan.monitoring.models import FrameCount
from anlan.monitoring.replaying.camera import Device, Recorder
from anlan.monitoring.video.configuration import SipSettings

SERVER = "44030000002000000001"
PLATFORM = "44031000001180000001"
PASSWORD = "a long password 1"
CAMERA = "44031000001320000001"
SECOND = "44031000001320000002"
T = TypeVar("T")


def channel(code: str, **more: object) -> dict[str, object]:
    return {"DeviceID": code, "Name": f"通道{code[-2:]}", "ParentID": PLATFORM, "Status": "ON", **more}


CHANNELS = [
    channel(CAMERA, Name="一号楼<大堂>", Longitude=114.35, Latitude=22.69, Manufacturer="海威", Address="东街1号"),
    channel(SECOND, Status="OFF"),
    channel("44031000002150000001", Name="分组"),
]


def counted(kind: str) -> int:
    return sum(FrameCount.objects.filter(source="gb28181", kind=kind).values_list("frames", flat=True))


async def waited(true: Callable[[], Any], seconds: float = 30.0) -> None:
    """Until it is true; the device goes on answering meanwhile."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        await asyncio.sleep(0.05)


def free_port() -> int:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        return port


class Sip:
    """A running server; `run` runs a device's script against it, in the test's own thread."""

    def __init__(self, *, algorithm: str = "MD5", patience: Patience | None = None, **limits: float) -> None:
        self.port, self._patience = free_port(), patience
        self._settings = SipSettings(code=SERVER, realm=SERVER[:10], algorithm=algorithm)
        self._limits = Limits(**{"sweep": 0.2, **limits})  # type: ignore[arg-type]
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = SipServer(self._settings, self._limits, self._patience)
        await server.open("127.0.0.1", self.port)
        self._ready.set()
        await self._stop.wait()
        await server.close()

    def __enter__(self) -> "Sip":
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        assert not self._thread.is_alive()

    def recorder(self, **more: object) -> Recorder:
        words = {"code": PLATFORM, "password": PASSWORD, "server": SERVER, "host": "127.0.0.1", "port": self.port}
        return Recorder(**{**words, **more})  # type: ignore[arg-type]

    def run(self, script: Callable[[Device], Awaitable[T]], **more: object) -> T:
        async def play() -> T:
            device = await Device(recorder=self.recorder(**more)).open()
            try:
                return await script(device)
            finally:
                await device.close()
                connections.close_all()

        return asyncio.run(play())
