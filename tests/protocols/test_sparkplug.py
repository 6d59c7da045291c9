"""Sparkplug B: births give names, data use them, and what is missed is asked for."""

import math
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import MILLION, hostile, only, values

from anlan.monitoring.replaying.edge_node import EdgeNode
from anlan.protocols import Frame, FrameError, protowire
from anlan.protocols import sparkplug_payload as payloads
from anlan.protocols.sparkplug import MOST_NODES, PATIENCE, Host, rebirth
from anlan.protocols.sparkplug_payload import Metric
from anlan.vocab.clock import LATEST

NOW = 1_795_000_000_000
RECORDED = bytes.fromhex(
    "0883a4e4abf432"  # timestamp 1749217251843
    "1212" "0a05" "6264536571" "1883a4e4abf432" "2004" "5807"  # bdSeq, Int64 7
    "1216" "0a04" "54656d70" "1005" "1883a4e4abf432" "2009" "65" "0000a841"  # Temp, alias 5, Float 21.0
    "1800"
)  # fmt: skip


@pytest.fixture
def node():
    return EdgeNode("plant", "edge1")


def born(node, host, device="pump"):
    host.handle(*node.birth(NOW, {"cpu": 3.0}), NOW)
    host.handle(*node.device_birth(device, NOW, {"flow": 1.0, "level": 2.0}, {"level": "m"}), NOW)


def test_a_payload_written_by_hand_from_the_schema_is_read():
    said = payloads.read(RECORDED)
    assert (said.time, said.seq) == (1749217251843, 0)
    assert [(m.name, m.alias, m.kind, m.value) for m in said.metrics] == [
        ("bdSeq", None, payloads.INT64, 7),
        ("Temp", 5, payloads.FLOAT, 21.0),
    ]


def test_a_birth_gives_readings_with_names_units_and_times(node):
    host = Host()
    host.handle(*node.birth(NOW, {"cpu": 3.0}), NOW)
    told = host.handle(*node.device_birth("pump", NOW + 5, {"flow": 1.0, "level": 2.0}, {"level": "m"}), NOW)
    got = only(told.events)
    assert (got.device, got.function, values(got)) == ("plant/edge1/pump", "DBIRTH", {"flow": 1.0, "level": 2.0})
    assert [(reading.unit, reading.time) for reading in got.readings] == [("", NOW + 5), ("m", NOW + 5)]
    assert told.rebirths == []


def test_data_are_named_by_the_aliases_of_the_birth(node):
    host = Host()
    born(node, host)
    got = only(host.handle(*node.data("pump", NOW, {"level": 2.5}), NOW).events)
    assert (values(got), got.readings[0].unit, got.deviations) == ({"level": 2.5}, "m", ())
    assert values(only(host.handle(*node.data("", NOW, {"cpu": 4.0}), NOW).events)) == {"cpu": 4.0}


def test_data_before_a_birth_are_an_error_and_the_birth_is_asked_for_once(node):
    born(node, Host())
    host = Host()
    told = host.handle(*node.data("pump", NOW, {"level": 2.5}), NOW)
    assert (only(told.events).kind, told.rebirths) == ("birth", ["plant/edge1"])
    assert host.handle(*node.data("pump", NOW, {"level": 2.5}), NOW + PATIENCE - 1).rebirths == []
    assert host.handle(*node.data("", NOW, {"cpu": 2.5}), NOW + PATIENCE).rebirths == ["plant/edge1"]


def test_a_gap_in_the_count_keeps_the_data_and_asks_for_a_birth(node):
    host = Host()
    born(node, host)
    node.lose_one()
    told = host.handle(*node.data("pump", NOW, {"level": 2.5}), NOW)
    assert (values(only(told.events)), only(told.events).deviations) == ({"level": 2.5}, ("sequence_gap",))
    assert told.rebirths == ["plant/edge1"]
    assert only(host.handle(*node.data("pump", NOW, {"level": 2.5}), NOW).events).deviations == ()


def test_the_count_goes_round_after_255(node):
    host = Host()
    born(node, host)
    for _ in range(600):
        assert only(host.handle(*node.data("pump", NOW, {"level": 1.0}), NOW).events).deviations == ()


def test_a_wish_for_a_birth_is_a_command_to_the_node():
    topic, payload = rebirth("plant/edge1", NOW)
    wish = only(payloads.read(payload).metrics)
    assert topic == "spBv1.0/plant/NCMD/edge1"
    assert (wish.name, wish.kind, wish.value) == ("Node Control/Rebirth", payloads.BOOLEAN, 1)
    assert Host().handle(topic, payload, NOW).events == []


def test_the_death_of_a_node_takes_its_devices_along(node):
    host = Host()
    born(node, host)
    told = host.handle(*node.will(), NOW)
    assert told.offline == ["plant/edge1", "plant/edge1/pump"]
    assert only(told.events).function == "NDEATH"
    assert only(host.handle(*node.data("pump", NOW, {"level": 1.0}), NOW).events).kind == "birth"


def test_the_will_of_a_session_before_the_present_one_is_old_news(node):
    host = Host()
    born(EdgeNode("plant", "edge1", session=8), host)
    assert host.handle(*node.will(), NOW).offline == []


def test_the_death_of_a_device_leaves_its_node(node):
    host = Host()
    born(node, host)
    assert host.handle(*node.device_death("pump", NOW), NOW).offline == ["plant/edge1/pump"]
    assert values(only(host.handle(*node.data("", NOW, {"cpu": 4.0}), NOW).events)) == {"cpu": 4.0}


@pytest.mark.parametrize(
    ("metric", "number"),
    [
        (Metric(name="a", kind=payloads.INT8, value=-5), -5.0),
        (Metric(name="a", kind=payloads.INT16, value=-300), -300.0),
        (Metric(name="a", kind=payloads.INT32, value=-70000), -70000.0),
        (Metric(name="a", kind=payloads.INT64, value=-(1 << 40)), -float(1 << 40)),
        (Metric(name="a", kind=payloads.UINT32, value=(1 << 32) - 1), float((1 << 32) - 1)),
        (Metric(name="a", kind=payloads.UINT64, value=1 << 40), float(1 << 40)),
        (Metric(name="a", kind=payloads.BOOLEAN, value=1), 1.0),
        (Metric(name="a", kind=payloads.FLOAT, value=0.5), 0.5),
        (Metric(name="a", kind=payloads.DOUBLE, value=0.1), 0.1),
        (Metric(name="a", kind=payloads.DOUBLE, null=True), math.nan),
        (Metric(name="a", kind=payloads.DOUBLE, value=math.inf), math.nan),
    ],
)
def test_each_type_is_the_number_that_it_was(metric, number):
    said = only(payloads.read(payloads.write([metric], time=NOW, seq=1)).metrics)
    assert repr(said.number(said.kind)) == repr(number)


def test_texts_controls_and_the_session_are_fields_and_no_readings():
    metrics = [
        Metric(name="Make", kind=payloads.STRING, value="泵"),
        Metric(name="Node Control/Rebirth", kind=payloads.BOOLEAN, value=0),
        Metric(name="bdSeq", kind=payloads.INT64, value=3),
        Metric(name="ok", kind=payloads.DOUBLE, value=1.0),
    ]
    got = only(Host().handle("spBv1.0/g/NBIRTH/e", payloads.write(metrics, time=NOW, seq=0), NOW).events)
    assert values(got) == {"ok": 1.0}
    assert got.fields["metrics"] == {"Make": "泵", "Node Control/Rebirth": 0, "bdSeq": 3}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "truncated"),
        (b"\x12\x05ab", "truncated"),
        (b"\xff" * 12, "format"),
        (b"\x0b", "format"),
        (b"\x00", "format"),
        (b"\x12\x00" * (payloads.MOST_METRICS + 1), "too_long"),
    ],
)
def test_a_hostile_payload_is_a_named_error(data, kind):
    assert only(Host().handle("spBv1.0/g/NDATA/e", data, NOW).events).kind == kind


@pytest.mark.parametrize("topic", ["spBv1.0/g/NDATA", "spBv1.0/g/DDATA/e", "spBv1.0/g/NOISE/e", "other/g/NDATA/e"])
def test_a_topic_that_says_nothing_is_an_error(topic):
    kinds = {event.kind for event in Host().handle(topic, b"", NOW).events}
    assert kinds <= {"topic"}
    assert kinds or topic.count("/") < 3


def test_endless_new_nodes_do_not_fill_the_memory():
    host = Host()
    birth = payloads.write([Metric(name="a", alias=1, kind=payloads.DOUBLE, value=1.0)], time=NOW, seq=0)
    tracemalloc.start()
    try:
        for number in range(3 * MOST_NODES):
            host.handle(f"spBv1.0/g/NBIRTH/e{number}", birth, NOW)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(host._nodes) == MOST_NODES
    assert kept < 8_000_000


@given(
    st.lists(
        st.builds(
            Metric,
            name=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=20),
            alias=st.none() | st.integers(0, 1 << 63),
            time=st.none() | st.integers(0, 1 << 62),
            kind=st.just(payloads.DOUBLE),
            value=st.floats(allow_nan=False),
            unit=st.sampled_from(["", "m", "℃"]),
        ),
        max_size=8,
    ),
    st.integers(0, 255),
)
def test_what_is_written_is_read_again(metrics, seq):
    said = payloads.read(payloads.write(metrics, time=NOW, seq=seq))
    assert (said.time, said.seq) == (NOW, seq)
    wanted = [(m.name, m.alias, m.time, m.kind, m.value, m.unit) for m in metrics]
    assert [(m.name, m.alias, m.time, m.kind, m.value, m.unit) for m in said.metrics] == wanted


@given(st.integers(0, (1 << 64) - 1))
def test_a_varint_is_read_again(number):
    said = protowire.write_varint(number)
    assert protowire.varint(said, 0) == (number, len(said))


def seen(event):
    """A frame says only what can be written again; an error has a name."""
    if isinstance(event, FrameError):
        assert event.kind in {"truncated", "format", "birth", "topic", "too_long"}
        return event.kind
    assert not any(math.isinf(reading.value) or not 0 <= reading.time <= LATEST for reading in event.readings)
    return "sequence_gap" if "sequence_gap" in event.deviations else "frame"


def written_again(raw):
    """What was read, said again, is read alike: each metric keeps its name, alias, time, unit and value."""
    said = payloads.read(raw)
    metrics = [m for m in said.metrics if m.value is not None and not m.null and m.kind in payloads.NUMERIC]
    again = payloads.read(payloads.write(metrics, time=said.time or 0, seq=said.seq)).metrics
    for one, other in zip(metrics, again, strict=True):
        assert (one.name, one.alias, one.time, one.unit) == (other.name, other.alias, other.time, other.unit)


def test_a_million_changed_payloads_raise_nothing_and_what_is_taken_can_be_said_again():
    node, host = EdgeNode("plant", "edge1"), Host()
    seeds = [node.birth(NOW, {"cpu": 1.0}), node.device_birth("pump", NOW, {"flow": 1.0}, {"flow": "m3/h"})]
    seeds += [node.data("pump", NOW, {"flow": 2.0}), node.will(), ("spBv1.0/plant/NBIRTH/edge1", RECORDED)]
    topics, kinds, number = [topic for topic, _raw in seeds], Counter(), 0
    for batch in hostile("sparkplug", [raw for _topic, raw in seeds], b"\x00\x01\x08\x12\x1a\x65\x7f\x80\xff"):
        host.handle(*seeds[0], NOW)
        host.handle(*seeds[1], NOW)
        for raw in batch:
            number += 1
            for event in host.handle(topics[number % len(topics)], raw, NOW).events:
                kinds[seen(event)] += 1
                if number % 32 == 0 and isinstance(event, Frame):
                    written_again(raw)
    assert number == MILLION
    assert kinds["frame"] + kinds["sequence_gap"] > MILLION // 20
    assert min(kinds["truncated"], kinds["format"], kinds["birth"]) > MILLION // 10_000
