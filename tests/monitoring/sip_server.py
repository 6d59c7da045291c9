"""The SIP server inside a test: the real sockets, in a thread with an event loop of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from django.db import connections

from anlan.monitoring.gateway.limits import Limits
from anlan.monitoring.gateway.sip import SipServer
from anlan.monitoring.replaying.camera import Device, Recorder
from anlan.monitoring.video.configuration import SipSettings

SERVER = "44030000002000000001"
PLATFORM = "44031000001180000001"
PASSWORD = "a long password 1"
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        return port


class Sip:
    """A running server; `run` runs a device's script against it, in the test's own thread."""

    def __init__(self, *, algorithm: str = "MD5", **limits: float) -> None:
        self.port = free_port()
        self._settings = SipSettings(code=SERVER, realm=SERVER[:10], algorithm=algorithm)
        self._limits = Limits(**{"sweep": 0.2, **limits})  # type: ignore[arg-type]
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = SipServer(self._settings, self._limits)
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
