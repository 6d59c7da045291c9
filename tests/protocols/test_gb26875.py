import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import differences, error, frame, only, values, vectors

from anlan.protocols import Frame, decode, protocols
from anlan.protocols.checksums import sum8
from anlan.protocols.commands import ask
from anlan.protocols.gb26875_units import ANALOG, LAYOUTS, UNIT_TYPES
from anlan.vocab.clock import beijing_ms

VECTORS = vectors("gb26875")
FIRE, ACK = (bytes.fromhex(vector["hex"]) for vector in VECTORS["valid"])
SPEC = protocols()["gb26875"]
CLOCK = "040009020715"
NOON = beijing_ms(2021, 7, 2, 9, 0, 4)


def send(unit, clock=CLOCK, command=2, length=None, source=7):
    unit = bytes.fromhex(unit)
    head = bytes.fromhex("05000101" + clock) + source.to_bytes(6, "little") + bytes(6)
    body = head + (len(unit) if length is None else length).to_bytes(2, "little") + bytes((command,)) + unit
    return b"@@" + body + bytes((sum8(body),)) + b"##"


@pytest.mark.parametrize("vector", VECTORS["valid"] + VECTORS["worked_examples"], ids=lambda v: v["name"])
def test_a_recorded_frame_decodes_to_the_listed_fields(vector):
    got = frame("gb26875", bytes.fromhex(vector["hex"]))
    assert differences(vector["decoded"], got.fields) == []
    assert got.device == str(vector["decoded"]["source"])


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda v: v["name"])
def test_a_broken_recorded_frame_is_a_named_error(vector):
    assert error("gb26875", bytes.fromhex(vector["hex"])).kind == vector["why"]


@pytest.mark.parametrize("vector", VECTORS["app_units"], ids=lambda v: v["name"])
def test_a_recorded_application_unit_decodes_to_the_listed_fields(vector):
    got = frame("gb26875", send(vector["hex"]))
    assert differences(vector["decoded"], got.fields) == []
    assert got.function == str(vector["decoded"]["type"])


def test_a_smoke_detector_on_fire_is_a_reading_at_its_own_time():
    got = frame("gb26875", FIRE)
    assert [(reading.series, reading.value, reading.unit, reading.time) for reading in got.readings] == [
        ("part-1-3-393433:fire", 1.0, "1", beijing_ms(2020, 8, 1, 19, 18, 48)),
        ("part-1-3-393433:fault", 0.0, "1", beijing_ms(2020, 8, 1, 19, 18, 48)),
    ]
    assert only(got.fields["parts"])["bits"] == ["火警"]


@pytest.mark.parametrize(
    ("unit", "report"),
    [
        ("0101 0102 0601" + CLOCK, {"system-1-2:fire": 1, "system-1-2:fault": 1, "system-1-2:power": 1}),
        ("1501 22" + CLOCK, {"unit:fire": 1, "unit:fault": 0, "unit:link": 1}),
        ("0301 0102 2a 01000000 03 efff" + CLOCK, {"part-1-2-1:analog-3": -1.7}),
        ("0301 0102 2a 01000000 02 2c01" + CLOCK, {"part-1-2-1:analog-2": 3.0}),
        ("0301 0102 2a 01000000 63 2c01" + CLOCK, {"part-1-2-1:analog-99": 300.0}),
    ],
)
def test_states_and_analog_values_are_readings(unit, report):
    got = frame("gb26875", send(unit))
    assert values(got) == report
    assert {reading.time for reading in got.readings} == {NOON}


def test_an_analog_value_has_the_unit_of_its_type():
    got = frame("gb26875", send("0301 0102 2a 01000000 04 0500" + CLOCK))
    assert (only(got.readings).value, only(got.readings).unit) == (0.5, "MPa")


@pytest.mark.parametrize(
    ("unit", "item"),
    [
        ("0601 0102 04 b2e2cad4", {"system_type": 1, "system_addr": 2, "text": "测试"}),
        (
            "0701 0102 28 01000000 b2e2cad4" + "00" * 27,
            {"part_type": 40, "part_addr": 1, "description": "测试"},
        ),
        ("0801 0102" + CLOCK, {"system_addr": 2, "time": "2021-07-02 09:00:04"}),
        ("1801 03 09" + CLOCK, {"operation": 3, "operator": 9, "bits": ["复位", "消音"]}),
        ("1901 0203", {"version": "2.3"}),
        ("1a01 04 b2e2cad4", {"text": "测试"}),
        ("1c01" + CLOCK, {"time": "2021-07-02 09:00:04"}),
    ],
)
def test_other_objects_are_fields_without_readings(unit, item):
    got = frame("gb26875", send(unit))
    assert differences(item, only(got.fields["items"])) == []
    assert got.readings == ()


def test_a_unit_type_that_no_table_lists_is_kept_as_hex():
    got = frame("gb26875", send("8001 010203"))
    assert (got.function, got.fields["app_hex"], got.fields["items"]) == ("128", "8001010203", [])
    assert got.deviations == ("unlisted_unit",)


def test_an_empty_unit_is_a_heartbeat_and_is_confirmed():
    got = frame("gb26875", send(""))
    assert (got.function, frame("gb26875", got.reply).function) == ("heartbeat", "ack")


@pytest.mark.parametrize("unit", ["0102 0102 0601" + CLOCK, "0100 00", "0101", "0601 0102 09 b2", "1a02 01 41"])
def test_objects_that_do_not_fill_their_unit_are_a_length_error(unit):
    assert error("gb26875", send(unit)).kind == "length"


def test_a_unit_of_one_byte_is_a_format_error():
    assert error("gb26875", send("01")).kind == "format"


def test_a_unit_beyond_the_limit_is_too_long():
    raw = send("01" * 1100)
    assert error("gb26875", raw).kind == "too_long"
    assert [type(event) for event in decode("gb26875", raw + FIRE)][1:] == [Frame]


def test_a_leap_second_is_the_moment_after_it():
    got = frame("gb26875", send("1501 01 3c3b07010111"))
    assert {reading.time for reading in got.readings} == {beijing_ms(2017, 1, 1, 8)}


def test_an_impossible_time_is_an_error():
    assert error("gb26875", send("", clock="040009023f15")).kind == "time"
    assert error("gb26875", send("1501 22 3c0009020715")).kind == "time"


def test_an_object_without_a_clock_takes_the_time_of_the_frame():
    got = frame("gb26875", send("1501 22" + "00" * 6))
    assert {reading.time for reading in got.readings} == {NOON}
    assert got.deviations == ("no_clock",)


def test_a_frame_without_a_clock_is_read_when_its_objects_have_one():
    got = frame("gb26875", send("1501 22" + CLOCK, clock="00" * 6))
    assert (got.fields["time"], got.deviations) == (None, ("no_clock",))
    assert {reading.time for reading in got.readings} == {NOON}


def test_a_reading_without_any_clock_is_an_error():
    assert error("gb26875", send("1501 22" + "00" * 6, clock="00" * 6)).kind == "time"


def test_sent_data_are_confirmed_with_their_serial_and_exchanged_addresses():
    answer = frame("gb26875", frame("gb26875", send("1501 22" + CLOCK)).reply)
    assert (answer.function, answer.fields["command"], answer.fields["serial"]) == ("ack", 3, 5)
    assert (answer.fields["source"], answer.fields["target"], answer.fields["app_len"]) == (0, 7, 0)
    assert answer.reply is None


@pytest.mark.parametrize("command", [1, 3, 4, 5, 6])
def test_nothing_else_is_confirmed(command):
    assert frame("gb26875", send("", command=command)).reply is None


@pytest.mark.parametrize("words", ["一层走廊感烟探测器", "南区五号楼"])
@pytest.mark.parametrize(("encoding", "told"), [("gb18030", ()), ("utf-8", ("utf8_text",))])
def test_text_of_a_part_is_read_in_both_encodings_even_where_its_field_cuts_it(words, encoding, told):
    text = (words.encode(encoding) + bytes(31))[:31].hex()
    got = frame("gb26875", send("0201 01 01 28 01000000 0200" + text + CLOCK))
    assert words.startswith(only(got.fields["parts"])["description"])
    assert len(only(got.fields["parts"])["description"]) >= 5
    assert got.deviations == told


def test_text_of_a_part_is_shown_without_its_padding():
    unit = "0201 0103 00 d9000600 0200" + "cbfeffff" + "20" * 4 + "00" * 23 + CLOCK
    assert only(frame("gb26875", send(unit)).fields["parts"])["description"].startswith("塔")


part = st.builds(
    "part-{}-{}-{}:{}".format,
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["fire", "fault"]),
)
system = st.builds(
    "system-{}-{}:{}".format,
    st.integers(0, 255),
    st.integers(0, 255),
    st.sampled_from(["fire", "fault", "power"]),
)
unit = st.sampled_from(["unit:fire", "unit:fault", "unit:link"])
states = st.dictionaries(part | system | unit, st.sampled_from([0.0, 1.0]), max_size=40)


@st.composite
def analogs(draw):
    kind = draw(st.sampled_from(sorted(ANALOG)))
    value = draw(st.integers(-(2**15), 2**15 - 1)) / round(1 / ANALOG[kind][1])
    return f"part-1-2-{draw(st.integers(0, 9))}:analog-{kind}", value


@given(
    states,
    st.lists(analogs(), max_size=5),
    st.integers(0, 2**48 - 1),
    st.integers(beijing_ms(2001, 1, 1), beijing_ms(2099, 1, 1)),
)
def test_what_a_transmission_unit_encodes_is_decoded_again(report, measured, source, time):
    report = report | dict(measured)
    got = {}
    for each in decode("gb26875", SPEC.encode(str(source), time, report)):
        assert (each.device, each.deviations) == (str(source), ())
        assert {reading.time for reading in each.readings} == {time - time % 1000}
        got |= values(each)
    assert {series: got[series] for series in report} == report


def test_a_missing_value_is_left_out():
    assert SPEC.encode("1", NOON, {"unit:fire": math.nan}) == b""


@pytest.mark.parametrize(
    ("device", "series", "value"),
    [
        ("x", "unit:fire", 1.0),
        (str(2**48), "unit:fire", 1.0),
        ("1", "level", 1.0),
        ("1", "part-1-2-4294967296:fire", 1.0),
        ("1", "part-256-2-1:fire", 1.0),
        ("1", "part-1-2-1:analog-3", 1e9),
        ("1", "part-1-2-1:analog-3", math.inf),
    ],
)
def test_what_the_protocol_cannot_say_is_refused(device, series, value):
    with pytest.raises(ValueError, match=r"\w"):
        SPEC.encode(device, NOON, {series: value})


def asked(key, values=None, number=1):
    """What the centre writes to the unit of the recorded fire, and what that unit says to it."""
    command = {one.key: one for one in SPEC.commands}[key]
    last = frame("gb26875", FIRE)
    raw = ask(command, last, number, NOON, values or {})
    answers = decode("gb26875", SPEC.simulator(last.device, {}).feed(raw, NOON))
    return raw, [command.answer(raw, answer) for answer in answers], answers


EXAMPLES = {vector["name"]: bytes.fromhex(vector["hex"]) for vector in VECTORS["worked_examples"]}


@pytest.mark.parametrize(
    ("name", "key", "values"),
    [("ask_unit_state", "81", {}), ("initialise", "89", {}), ("set_clock", "90", {}),
     ("check_watch", "91", {"minutes": "10"})],
)  # fmt: skip
def test_a_command_is_written_as_in_the_worked_example(name, key, values):
    wanted = EXAMPLES[name]
    last = frame("gb26875", EXAMPLES["unit_clock"])
    at = frame("gb26875", EXAMPLES["set_clock"]).fields
    moment = beijing_ms(2012, 9, 26, 9, 58, 2)
    raw = ask({one.key: one for one in SPEC.commands}[key], last, 1, moment, values)
    assert raw[:6] + raw[12:-3] == wanted[:6] + wanted[12:-3]
    assert at["items"] == [{"clock": "2012-09-26 09:58:02"}]


@pytest.mark.parametrize("command", SPEC.commands, ids=lambda one: one.key)
def test_each_command_is_answered_by_the_simulated_unit(command):
    values = {"part": "9", "from": "2021-07-01T08:00"}
    raw, answers, _ = asked(command.key, values)
    assert frame("gb26875", raw).function == command.key
    assert all(answers)
    assert answers[-1].final
    assert answers[-1].ok


def test_every_unit_type_of_the_standard_is_read_and_each_that_a_centre_sends_is_asked_for():
    asked_for = {command.key for command in SPEC.commands}
    assert {str(kind) for kind in UNIT_TYPES if kind >= 61} == asked_for
    assert {kind for kind in UNIT_TYPES if kind < 61} == LAYOUTS.keys() | {6, 26}


def test_what_a_unit_does_not_know_is_denied():
    command = next(one for one in SPEC.commands if one.key == "85")
    last = frame("gb26875", SPEC.encode("77", NOON, {"unit:fire": 0.0}))
    raw = bytearray(ask(command, last, 1, NOON, {}))
    raw[27], raw[-3] = 99, sum8(raw[2:27] + b"\x63" + raw[28:-3])
    denied = frame("gb26875", SPEC.simulator("77", {}).feed(bytes(raw), NOON))
    assert denied.function == "deny"
    assert command.answer(bytes(raw), denied).ok is False


def test_an_answer_with_another_serial_is_about_something_else():
    raw, _, (answer,) = asked("81")
    other = asked("81", number=2)[2][0]
    command = next(one for one in SPEC.commands if one.key == "81")
    assert command.answer(raw, answer).ok
    assert command.answer(raw, other) is None


def test_state_that_is_read_gives_readings_as_state_that_is_sent():
    _, _, (answer,) = asked("62", {"part": "9"})
    assert {reading.series for reading in answer.readings} == {"part-1-1-9:fire", "part-1-1-9:fault"}
    assert answer.reply is None


def test_a_clock_that_is_set_is_right_afterwards():
    unit = SPEC.simulator("5", {})
    unit.offset = -3_600_000
    last = decode("gb26875", unit.report(NOON) or SPEC.encode("5", NOON, {"unit:fire": 0.0}))[0]
    unit.feed(ask(next(one for one in SPEC.commands if one.key == "90"), last, 1, NOON, {}), NOON)
    assert unit.offset == 0
