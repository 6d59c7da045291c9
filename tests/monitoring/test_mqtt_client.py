"""The MQTT client: both versions of the protocol, and brokers that misbehave."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.monitoring.arrivals import Messages
from anlan.monitoring.columnar.mqtt_loop import (
    BROKEN,
    CODE,
    CODE_END,
    COLUMNS,
    HEAD,
    PACKET,
    START,
    STOP,
    TOO_LONG,
    scan,
)
from anlan.monitoring.gateway import mqtt_packets
from anlan.monitoring.gateway.inbox import Inbox
from anlan.monitoring.gateway.mqtt import Broker
from anlan.monitoring.gateway.mqtt_link import BREATH, Link
from anlan.monitoring.gateway.mqtt_outbox import Outbox
from anlan.monitoring.gateway.mqtt_packets import PacketError
from anlan.monitoring.gateway.mqtt_readings import Readings
from anlan.monitoring.gateway.mqtt_session import Delivery, Message, Session
from anlan.protocols import FrameError

from .broker import free_port

SESSION = Session(name="t", largest=1000)
NOWHERE = Broker.at("mqtt://127.0.0.1:1")


def link_of(inbox: Inbox) -> Link:
    """A connection of the client of readings."""
    return Link(Readings(NOWHERE, inbox, name="t").session, Outbox(), 5)


def publish(topic: bytes, payload: bytes, *, packet: int = 0, five: bool = True, more: bytes = b"") -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + (packet.to_bytes(2, "big") if packet else b"")
    body += mqtt_packets.number(len(more)) + more if five else b""
    return bytes([0x32 if packet else 0x30]) + mqtt_packets.number(len(body + payload)) + body + payload


def found(data: bytes, five: bool = True, most: int = 100) -> tuple[list[tuple[bytes, bytes, int]], int, int]:
    """(Code, payload, packet id) of each packet, how many bytes were used, the fault."""
    rows = np.zeros((most, COLUMNS), np.int64)
    count, used, fault = scan(np.frombuffer(data or b"\0", np.uint8)[: len(data)], five, 1000, rows)
    return (
        [(data[r[CODE] : r[CODE_END]], data[r[START] : r[STOP]], int(r[PACKET])) for r in rows[:count]], used, fault,
    )  # fmt: skip


pieces = st.tuples(
    st.sampled_from([b"anlan/d/readings", b"anlan/readings", b"anlan//readings", b"anlan/a/b/readings", b"x", "anlan/站/readings".encode()]),
    st.binary(max_size=200), st.integers(0, 65535), st.binary(max_size=5),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(pieces, max_size=5), st.booleans(), st.integers(0, 1000))
def test_packets_are_found_whole_wherever_the_stream_is_cut(
    told: list[tuple[bytes, bytes, int, bytes]], five: bool, cut: int
) -> None:
    data = b"".join(publish(t, p, packet=k, five=five, more=m if five else b"") for t, p, k, m in told)
    cut %= len(data) + 1
    first, used, fault = found(data[:cut], five)
    rest, end, again = found(data[used:], five)
    codes = {b"anlan/d/readings": b"d", "anlan/站/readings".encode(): "站".encode()}
    assert (fault, again, used + end) == (0, 0, len(data))
    assert first + rest == [(codes.get(t, b""), p, k) for t, p, k, _ in told]


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_packets_or_a_fault_within_bounds(data: bytes, five: bool) -> None:
    _, used, fault = found(data, five)
    assert 0 <= used <= len(data)
    assert fault in (0, BROKEN, TOO_LONG)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"\x30\xff\xff\xff\xff\x7f", BROKEN), (b"\x30\xff\xff\xff\x7f", TOO_LONG), (b"\x30\x02\xff\xff", BROKEN),
        (b"\x32\x05\x00\x01x\x00\x01"[:7], BROKEN), (b"\x36\x06\x00\x01x\x00\x01\x00", BROKEN),
        (b"\x30\x04\x00\x01x\x7f", BROKEN), (b"\x30\x01\x00", BROKEN),
    ],
)  # fmt: skip
def test_lengths_that_contradict_one_another_end_the_connection(data: bytes, fault: int) -> None:
    assert found(data)[2] == fault


def test_a_packet_says_which_kind_it_is() -> None:
    rows = np.zeros((4, COLUMNS), np.int64)
    count, *_ = scan(np.frombuffer(b"\xd0\x00\x20\x03\x00\x00\x00", np.uint8), True, 100, rows)
    assert (rows[:count, HEAD] >> 4).tolist() == [mqtt_packets.PINGRESP, mqtt_packets.CONNACK]


def test_answers_are_read_with_their_properties() -> None:
    assert mqtt_packets.connack(5, b"\x00\x00\x03\x13\x00\x0a") == (0, {0x13: 10})
    assert mqtt_packets.connack(5, b"\x00\x00\x0a\x26\x00\x01a\x00\x01b\x21\x00\x05") == (0, {0x21: 5})
    assert mqtt_packets.connack(4, b"\x00\x05") == (5, {})
    assert mqtt_packets.suback(5, b"\x00\x01\x00\x01\x87") == [1, 0x87]
    for broken in (b"\x00", b"\x00\x00\x7f\x13", b"\x00\x00\x02\x13\x00"):
        with pytest.raises(PacketError):
            mqtt_packets.connack(5, broken)


async def test_a_topic_without_a_device_is_counted_as_that_and_acknowledged() -> None:
    inbox, wire = Inbox(100), Wire()
    link = link_of(inbox)
    link.connection_made(wire)
    wire.written = b""
    link.data_received(publish(b"anlan//readings", b"{}", packet=7) + publish(b"anlan/d/readings", b"{}", packet=8))
    strange, known = await inbox.take(10)
    assert isinstance(strange.arrival.event, FrameError)  # type: ignore[union-attr]
    assert strange.arrival.event.kind == "topic"  # type: ignore[union-attr]
    assert isinstance(known.arrival, Messages)
    strange.kept()
    assert wire.written == b""
    known.kept()
    assert wire.written == b"\x40\x02\x00\x07\x40\x02\x00\x08"


class Wire(asyncio.Transport):
    """What is written, and whether it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.reading, self.closed = b"", True, False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    async def read(self) -> bool:
        """Whether it is read again after a breath."""
        await asyncio.sleep(5 * BREATH)
        return self.reading


async def test_a_burst_ten_times_the_room_is_read_no_faster_than_it_becomes_durable() -> None:
    """Nothing is acknowledged before, nothing is lost, and no more is held than there is room and one piece."""
    inbox, wire = Inbox(100), Wire()
    link = link_of(inbox)
    link.connection_made(wire)
    wire.written, sent, kept, most = b"", 0, 0, 0
    while kept < 1000:
        while sent < 1000 and await wire.read():
            sent += 10
            link.data_received(
                b"".join(publish(b"anlan/d/readings", b"{}", packet=k + 1) for k in range(sent - 10, sent))
            )
        most = max(most, inbox.load)
        assert len(wire.written) == 4 * kept
        items = await inbox.take(50)
        for item in items:
            assert isinstance(item.arrival, Messages)
            kept += len(item.arrival)
            item.kept()
        inbox.release(items)
    assert 100 <= most <= 110
    assert wire.written == b"".join(b"\x40\x02" + k.to_bytes(2, "big") for k in range(1, 1001))


@pytest.mark.parametrize("version", [4, 5])
async def test_a_message_that_is_too_long_is_counted_once_acknowledged_and_not_held(version: int) -> None:
    """A broker of the old version would send it again for ever; the biggest packet has 256 MB."""
    taken: list[tuple[str, int, int]] = []

    def take(delivery: Delivery) -> None:
        taken.extend((one.topic, len(one.payload), delivery.rows[k, PACKET]) for k, one in enumerate(delivery))
        delivery.acknowledge()

    wire, five, piece = Wire(), version == 5, b"x" * 1_000_000
    link = Link(Session(name="t", largest=1000, take=take), Outbox(), version)
    link.connection_made(wire)
    wire.written, small = b"", publish(b"a", b"{}", packet=6, five=five)
    body = publish(b"b", b"", packet=7, five=five)[2:]
    link.data_received(small + b"\x32" + mqtt_packets.number(len(body) + 256 * len(piece)) + body[:1])
    link.data_received(body[1:])
    for _ in range(256):
        link.data_received(piece)
        assert len(link._rest) < 1000
    link.data_received(small)
    assert [(topic, packet) for topic, _, packet in taken] == [("a", 6), ("b", 7), ("a", 6)]
    assert taken[1][1] < 1000
    assert wire.written == b"\x40\x02\x00\x06\x40\x02\x00\x07\x40\x02\x00\x06"
    assert not wire.closed


async def test_while_messages_are_being_kept_nothing_more_is_taken_and_an_error_ends_the_connection() -> None:
    taken, gate = list[str](), asyncio.Event()

    async def take(delivery: Delivery) -> None:
        taken.extend(one.topic for one in delivery)
        await gate.wait()
        if "bad" in taken:
            raise RuntimeError("it cannot be kept")
        delivery.acknowledge()

    said, wire = list[str](), Wire()
    link = Link(Session(name="t", take=take, trouble=said.append), Outbox(), 5)
    link.connection_made(wire)
    link.data_received(publish(b"one", b"", packet=1))
    link.data_received(publish(b"two", b"", packet=2))
    assert (await wire.read(), taken) == (False, ["one"])
    gate.set()
    assert (await wire.read(), taken) == (True, ["one", "two"])
    link.data_received(publish(b"bad", b"", packet=3))
    await asyncio.sleep(0.01)
    assert wire.closed
    assert said == ["the connection to the MQTT broker ends: a message cannot be taken"]


async def test_a_message_is_told_what_became_of_it() -> None:
    """As many are under way as the broker wants; what is open when a connection breaks goes first on the next."""
    outbox = Outbox()
    answers = [outbox.add(Message(topic=f"t{k}", payload=b"")) for k in range(3)]
    outbox.begin(2)
    first = outbox.packets(4)
    assert [f"t{k}".encode() in first for k in range(3)] == [True, True, False]
    outbox.acknowledged(1, 0)
    outbox.begin(2)
    second = outbox.packets(4)
    assert [f"t{k}".encode() in second for k in range(3)] == [False, True, True]
    for number in range(1, 10):
        outbox.acknowledged(number, 0x87 if number == 4 else 0)
    assert [await one for one in answers] == [1, 2, 0]


async def test_what_comes_from_a_connection_that_is_gone_is_not_acknowledged_on_the_next() -> None:
    inbox, wire = Inbox(100), Wire()
    link = link_of(inbox)
    link.connection_made(wire)
    link.data_received(publish(b"anlan/d/readings", b"{}", packet=7))
    wire.written, wire.closed = b"", True
    (item,) = await inbox.take(10)
    item.kept()
    assert wire.written == b""


@pytest.mark.parametrize(
    "data", [b"\x20\x03\x00\x87\x00", b"\x30\x02\xff\xff", b"\x90\x04\x00\x01\x00\x87", b"\xe0\x01\x8b"]
)
async def test_a_broker_that_refuses_or_babbles_is_counted_and_left(data: bytes) -> None:
    inbox, wire = Inbox(100), Wire()
    link = link_of(inbox)
    link.connection_made(wire)
    link.data_received(data)
    assert wire.closed
    (item,) = await inbox.take(10)
    assert isinstance(item.arrival.event, FrameError)  # type: ignore[union-attr]
    assert item.arrival.event.kind == "connection"  # type: ignore[union-attr]


async def test_a_broker_of_the_old_version_only_is_spoken_to_in_it() -> None:
    """It answers CONNECT of version 5 as 3.1.1 tells it to, or hangs up without a word."""
    versions: list[int] = []
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(9)
        versions.append(head[8])
        if head[8] == 4:
            writer.write(b"\x20\x02\x00\x00")
            await reader.readuntil(b"anlan/+/readings")
            done.set()
        elif len(versions) == 1:
            writer.write(b"\x20\x02\x00\x01")
        writer.close()

    port = free_port()
    async with await asyncio.start_server(serve, "127.0.0.1", port):
        readings = Readings(Broker.at(f"mqtt://127.0.0.1:{port}"), Inbox(10), name="t")
        client = asyncio.create_task(readings.client.run())
        await asyncio.wait_for(done.wait(), 30)
        client.cancel()
        await asyncio.gather(client, return_exceptions=True)
        await asyncio.sleep(0.05)
    assert versions[:2] == [5, 4]
