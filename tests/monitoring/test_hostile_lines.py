"""Devices that are slow, hasty, half gone or somebody else: nothing hangs, nothing is lost, each is counted."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable

import pytest

from anlan.monitoring.models import DeviationCount, Device, FrameCount, LedgerCount, Series
from anlan.monitoring.moments import now_ms
from anlan.protocols import Frame, decode, protocols
from anlan.protocols.sl651_write import report

from .gateway import Ingest, until

pytestmark = pytest.mark.usefixtures("shared_db")

DeviceMaker = Callable[..., Device]
BEGINNINGS = {
    "sl651": protocols()["sl651"].encode("0011223344", 1_795_000_000_000, {"39": 1.0})[:20],
    "hj212": b"##0900QN=20240701120000123;ST=32;CN=2011;MN=M1;Flag=5;CP=&&",
    "gb26875": protocols()["gb26875"].encode("77", 1_795_000_000_000, {"unit:fire": 0.0})[:30],
    "jt808": protocols()["jt808"].encode("13900000001", 1_795_000_000_000, {"speed": 40.0})[:30],
    "cjt188": protocols()["cjt188"].encode("11031000000001", 1_795_000_000_000, {"volume": 4.0})[:20],
}
"""The first bytes of a frame at each port that devices dial."""


def test_no_port_that_devices_dial_is_left_out() -> None:
    assert set(BEGINNINGS) == {name for name, spec in protocols().items() if spec.port}


def counted() -> int:
    return sum(LedgerCount.objects.values_list("count", flat=True))


@pytest.mark.parametrize(
    ("protocol", "start"),
    [*BEGINNINGS.items(), ("sl651", report("0011223344", 1_795_000_000_000, {"39": 1.0}, text=True)[:40])],
    ids=[*BEGINNINGS, "sl651-ascii"],
)
def test_who_drips_a_frame_byte_by_byte_is_cut_off_and_counted(
    monkeypatch: pytest.MonkeyPatch, protocol: str, start: bytes
) -> None:
    monkeypatch.setenv("ANLAN_INGEST_FRAME", "0.3")
    begun = time.monotonic()
    with Ingest(protocol) as ingest, ingest.dial(protocol) as one:
        with contextlib.suppress(OSError):
            for byte in start * 5:
                one.sendall(bytes([byte]))
                time.sleep(0.02)
                if time.monotonic() - begun > 5:
                    break
        one.settimeout(5)
        with contextlib.suppress(OSError):
            assert one.recv(100) == b""
        until(lambda: FrameCount.objects.filter(source=protocol).exclude(kind="ok").exists())
    assert time.monotonic() - begun < 8


def test_each_protocol_with_a_port_is_dripped_at() -> None:
    assert BEGINNINGS.keys() == {name for name, spec in protocols().items() if spec.port}


def test_a_hundred_slow_lines_do_not_keep_a_good_device_waiting(device: DeviceMaker) -> None:
    device()
    with Ingest("sl651") as ingest, contextlib.ExitStack() as lines:
        for _ in range(100):
            lines.enter_context(ingest.dial("sl651")).sendall(BEGINNINGS["sl651"])
        begun = time.monotonic()
        raw = protocols()["sl651"].encode("0011223344", now_ms(), {"39": 1.5})
        assert ingest.ask("sl651", raw) == decode("sl651", raw)[0].reply  # type: ignore[union-attr]
        assert time.monotonic() - begun < 2


def test_a_thousand_frames_a_second_are_slowed_down_kept_and_answered(
    device: DeviceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand in a burst: the line is held to its rate while another device is answered at once."""
    monkeypatch.setenv("ANLAN_INGEST_RATE", "400")
    device(), device(code="0011223355")
    start = now_ms()
    burst = b"".join(protocols()["sl651"].encode("0011223344", start - k * 60_000, {"39": 1.0}) for k in range(1000))
    single = protocols()["sl651"].encode("0011223355", start, {"39": 1.0})
    with Ingest("sl651") as ingest:
        got: list[bytes] = []
        flood = threading.Thread(target=lambda: got.append(ingest.ask("sl651", burst)))
        flood.start()
        begun = time.monotonic()
        assert ingest.ask("sl651", single)
        assert time.monotonic() - begun < 1.5
        flood.join(30)
    assert len([event for event in decode("sl651", got[0]) if isinstance(event, Frame)]) == 1000
    assert counted() == 1001
    assert FrameCount.objects.get(kind="throttled").frames >= 1


def test_a_device_that_closed_its_half_still_gets_its_answers(device: DeviceMaker) -> None:
    device()
    raw = protocols()["sl651"].encode("0011223344", now_ms(), {"39": 1.5})
    with Ingest("sl651") as ingest, ingest.dial("sl651") as one:
        one.sendall(raw)
        one.shutdown(socket.SHUT_WR)
        assert one.recv(100) == decode("sl651", raw)[0].reply  # type: ignore[union-attr]


def test_a_device_that_vanishes_leaves_its_readings_and_frees_its_line(
    device: DeviceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reset in the middle of a frame, again and again, from one host with few lines."""
    monkeypatch.setenv("ANLAN_INGEST_CONNECTIONS_EACH", "3")
    device()
    with Ingest("sl651") as ingest:
        for k in range(10):
            with ingest.dial("sl651") as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.sendall(protocols()["sl651"].encode("0011223344", now_ms() - k * 60_000, {"39": 1.5}))
                one.recv(100)
                one.sendall(BEGINNINGS["sl651"])
            time.sleep(0.03)
        until(lambda: counted() == 10)


def test_a_line_that_carries_many_devices_serves_each_under_its_own_name(device: DeviceMaker) -> None:
    codes = [f"00112233{number:02}" for number in range(5)]
    for code in codes:
        device(code=code)
    raw = b"".join(protocols()["sl651"].encode(code, now_ms(), {"39": 1.5}) for code in codes)
    with Ingest("sl651") as ingest:
        answers = decode("sl651", ingest.ask("sl651", raw))
    assert [answer.device for answer in answers if isinstance(answer, Frame)] == codes
    assert set(Series.objects.values_list("device__code", flat=True)) == set(codes)
    assert counted() == 5


def test_a_failed_frame_is_counted_for_the_device_that_spoke_before_it(device: DeviceMaker) -> None:
    one, other = device(), device(code="0011223355")
    spec = protocols()["sl651"]
    bad = bytearray(spec.encode(other.code, now_ms(), {"39": 2.0}))
    bad[-1] ^= 1
    with Ingest("sl651") as ingest:
        ingest.ask("sl651", bytes(bad) + spec.encode(one.code, now_ms(), {"39": 1.0}) + bytes(bad) * 2)
        until(lambda: FrameCount.objects.filter(kind="checksum", frames=3).exists())
    counted = DeviationCount.objects.exclude(name="no_password")
    assert [(row.device, row.name, row.count) for row in counted] == [(one, "error:checksum", 2)]


def test_packets_that_never_came_are_counted_for_their_station(device: DeviceMaker) -> None:
    one = device(code="0012345678")
    spec = protocols()["sl651"]
    assert spec.simulator is not None
    command = next(each for each in spec.commands if each.key == "36")
    last = decode("sl651", spec.encode(one.code, now_ms(), {"39": 1.0}))[0]
    asked = command.write(last, 1, now_ms(), {})  # type: ignore[arg-type]
    packets = [event.raw for event in decode("sl651", spec.simulator(one.code, {}).feed(asked, now_ms()))]
    with Ingest("sl651") as ingest:
        ingest.ask("sl651", packets[0] + packets[2])
        until(lambda: FrameCount.objects.filter(kind="incomplete").exists())
    assert DeviationCount.objects.exclude(name="no_password").get().name == "error:incomplete"
