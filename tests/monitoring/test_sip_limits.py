"""What a hostile or hasty sender may ask of the SIP port."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable

import pytest

from anlan.monitoring.models import Camera, VideoPlatform
from anlan.monitoring.replaying.camera import Device
from anlan.protocols.sip import MOST_BODY, MOST_HEAD

from .broker import until
from .sip_server import CHANNELS, Sip, counted, waited

pytestmark = pytest.mark.usefixtures("shared_db")


def test_garbage_slow_senders_and_floods_are_bounded_and_counted(platform: VideoPlatform) -> None:
    with Sip(frame=0.5, rate=200, connections_each=3) as sip:
        where = ("127.0.0.1", sip.port)
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            for raw in (b"\x00\x01", b"REGISTER", b"INVITE x SIP/2.0\r\n\r\n", b"x" * 9000):
                udp.sendto(raw, where)
        with contextlib.ExitStack() as held:
            slow = [held.enter_context(socket.create_connection(where, 5)) for _ in range(3)]
            for one in slow:
                one.sendall(b"REGISTER sip:x SIP/2.0\r\nVia: SIP")
            with socket.create_connection(where, 5) as fourth:
                assert fourth.recv(10) == b""
            began = time.monotonic()
            for at in range(20):
                time.sleep(0.1)
                with contextlib.suppress(OSError):
                    slow[0].sendall(b"x")
                if at > 8:
                    break
            slow[0].settimeout(3)
            with contextlib.suppress(ConnectionError):
                assert slow[0].recv(10) == b""
            assert time.monotonic() - began < 4
        until(lambda: counted("truncated") >= 3 and counted("crowded") == 1 and counted("format") >= 1)
        assert sip.run(lambda device: device.register()) == 200


HEAD = b"REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (HEAD + b"X: " + b"x" * MOST_HEAD, "too_long"),
        (HEAD + b"X: y\r\n" * 200 + b"\r\n", "too_long"),
        (HEAD + b"Content-Length: %d\r\n\r\n" % (MOST_BODY + 1), "too_long"),
        (HEAD + b"Content-Length: -1\r\n\r\n", "format"),
        (HEAD + b"\r\n", "format"),
    ],
)
def test_a_giant_head_or_body_and_a_length_that_is_none_end_the_connection_and_are_counted(
    platform: VideoPlatform, sent: bytes, kind: str
) -> None:
    with Sip() as sip:
        with socket.create_connection(("127.0.0.1", sip.port), 5) as line:
            line.sendall(sent)
            line.settimeout(10)
            with contextlib.suppress(ConnectionError):
                assert line.recv(10) == b""
        until(lambda: counted(kind) == 1)
        assert sip.run(lambda device: device.register(), transport="TCP") == 200


def test_messages_of_a_tcp_connection_are_told_apart_however_they_are_cut(sip: Sip) -> None:
    """All that a device says goes out in pieces of seven bytes, so that no message arrives whole and many arrive together."""

    async def script(device: Device) -> None:
        device._send = in_pieces(device._send)
        assert await device.register() == 200
        await waited(lambda: Camera.objects.filter(listed=True).count() == 2)
        answers = await asyncio.gather(*(device.keepalive() for _ in range(20)))
        assert answers == [200] * 20

    sip.run(script, channels=CHANNELS, transport="TCP")
    assert counted("format") == counted("truncated") == 0


def in_pieces(send: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def sent(data: bytes) -> None:
        for at in range(0, len(data), 7):
            send(data[at : at + 7])

    return sent
