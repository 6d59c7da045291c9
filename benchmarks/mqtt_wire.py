"""Many MQTT messages to a broker at once, as bytes made beforehand, and a bare aiomqtt loop that receives them."""

import asyncio
import socket
import struct
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


def bare_subscribe(port: int, name: str) -> None:
    """Makes a session at the broker in which messages gather."""

    async def once() -> None:
        async with aiomqtt.Client("127.0.0.1", port, identifier=name, clean_session=False) as client:
            await client.subscribe("anlan/+/readings", qos=1)

    asyncio.run(once())


def bare_receive(port: int, name: str, count: int) -> float:
    """Seconds for receiving and acknowledging what has gathered, doing nothing with it."""

    async def receive() -> float:
        began, left = perf_counter(), count
        async with aiomqtt.Client("127.0.0.1", port, identifier=name, clean_session=False) as client:
            async for _message in client.messages:
                left -= 1
                if not left:
                    return perf_counter() - began
        raise AssertionError("the broker hung up")

    return asyncio.run(receive())
