"""Devices that are asked: real Modbus and OPC UA servers, and meters behind a line."""

import asyncio
import contextlib
import json
import math
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.test import Client

from anlan.accounts.models import Area
from anlan.monitoring import store
from anlan.monitoring.models import Device, DeviceFrame, FrameCount, PolledPoint, PollPlan, Series
from anlan.monitoring.moments import now_ms
from anlan.monitoring.polling import dtu as dtu_door
from anlan.monitoring.polling import poller
from anlan.monitoring.polling.modbus import ExceptionCode
from anlan.monitoring.polling.plans import Point
from anlan.monitoring.polling.registers import Block, blocks, value_of
from anlan.monitoring.polling.rtu import answer_at, question, words
from anlan.monitoring.replaying.peers import dtu, meter_bus, modbus_slave, opc_server
from anlan.protocols.checksums import crc_modbus

from .gateway import Ingest, free_port, listens, until

DeviceMaker = Callable[..., Device]
VECTORS = Path(__file__).parents[1] / "protocols" / "vectors" / "modbus_rtu.json"
MODBUS = json.loads(VECTORS.read_text("utf-8"))["frames"]


class Peer:
    """A server in a loop of its own; `start` again after `stop`."""

    def __init__(self, make: Callable[[], contextlib.AbstractAsyncContextManager[Any]]) -> None:
        self._make = make
        self.given: Any = None

    def __enter__(self) -> "Peer":
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(30)
        return self

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self._make() as self.given:
            self._ready.set()
            await self._stop.wait()

    def do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller.Pollers.__init__, "__defaults__", (0.1,))
    monkeypatch.setattr(poller, "LONGEST_PAUSE", 1.0)


@pytest.fixture
def plan(shared_db: None, device: DeviceMaker) -> Callable[..., Device]:
    """A device that is asked every second, with its points."""

    def make(protocol: str, address: str, *points: dict[str, Any], code: str = "plc-1", **more: Any) -> Device:
        made = device(code=code, protocol=protocol, kind="other")
        for point in points:
            PolledPoint.objects.create(device=made, **point)
        PollPlan.objects.create(device=made, address=address, **{"period": 1, "timeout": 2, **more})
        return made

    return make


def last(device: Device, key: str) -> float | None:
    return Series.objects.filter(device=device, key=key).values_list("last_value", flat=True).first()


def plan_of(device: Device) -> PollPlan:
    return PollPlan.objects.get(device=device)


def float_words(value: float) -> tuple[int, int]:
    return struct.unpack(">HH", struct.pack(">f", value))  # type: ignore[return-value]


@pytest.mark.parametrize("scheme", ["modbus", "modbus-rtu"])
def test_registers_of_a_real_slave_become_readings_of_their_series(plan: Callable[..., Device], scheme: str) -> None:
    port, (high, low) = free_port(), float_words(20.6)
    registers = {0: 65535 - 34, 1: 655, 10: high, 11: low, 12: low, 13: high, 20: 1, 21: 0x8000}
    asked = plan(
        "modbus",
        f"{scheme}://127.0.0.1:{port}",
        {"key": "temperature", "address": 0, "type": "int16", "scale": 0.1, "unit": "℃"},
        {"key": "humidity", "address": 1, "type": "uint16", "scale": 0.1, "offset": 1.0},
        {"key": "level", "address": 10, "type": "float32"},
        {"key": "swapped", "address": 12, "type": "float32", "word_order": "little"},
        {"key": "count", "address": 20, "type": "uint32"},
        unit=7,
    )
    with Peer(lambda: modbus_slave(port, registers, rtu=scheme == "modbus-rtu", unit=7)), Ingest():
        until(lambda: plan_of(asked).polls >= 2)
    assert last(asked, "temperature") == pytest.approx(-3.5)
    assert last(asked, "humidity") == pytest.approx(66.5)
    assert last(asked, "level") == pytest.approx(20.6)
    assert last(asked, "swapped") == pytest.approx(20.6)
    assert last(asked, "count") == 0x18000
    assert Series.objects.get(device=asked, key="temperature").unit == "℃"
    row = plan_of(asked)
    assert (row.errors, row.failures, row.last_error) == (0, 0, "")
    assert FrameCount.objects.get(source="modbus", kind="ok").frames >= 2


def test_a_refused_register_is_missing_and_named_while_the_others_are_read(plan: Callable[..., Device]) -> None:
    port = free_port()
    asked = plan(
        "modbus",
        f"modbus://127.0.0.1:{port}",
        {"key": "good", "address": 0},
        {"key": "refused", "address": 3},
        {"key": "none", "address": 1, "type": "uint16", "missing": 65535.0},
        {"key": "nan", "address": 8, "type": "float32"},
    )
    high, low = float_words(math.nan)
    with Peer(lambda: modbus_slave(port, {0: 5, 1: 65535, 8: high, 9: low})), Ingest():
        until(lambda: last(asked, "good") == 5)
        until(lambda: DeviceFrame.objects.filter(device=asked).exists())
    assert [last(asked, key) for key in ("refused", "none", "nan")] == [None, None, None]
    told = DeviceFrame.objects.filter(device=asked).first()
    assert told is not None
    assert set(told.decoded["deviations"]) == {"exception_2:refused", "missing:none", "missing:nan"}


def test_a_slave_that_refuses_everything_is_an_exception_on_its_plan(plan: Callable[..., Device]) -> None:
    port = free_port()
    asked = plan("modbus", f"modbus://127.0.0.1:{port}", {"key": "a", "address": 500})
    with Peer(lambda: modbus_slave(port, {0: 5})), Ingest():
        until(lambda: plan_of(asked).failures >= 2)
    assert plan_of(asked).last_error == "exception: code 2"
    assert FrameCount.objects.get(source="modbus", kind="exception").frames >= 2


def test_a_slave_that_comes_back_is_read_again_and_its_failures_are_forgotten(plan: Callable[..., Device]) -> None:
    port = free_port()
    asked = plan("modbus", f"modbus://127.0.0.1:{port}", {"key": "a", "address": 0})
    with Ingest():
        until(lambda: plan_of(asked).failures >= 1)
        assert plan_of(asked).last_error.startswith("unreachable")
        with Peer(lambda: modbus_slave(port, {0: 5})):
            until(lambda: last(asked, "a") == 5)
            until(lambda: not plan_of(asked).failures)
        until(lambda: plan_of(asked).failures >= 1)
        with Peer(lambda: modbus_slave(port, {0: 6})):
            until(lambda: last(asked, "a") == 6)


@contextlib.asynccontextmanager
async def _mute(port: int) -> AsyncIterator[None]:
    """Takes connections and says nothing."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


def test_a_device_that_never_answers_delays_no_other(plan: Callable[..., Device]) -> None:
    quick, mute = free_port(), free_port()
    asked = plan("modbus", f"modbus://127.0.0.1:{quick}", {"key": "a", "address": 0})
    slow = [
        plan("modbus", f"modbus://127.0.0.1:{mute}", {"key": "a", "address": 0}, code=f"mute-{place}", timeout=5)
        for place in range(8)
    ]
    with Peer(lambda: modbus_slave(quick, {0: 5})), Peer(lambda: _mute(mute)), Ingest():
        until(lambda: plan_of(asked).polls >= 4)
        assert not any(plan_of(one).last_ok_at for one in slow)
    assert plan_of(asked).errors == 0


def test_nodes_of_a_real_server_are_asked_and_wrong_ones_are_named(plan: Callable[..., Device]) -> None:
    port = free_port()
    nodes = {"Level": 2.5, "Open": True, "Name": "Tank", "Hot": math.inf, "Steps": [1, 2]}
    asked = plan(
        "opcua",
        f"opc.tcp://127.0.0.1:{port}/",
        *({"key": name.lower(), "node": f"ns=2;s={name}"} for name in (*nodes, "Nobody")),
    )
    with Peer(lambda: opc_server(port, nodes)) as peer, Ingest():
        until(lambda: last(asked, "level") == 2.5)
        peer.do(peer.given["Level"].write_value(3.25))
        until(lambda: last(asked, "level") == 3.25)
    assert last(asked, "open") == 1
    assert [last(asked, key) for key in ("name", "hot", "steps", "nobody")] == [None] * 4
    told = DeviceFrame.objects.filter(device=asked).first()
    assert told is not None
    wanted = {"no_number:name", "no_number:steps", "BadNodeIdUnknown:nobody"}
    assert wanted <= set(told.decoded["deviations"])


def test_a_subscription_hears_each_change_and_outlives_a_restart_of_its_server(plan: Callable[..., Device]) -> None:
    port = free_port()
    asked = plan(
        "opcua", f"opc.tcp://127.0.0.1:{port}/", {"key": "level", "node": "ns=2;s=Level"}, mode="subscribe", timeout=4
    )
    with Ingest():
        with Peer(lambda: opc_server(port, {"Level": 1.0})) as peer:
            until(lambda: last(asked, "level") == 1.0)
            for value in (2.0, 3.0, 4.0):
                peer.do(peer.given["Level"].write_value(value))
                peer.do(asyncio.sleep(0.7))
            until(lambda: last(asked, "level") == 4.0)
        until(lambda: plan_of(asked).failures >= 1)
        with Peer(lambda: opc_server(port, {"Level": 9.0})):
            until(lambda: last(asked, "level") == 9.0)
    series = Series.objects.get(device=asked, key="level")
    kept = [value for _, value, _ in store.readings(series.pk, start=0, end=now_ms() + 1)]
    assert {1.0, 2.0, 3.0, 4.0, 9.0} <= set(kept)


def test_meters_behind_one_line_are_asked_in_turn_and_a_silent_one_is_told(plan: Callable[..., Device]) -> None:
    port = free_port()
    volumes = {"11031000000001": 12.5, "11031000000002": 99.0}
    meters = [plan("cjt188", f"cjt188://127.0.0.1:{port}", code=code) for code in volumes]
    silent = plan("cjt188", f"cjt188://127.0.0.1:{port}", code="11031000000003", timeout=1)
    with Peer(lambda: meter_bus(port, volumes)), Ingest():
        until(lambda: [last(one, "volume") for one in meters] == [12.5, 99.0])
        until(lambda: plan_of(silent).failures >= 1)
        until(lambda: plan_of(meters[0]).polls >= 3)
    assert plan_of(silent).last_error == "no_answer: 1 s"
    assert FrameCount.objects.get(source="cjt188", kind="no_answer").frames >= 1


@contextlib.asynccontextmanager
async def _dialling(
    door: int, name: str, bus: Callable[[], contextlib.AbstractAsyncContextManager[Any]], port: int
) -> AsyncIterator[None]:
    """A bus behind a DTU that dials in and says a heartbeat every now and then."""
    async with bus():
        line = asyncio.create_task(dtu(door, name, port))
        try:
            yield
        finally:
            line.cancel()
            await asyncio.gather(line, return_exceptions=True)


def test_a_bus_behind_a_line_that_dials_in_is_asked_over_it(
    plan: Callable[..., Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    door, slave, meters = free_port(), free_port(), free_port()
    monkeypatch.setenv("ANLAN_PORT_DTU", str(door))
    points = ({"key": "a", "address": 0, "type": "uint16"}, {"key": "refused", "address": 9})
    asked = plan("modbus", "modbus-dtu://Site-7", *points, unit=3)
    meter = plan("cjt188", "cjt188-dtu://Site-8", code="11031000000001")
    with Ingest():
        until(lambda: plan_of(asked).last_error == "unreachable: DTU Site-7")
        with (
            Peer(lambda: _dialling(door, "Site-7", lambda: modbus_slave(slave, {0: 40_000}, rtu=True, unit=3), slave)),
            Peer(lambda: _dialling(door, "Site-8", lambda: meter_bus(meters, {"11031000000001": 7.5}), meters)),
        ):
            until(lambda: last(asked, "a") == 40_000)
            until(lambda: last(meter, "volume") == 7.5)
        until(lambda: plan_of(asked).failures >= 1)
        with socket.create_connection(("127.0.0.1", door)) as stranger:
            stranger.sendall(b"Site-9\r\n")
            assert stranger.recv(10) == b""
        until(lambda: FrameCount.objects.filter(source="dtu", kind="device").exists())


@pytest.mark.parametrize(
    "pieces",
    [[b"Si", b"te-7"], [b"\r\n", b"Site", b"-7\r\n"], [b"Site-7\r\nHB\r\n"], [b"Site-7"]],
    ids=["cut", "blank lines", "heartbeat behind it", "no line end"],
)
def test_a_line_that_dials_in_may_say_its_name_in_pieces(
    plan: Callable[..., Device], monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]
) -> None:
    door = free_port()
    monkeypatch.setenv("ANLAN_PORT_DTU", str(door))
    plan("modbus", "modbus-dtu://Site-7", {"key": "a", "address": 0, "type": "uint16"}, unit=3)
    with Ingest():
        until(lambda: listens(door))
        time.sleep(0.3)
        with socket.create_connection(("127.0.0.1", door), timeout=15) as line:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(0.1)
            assert line.recv(8) == question(3, 3, 0, 1)


def test_who_drips_a_name_byte_by_byte_or_says_none_does_not_keep_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtu_door, "PATIENCE", 0.5)
    refused: list[tuple[str, str]] = []

    async def refuse(kind: str, detail: str) -> None:
        refused.append((kind, detail))

    async def whole() -> None:
        door, port = dtu_door.Door(refuse), free_port()
        door.known = {"Site-7"}
        await door.listen("127.0.0.1", port)
        silent, dripping = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for letter in b"Site-9-is-no-name-that-we-know":
            with contextlib.suppress(ConnectionError):
                dripping[1].write(bytes((letter,)))
                await dripping[1].drain()
            await asyncio.sleep(0.03)
        for reader, writer in (silent, dripping):
            async with asyncio.timeout(5):
                assert await reader.read() == b""
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        await door.close()
        await asyncio.sleep(0.1)

    asyncio.run(whole())
    assert sorted(kind for kind, _ in refused) == ["device", "device"]


def test_recorded_frames_of_modbus_are_asked_read_and_refused_as_printed() -> None:
    asked, answer, refusal = (bytes.fromhex(vector["hex"]) for vector in MODBUS)
    assert question(17, 3, 0x006B, 3) == asked
    data = answer_at(answer, 0, 3)
    assert data == b"\xaeAVRC@"
    assert words(data, Block(table="holding", start=0x6B, count=3, points=())) == [0xAE41, 0x5652, 0x4340]
    with pytest.raises(ExceptionCode, match="code 2"):
        answer_at(refusal, 0, 3)
    assert [answer_at(answer[:-1] + bytes((answer[-1] ^ bit,)), 0, 3) for bit in (1, 128)] == [None, None]


def test_an_answer_is_found_behind_a_heartbeat_and_a_refusal_is_told() -> None:
    said = bytes.fromhex("03030a")
    answer = bytes.fromhex("0303020007") + crc_modbus(bytes.fromhex("0303020007")).to_bytes(2, "little")
    assert answer_at(said + answer, len(said), 3) == b"\x00\x07"
    assert answer_at(answer[:-1], 0, 3) is None
    assert answer_at(answer[:-1] + b"x", 0, 3) is None
    refusal = bytes.fromhex("038302") + crc_modbus(bytes.fromhex("038302")).to_bytes(2, "little")
    with pytest.raises(ExceptionCode, match="code 2"):
        answer_at(refusal, 0, 3)


def test_a_plan_that_cannot_be_followed_says_why(plan: Callable[..., Device]) -> None:
    wrong = plan("sl651", "modbus://127.0.0.1:1", {"key": "a", "address": 0})
    empty = plan("modbus", "modbus://127.0.0.1:1", code="plc-2")
    with Ingest():
        until(lambda: bool(plan_of(wrong).last_error and plan_of(empty).last_error))
    assert plan_of(wrong).last_error == "plan: modbus://127.0.0.1:1 · sl651"
    assert plan_of(empty).last_error == "plan: no points"


@pytest.mark.django_db
def test_a_point_is_a_register_or_a_node_and_not_both(device: DeviceMaker) -> None:
    made = device(code="plc-1", protocol="modbus", kind="other")
    for point in ({"key": "a"}, {"key": "a", "address": 1, "node": "ns=2;s=A"}, {"key": "a", "address": 70_000}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PolledPoint.objects.create(device=made, **point)


@pytest.mark.django_db
def test_the_page_of_a_device_shows_how_its_polling_goes(device: DeviceMaker, client: Client, area: Area) -> None:
    made = device(code="plc-1", protocol="modbus", kind="other")
    PollPlan.objects.create(device=made, address="modbus://10.0.0.9:502", failures=3, last_error="no_answer: 5 s")
    client.force_login(get_user_model().objects.create_user("desk", role="duty_officer", area=area))
    page = client.get(f"/devices/{made.pk}/").content.decode()
    assert "modbus://10.0.0.9:502" in page
    assert "连续失败 3 次" in page
    assert "没有应答 · 5 s" in page


def point(number: int, kind: str = "int16", table: str = "holding") -> Point:
    return Point(key=str(number), unit="", table=table, number=number, type=kind, word_order="big", node="",
                 scale=1.0, offset=0.0, missing=None)  # fmt: skip


def test_neighbours_are_read_in_one_question_and_far_ones_in_another() -> None:
    found = blocks([point(200), point(4, "float64"), point(0), point(9), point(0, table="coil"), point(300, "int32")])
    assert [(one.table, one.start, one.count) for one in found] == [
        ("coil", 0, 1), ("holding", 0, 10), ("holding", 200, 1), ("holding", 300, 2),
    ]  # fmt: skip


def test_an_answer_that_is_too_short_is_a_missing_value() -> None:
    (block,) = blocks([point(0), point(4, "float32")])
    assert math.isnan(value_of(block.points[1], block, [1, 2, 3, 4, 5]))
