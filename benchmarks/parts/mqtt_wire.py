"""Many MQTT messages to a broker at once, as bytes made beforehand, and a bare aiomqtt loop that receives them."""

import asyncio
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterable
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
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._line("subscribed")
        self._process.send_signal(signal.SIGSTOP)

    def seconds(self) -> float:
        """For receiving and acknowledging what has gathered, doing nothing with it."""
        began = perf_counter()
        self._process.send_signal(signal.SIGCONT)
        self._line("received")
        taken = perf_counter() - began
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


if __name__ == "__main__":
    asyncio.run(receive(int(sys.argv[1]), int(sys.argv[2])))
