"""Many MQTT messages to a broker at once, as bytes made beforehand, and a bare aiomqtt loop that receives them."""

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter

import aiomqtt

CONNECT = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05bench"


def published(messages: Iterable[tuple[str, bytes]]) -> bytes:
    """QoS 1 PUBLISH packets."""
    parts = []
    for number, (topic, payload) in enumerate(messages):
        name = topic.encode()
        body = struct.pack(">H", len(name)) + name + struct.pack(">H", number % 65_535 + 1) + payload
        length, size = bytearray(), len(body)
        while True:
            size, low = divmod(size, 128)
            length.append(low | 0x80 * bool(size))
            if not size:
                break
        parts.append(b"\x32" + bytes(length) + body)
    return b"".join(parts)


def blast(port: int, packets: bytes, count: int) -> None:
    """Returns when the broker has acknowledged them all."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(CONNECT)
        assert line.recv(4) == b"\x20\x02\x00\x00"
        sender = threading.Thread(target=line.sendall, args=(packets,))
        sender.start()
        left = 4 * count
        while left:
            left -= len(line.recv(1 << 20))
        sender.join()


class Bare:
    """A bare loop in a process of its own, which is stopped until it is timed."""

    def __init__(self, port: int, count: int) -> None:
        command = [sys.executable, __file__, str(port), str(count)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line("subscribed")
        self._process.send_signal(signal.SIGSTOP)

    def gathered(self, send: Callable[[], None]) -> tuple[float, float]:
        """(Seconds, seconds of its processor) for what has gathered while it was stopped."""
        send()
        return self._timed(lambda: None)

    def live(self, send: Callable[[], None]) -> tuple[float, float]:
        """The same, for what is sent while it runs."""
        sender = threading.Thread(target=send)
        taken = self._timed(sender.start)
        sender.join()
        return taken

    def _timed(self, start: Callable[[], None]) -> tuple[float, float]:
        before, began = cpu_seconds(self._process.pid), perf_counter()
        self._process.send_signal(signal.SIGCONT)
        start()
        self._line("received")
        taken = perf_counter() - began, cpu_seconds(self._process.pid) - before
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        return taken

    def _line(self, word: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == word


async def receive(port: int, left: int) -> None:
    async with aiomqtt.Client("127.0.0.1", port, identifier="bare") as client:
        await client.subscribe("anlan/+/readings", qos=1)
        print("subscribed", flush=True)
        async for _message in client.messages:
            left -= 1
            if not left:
                break
    print("received", flush=True)
    sys.stdin.read()


def cpu_seconds(pid: int) -> float:
    """What a process has used of processors."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    asyncio.run(receive(int(sys.argv[1]), int(sys.argv[2])))
