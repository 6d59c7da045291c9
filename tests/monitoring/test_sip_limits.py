"""What a hostile or hasty sender may ask of the SIP port."""

import contextlib
import socket
import time

import pytest

from anlan.monitoring.models import VideoPlatform

from .broker import until
from .sip_server import Sip, counted

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
