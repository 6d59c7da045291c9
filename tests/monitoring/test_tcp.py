"""Real frames over real sockets: kept, counted, and only then answered."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anlan.monitoring import store
from anlan.monitoring.gateway import writer
from anlan.monitoring.models import Device, FrameCount, LedgerCount
from anlan.monitoring.moments import now_ms
from anlan.protocols import Frame, decode, protocols

from .gateway import Ingest, until

pytestmark = pytest.mark.usefixtures("shared_db")

VECTORS = Path(__file__).parents[1] / "protocols/vectors"
KINDS = {"sl651": "level", "hj212": "water_quality", "gb26875": "fire_panel"}

DeviceMaker = Callable[..., Device]


def vectors() -> Iterator[Any]:
    for name in KINDS:
        for case in json.loads((VECTORS / f"{name}.json").read_text())["valid"]:
            raw = bytes.fromhex(case["hex"]) if "hex" in case else case["frame"].encode()
            yield pytest.param(name, raw, id=f"{name}-{case['name']}")


def good(name: str, raw: bytes) -> list[Frame]:
    return [event for event in decode(name, raw) if isinstance(event, Frame)]


def received() -> int:
    return sum(FrameCount.objects.values_list("readings", flat=True))


def counted() -> int:
    return sum(LedgerCount.objects.values_list("count", flat=True))


@pytest.fixture
def ingest(shared_db: None) -> Iterator[Ingest]:
    with Ingest(*KINDS) as running:
        yield running


@pytest.mark.parametrize(("name", "raw"), list(vectors()))
def test_each_recorded_frame_ends_in_store_ledger_and_reply(
    device: DeviceMaker, ingest: Ingest, name: str, raw: bytes
) -> None:
    frames = good(name, raw)
    for code in {frame.device for frame in frames}:
        device(code=code, protocol=name, kind=KINDS[name])
    answer = ingest.ask(name, raw)
    assert answer == b"".join(frame.reply or b"" for frame in frames)
    until(lambda: FrameCount.objects.filter(source=name, kind="ok").exists())
    readings = {(frame.device, r.series, r.time) for frame in frames for r in frame.readings}
    assert received() == counted() == sum(len(frame.readings) for frame in frames)
    assert sum(store.count().values()) == len(readings)


def test_a_frame_is_not_answered_before_it_is_durable(
    device: DeviceMaker, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    device()
    gate, real = threading.Event(), writer.readings_store
    monkeypatch.setattr(writer, "readings_store", lambda **words: (gate.wait(10), real(**words))[1])
    raw = protocols()["sl651"].encode("0011223344", now_ms(), {"39": 1.5})
    with ingest.dial("sl651") as one:
        one.sendall(raw)
        one.settimeout(0.3)
        with pytest.raises(TimeoutError):
            one.recv(100)
        assert counted() == 0
        gate.set()
        one.settimeout(10)
        assert one.recv(100) == good("sl651", raw)[0].reply
        assert counted() == 1


def test_a_frame_in_many_pieces_and_many_frames_in_one_piece_are_all_answered(
    device: DeviceMaker, ingest: Ingest
) -> None:
    device()
    frames = [protocols()["sl651"].encode("0011223344", now_ms() - k * 60_000, {"39": 1.5}) for k in range(3)]
    answers = b"".join(good("sl651", raw)[0].reply or b"" for raw in frames)
    with ingest.dial("sl651") as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(frames[0])):
            one.sendall(frames[0][at : at + 1])
        one.sendall(frames[1] + frames[2])
        got = b""
        while len(got) < len(answers):
            got += one.recv(1000)
    assert got == answers


def test_what_is_sent_twice_is_answered_twice_and_stored_once(device: DeviceMaker, ingest: Ingest) -> None:
    device()
    raw = protocols()["sl651"].encode("0011223344", now_ms(), {"39": 1.5})
    reply = good("sl651", raw)[0].reply
    assert reply is not None
    assert ingest.ask("sl651", raw + raw) == 2 * reply
    assert sum(store.count().values()) == 1
    assert received() == counted() == 2


def test_a_flood_of_garbage_is_counted_and_its_connection_closed(
    device: DeviceMaker, shared_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    device()
    monkeypatch.setenv("ANLAN_INGEST_ERRORS", "5")
    bad = b"##0101QN=1;MN=1;CN=2011;CP=&&" + b"x" * 72 + b"&&0000\r\n"
    with Ingest("hj212", "sl651") as ingest:
        assert ingest.ask("hj212", bad * 50 + b"\xff" * 300_000) == b""
        assert ingest.ask("sl651", protocols()["sl651"].encode("0011223344", now_ms(), {"39": 1.5}))
    kinds = dict(FrameCount.objects.filter(source="hj212").values_list("kind", "frames"))
    assert sum(kinds.values()) >= 5
    assert "ok" not in kinds


def test_whoever_sends_a_frame_too_slowly_is_cut_off(shared_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_INGEST_FRAME", "0.3")
    with Ingest("hj212") as ingest, ingest.dial("hj212") as one:
        with pytest.raises(OSError, match=r"(?i)broken|reset"):
            for byte in b"##0101" + b"x" * 10_000:
                one.sendall(bytes([byte]))
                threading.Event().wait(0.02)
        until(lambda: FrameCount.objects.filter(kind="truncated").exists())


def test_a_silent_connection_is_closed_after_its_time(shared_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_INGEST_IDLE", "0.2")
    with Ingest("sl651") as ingest, ingest.dial("sl651") as one:
        assert one.recv(10) == b""


def test_one_host_cannot_take_all_connections(shared_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_INGEST_CONNECTIONS_EACH", "2")
    with Ingest("sl651") as ingest, ingest.dial("sl651"), ingest.dial("sl651"):
        with ingest.dial("sl651") as third:
            assert third.recv(10) == b""
        until(lambda: FrameCount.objects.filter(kind="crowded").exists())


def test_a_hasty_device_is_slowed_down_and_loses_nothing(
    device: DeviceMaker, shared_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    device()
    monkeypatch.setenv("ANLAN_INGEST_RATE", "20")
    raw = b"".join(protocols()["sl651"].encode("0011223344", now_ms() - k * 60_000, {"39": 1.0}) for k in range(50))
    with Ingest("sl651") as ingest:
        answer = ingest.ask("sl651", raw)
    assert len(good("sl651", raw)) == 50
    assert len(answer) == 50 * len(good("sl651", raw)[0].reply or b"")
    assert received() == counted() == 50
    assert FrameCount.objects.get(kind="throttled").frames >= 1


def test_stopping_answers_what_was_received(device: DeviceMaker, shared_db: None) -> None:
    device()
    raw = protocols()["sl651"].encode("0011223344", now_ms(), {"39": 1.5})
    with Ingest("sl651") as ingest, ingest.dial("sl651") as one:
        one.sendall(raw)
        assert one.recv(100) == good("sl651", raw)[0].reply
        one.sendall(raw[:10])
        ingest.stop()
        assert one.recv(100) == b""
    assert counted() == 1


def test_a_frame_that_breaks_the_store_is_refused_alone(
    device: DeviceMaker, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    device()
    real = writer.readings_store

    def picky(*, batch: list[Any], **more: Any) -> object:
        for arrival in batch:
            if isinstance(arrival.event, Frame) and arrival.event.readings[0].value == 6.5:
                raise ValueError("a fault of ours")
        return real(batch=batch, **more)

    monkeypatch.setattr(writer, "readings_store", picky)
    send = [
        protocols()["sl651"].encode("0011223344", now_ms() - k * 60_000, {"39": 6.5 if k == 2 else 1.0})
        for k in range(5)
    ]
    with ingest.dial("sl651") as one:
        one.sendall(b"".join(send))
        until(lambda: counted() == 4 and FrameCount.objects.filter(kind="refused").exists())
