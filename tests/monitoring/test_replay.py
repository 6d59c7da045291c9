"""`anlan replay`: real frames over real sockets, each sent again until it is answered."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from asyncua import Client as OpcClient
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient

from anlan.monitoring.gateway.mqtt import Broker, Client
from anlan.monitoring.gateway.mqtt_session import Delivery, Session
from anlan.monitoring.models import Device, FrameCount, Series
from anlan.monitoring.moments import now_ms
from anlan.monitoring.replaying.edge_node import node_run
from anlan.monitoring.replaying.links import Tally
from anlan.monitoring.replaying.peers import PORTS, peers_run
from anlan.monitoring.replaying.player import Plan, Player
from anlan.monitoring.replaying.recording import SHIPPED, Recorded, RecordingError, recorded_frame, recording_read
from anlan.protocols import Frame, cjt188, decode, protocols, sparkplug
from anlan.site.cli import main

from .gateway import Ingest, free_port, mosquitto, until

DeviceMaker = Callable[..., Device]
STATION = "0011223344"
READING = recorded_frame(0, "json", protocols()["json"].encode("d1", 1_767_225_600_000, {"lel": 1.0}))


def level(minute: int, value: float = 1.5) -> Recorded:
    """A report of the station, `minute` minutes after the beginning of 2026."""
    raw = protocols()["sl651"].encode(STATION, 1_767_225_600_000 + minute * 60_000, {"39": value})
    return recorded_frame(minute * 10, "sl651", raw)


def play(frames: list[Recorded], **plan: object) -> Tally:
    """A replay from its beginning to its end."""

    async def whole() -> Tally:
        player = Player(frames, Plan(host="127.0.0.1", **plan))  # type: ignore[arg-type]
        async with asyncio.timeout(30):
            await player.play(asyncio.Event())
        return player.tally

    return asyncio.run(whole())


class Centre:
    """Takes SL 651 frames on one port, connection by connection; answers each where `answers` says so."""

    def __init__(self, answers: Callable[[int], bool]) -> None:
        self.port, self.taken, self._answers = free_port(), [], answers  # type: ignore[var-annotated]
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._main(),))

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = protocols()["sl651"].decoder()
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                for event in decoder.feed(data):
                    assert isinstance(event, Frame)
                    self.taken.append(event.raw)
                    if not self._answers(len(self.taken)):
                        return
                    writer.write(event.reply or b"")

    def __enter__(self) -> "Centre":
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()


def test_frames_are_moved_to_now_stored_and_acknowledged(device: DeviceMaker, shared_db: None) -> None:
    device()
    before = now_ms()
    with Ingest("sl651") as ingest:
        tally = play([level(0), level(1)], ports=ingest.ports)
    assert (tally.sent, tally.acknowledged, tally.repeated, tally.missing) == (2, 2, 0, 0)
    assert sum(FrameCount.objects.values_list("readings", flat=True)) == 2
    assert all(before - 60_000 <= time <= now_ms() for time in Series.objects.values_list("last_time", flat=True))


def test_what_is_not_answered_is_sent_again_over_a_new_connection() -> None:
    with Centre(lambda number: number != 2) as centre:
        tally = play([level(0), level(1), level(2)], ports={"sl651": centre.port})
    assert (tally.sent, tally.acknowledged, tally.missing) == (3, 3, 0)
    assert tally.repeated >= 1
    assert centre.taken.count(centre.taken[1]) >= 2


def test_a_server_that_is_not_up_yet_is_waited_for_and_named_once() -> None:
    centre = Centre(lambda _number: True)
    said: list[str] = []
    frames = [level(0), level(1)]
    late = threading.Timer(0.9, centre.__enter__)
    late.start()
    try:
        tally = play(frames, ports={"sl651": centre.port}, warn=said.append)
    finally:
        late.join()
        centre.__exit__()
    assert (tally.sent, tally.acknowledged) == (2, 2)
    assert len(said) == 1
    assert str(centre.port) in said[0]


def test_a_count_ends_a_replay_that_goes_round_and_round() -> None:
    with Centre(lambda _number: True) as centre:
        tally = play([level(0), level(1)], ports={"sl651": centre.port}, loop=True, count=5, speed=100.0)
    assert (tally.sent, tally.acknowledged, len(centre.taken)) == (5, 5, 5)


def test_json_without_a_broker_is_left_out_and_counted() -> None:
    tally = play([READING], ports={})
    assert (tally.sent, tally.skipped) == (0, 1)


def test_json_goes_through_a_broker_that_acknowledges_it(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        words = [
            "mosquitto_sub",
            "-p",
            str(broker.port),
            "-t",
            "anlan/+/readings",
            "-C",
            "1",
            "-W",
            "20",
            "-q",
            "1",
            "-v",
        ]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as listener:
            tally = play([READING] * 40, ports={}, mqtt_url=f"mqtt://127.0.0.1:{broker.port}", speed=1.0)
            told, _ = listener.communicate(timeout=20)
    topic, _space, payload = told.partition(" ")
    assert (tally.sent, tally.acknowledged, tally.missing) == (40, 40, 0)
    assert topic == "anlan/d1/readings"
    assert abs(json.loads(payload)["time"] - now_ms()) < 60_000


def play_to(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], count: int) -> Tally:
    """Readings, to a broker on one port that answers as `serve` does once it has been spoken to."""

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await packet(reader)
            writer.write(b"\x20\x06\x00\x00\x03\x21\x00\x02")
            await serve(reader, writer)

    async def whole() -> Tally:
        port = free_port()
        async with await asyncio.start_server(begin, "127.0.0.1", port):
            plan = Plan(host="127.0.0.1", ports={}, mqtt_url=f"mqtt://127.0.0.1:{port}", warn=lambda _why: None)
            player = Player([READING] * count, plan)
            async with asyncio.timeout(30):
                await player.play(asyncio.Event())
            await asyncio.sleep(0.05)
        return player.tally

    return asyncio.run(whole())


async def packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """(First byte, what follows its length) of a packet below 16 KB."""
    head, length = await reader.readexactly(2)
    if length & 128:
        length += 128 * ((await reader.readexactly(1))[0] - 1)
    return head, await reader.readexactly(length)


def number(body: bytes) -> bytes:
    """The packet's, behind its topic."""
    size = int.from_bytes(body[:2], "big") + 2
    return body[size : size + 2]


def test_what_a_broker_has_not_acknowledged_is_published_again_on_the_next_connection() -> None:
    """Never more at a time than the broker wants, here 2."""
    connections, open_now, most = list[int](), set[bytes](), 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal most
        connections.append(0)
        open_now.clear()
        while True:
            head, body = await packet(reader)
            if head != 0x32:
                continue
            open_now.add(number(body))
            most = max(most, len(open_now))
            if len(open_now) == 2 and len(connections) == 1:
                return
            if len(open_now) == 2 or most == 2:
                for one in sorted(open_now):
                    writer.write(b"\x40\x02" + one)
                open_now.clear()

    tally = play_to(serve, 6)
    assert (tally.sent, tally.acknowledged, tally.repeated, tally.missing) == (6, 6, 2, 0)
    assert (len(connections), most) == (2, 2)


def test_a_message_that_a_broker_refuses_stays_unanswered() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reasons = iter([0x00, 0x87, 0x10])
        while True:
            head, body = await packet(reader)
            if head == 0x32:
                writer.write(b"\x40\x03" + number(body) + bytes([next(reasons)]))

    tally = play_to(serve, 3)
    assert (tally.sent, tally.acknowledged, tally.repeated, tally.missing) == (3, 2, 0, 1)


@pytest.mark.parametrize("line", ["{", '{"offset_ms": 0}', '{"offset_ms": 0, "protocol": "sl651", "hex": "7e7e00"}'])
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(RecordingError, match="line 2"):
        recording_read([level(0).line(), line])


def test_a_bad_file_ends_the_command_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text("nothing\n")
    assert main(["replay", str(bad)]) == 2
    assert "line 1" in capsys.readouterr().err


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Callable[[int], "subprocess.Popen[str]"]]:
    """`anlan replay --loop --json` as a process that sends to a port."""
    file = tmp_path / "one.jsonl"
    file.write_text(level(0).line() + "\n")
    started: list[subprocess.Popen[str]] = []

    def start(port: int) -> "subprocess.Popen[str]":
        words = [sys.executable, "-m", "anlan.site.cli", "replay", str(file), "--loop", "--speed", "50", "--json"]
        environment = os.environ | {"ANLAN_PORT_SL651": str(port)}
        started.append(
            subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_what_it_did(
    endless: Callable[[int], "subprocess.Popen[str]"], number: signal.Signals
) -> None:
    with Centre(lambda _number: True) as centre:
        process = endless(centre.port)
        until(lambda: len(centre.taken) >= 3, "nothing is sent")
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    told = json.loads(out)
    assert process.returncode == 0
    assert told["sent"] == told["acknowledged"] >= 3
    assert "Traceback" not in err


def test_frames_of_the_shipped_recording_are_each_one_good_frame() -> None:
    with SHIPPED.open() as file:
        assert len(recording_read(file)) > 300


async def answers_of_peers(ports: dict[str, int]) -> list[object]:
    registers = []
    for name, framer in (("modbus", FramerType.SOCKET), ("modbus-rtu", FramerType.RTU)):
        client = AsyncModbusTcpClient("127.0.0.1", port=ports[name], framer=framer)
        assert await client.connect()
        registers.append((await client.read_holding_registers(0, count=2, device_id=1)).registers)
        client.close()
    async with OpcClient(f"opc.tcp://127.0.0.1:{ports['opc.tcp']}/") as opc:
        level = await opc.get_node("ns=2;s=Tank1.Level").read_value()
    reader, writer = await asyncio.open_connection("127.0.0.1", ports["cjt188"])
    writer.write(cjt188.question("11031000000002", 1))
    said = b""
    while len(frames := [one for one in decode("cjt188", said) if isinstance(one, Frame)]) < 2:
        said += await reader.read(4096)
    writer.close()
    await writer.wait_closed()
    return [*registers, level, {one.series: one.value for one in frames[1].readings}]


def test_devices_that_wait_to_be_asked_are_played_and_answer() -> None:
    ports, said = {name: free_port() for name in PORTS}, list[str]()

    async def whole() -> list[object]:
        stop = asyncio.Event()
        playing = asyncio.create_task(peers_run(stop, said.append, ports))
        async with asyncio.timeout(60):
            while not said:
                await asyncio.sleep(0.05)
            found = await answers_of_peers(ports)
            stop.set()
            await playing
        return found

    *registers, level, volumes = asyncio.run(whole())
    assert registers == [[235, 655], [235, 655]]
    assert isinstance(level, float)
    assert 1.4 < level < 3.6
    assert volumes == {"volume": 53_227.0, "settled": 0.0}
    assert [f"{name}://127.0.0.1:{port}" in said[0] for name, port in ports.items()] == [True] * 4


def test_a_sparkplug_node_is_played_from_its_birth_on(tmp_path: Path) -> None:
    host, told = sparkplug.Host(), list[tuple[str, str]]()

    def take(delivery: Delivery) -> None:
        for one in delivery:
            for event in host.handle(one.topic, one.payload, now_ms()).events:
                assert isinstance(event, Frame)
                assert event.deviations == ()
                told.append((event.device, event.function))
        delivery.acknowledge()

    async def whole(url: str) -> None:
        stop = asyncio.Event()
        listener = Client(Broker.at(url), Session(name="listener", filters=("spBv1.0/#",), take=take))
        listening = asyncio.create_task(listener.run())
        async with asyncio.timeout(30):
            while not listener.connected:
                await asyncio.sleep(0.02)
            playing = asyncio.create_task(node_run(url, stop, print, pause=0.05))
            while ("anlan/replay/pump", "DDATA") not in told:
                await asyncio.sleep(0.02)
            stop.set()
            await playing
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    with mosquitto(tmp_path) as broker:
        asyncio.run(whole(f"mqtt://127.0.0.1:{broker.port}"))
    assert told[:3] == [("anlan/replay", "NBIRTH"), ("anlan/replay/pump", "DBIRTH"), ("anlan/replay/pump", "DDATA")]
