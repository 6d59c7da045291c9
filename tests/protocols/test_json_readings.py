import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import error, frame, only, values

from anlan.protocols import Frame, FrameError, decode, protocols
from anlan.protocols.json_readings import parse_message
from anlan.vocab.clock import LATEST, beijing_ms

SPEC = protocols()["json"]
NOON = beijing_ms(2024, 7, 1, 12)


def kind(data, device="d", time=None):
    event = parse_message(data, device, time)
    assert isinstance(event, FrameError), event
    assert event.raw == data
    return event.kind


def test_values_at_one_time_are_readings():
    got = frame("json", b'{"device": "d1", "time": 1700000000000, "values": {"level": 1.2, "door": true}}')
    assert (got.device, got.function, got.reply) == ("d1", "readings", None)
    assert values(got) == {"level": 1.2, "door": 1.0}
    assert {reading.time for reading in got.readings} == {1_700_000_000_000}


def test_readings_have_times_and_units_of_their_own():
    got = frame(
        "json",
        """{"device": "d1", "time": 5, "readings": [{"series": "rain", "time": "2024-07-01T12:00:00+08:00",
        "value": 2, "unit": "毫米"}, {"series": "level", "value": 1, "unit": "ft"}]}""".replace("\n", "").encode(),
    )
    assert [(reading.series, reading.time, reading.value, reading.unit) for reading in got.readings] == [
        ("rain", NOON, 2.0, "mm"),
        ("level", 5, 1.0, "ft"),
    ]


def test_a_list_is_many_messages_and_each_device_has_one_frame():
    got = decode(
        "json",
        b'[{"device": "a", "time": 1, "values": {"x": 1}}, {"device": "b", "time": 1, "values": {"x": 2}},'
        b' {"device": "a", "time": 2, "readings": [{"series": "y", "value": 3}]}]',
    )
    assert [(each.device, values(each)) for each in got] == [("a", {"x": 1.0, "y": 3.0}), ("b", {"x": 2.0})]


@pytest.mark.parametrize("text", ["null", "NaN", '"NaN"'])
def test_null_and_nan_are_missing_values(text):
    got = parse_message(f'{{"device": "d", "time": 1, "values": {{"x": {text}}}}}'.encode())
    assert math.isnan(only(got.readings).value)


@pytest.mark.parametrize("text", ["Infinity", "-Infinity", "1" + "0" * 400])
def test_what_is_not_finite_is_a_missing_value(text):
    got = parse_message(f'{{"device": "d", "time": 1, "values": {{"x": {text}}}}}'.encode())
    assert isinstance(got, FrameError) or math.isnan(only(got.readings).value)


def test_a_number_in_quotes_is_read_and_told():
    got = parse_message(b'{"device": "d", "time": 1, "values": {"x": "-1.5"}}')
    assert (values(got), got.deviations) == ({"x": -1.5}, ("number_as_text",))


@pytest.mark.parametrize("text", ["", "-", "--", "N/A", "nan", " NULL ", "无"])
def test_a_word_for_no_value_is_a_missing_value_that_is_told_and_the_others_are_kept(text):
    got = parse_message(f'{{"device": "d", "time": 1, "values": {{"x": "{text}", "y": 2}}}}'.encode())
    assert math.isnan(values(got)["x"])
    assert (values(got)["y"], got.deviations) == (2.0, ("unreadable_value",))


@pytest.mark.parametrize(
    ("told", "deviations"),
    [
        ("1719806400", ("time_unit",)),
        ("1719806400.0", ("time_unit",)),
        ("1719806400000000", ("time_unit",)),
        ("1719806400000000000", ("time_unit",)),
        ('"1719806400"', ("time_form", "time_unit")),
        ('"1719806400000"', ("time_form",)),
        ('"20240701120000"', ("time_form", "naive_time")),
        ('"2024/07/01 12:00:00"', ("time_form", "naive_time")),
        ('" 2024-07-01T04:00:00Z "', ("time_form",)),
    ],
)
def test_a_time_in_another_unit_or_form_is_read_and_told_and_can_be_moved(told, deviations):
    raw = f'{{"device": "d", "time": {told}, "values": {{"x": 1}}}}'.encode()
    got = parse_message(raw)
    assert (only(got.readings).time, got.deviations) == (NOON, deviations)
    assert only(parse_message(SPEC.retime(raw, NOON + 60_000)).readings).time == NOON + 60_000


def test_a_leap_second_is_the_moment_after_it_and_any_other_second_60_is_none():
    got = parse_message(b'{"device": "d", "time": "2016-12-31T23:59:60Z", "values": {"x": 1}}')
    assert (only(got.readings).time, got.deviations) == (beijing_ms(2017, 1, 1, 8), ())
    assert kind(b'{"device": "d", "time": "2016-12-31T23:58:60Z", "values": {"x": 1}}') == "time"


def test_text_of_gb_18030_and_a_byte_order_mark_are_read_and_told():
    said = '{"device": "d", "time": 1, "values": {"可燃气体浓度": 1}}'
    for raw, told in ((said.encode("gb18030"), "gb18030_text"), (b"\xef\xbb\xbf" + said.encode(), "byte_order_mark")):
        got = parse_message(raw)
        assert (values(got), got.deviations) == ({"可燃气体浓度": 1.0}, (told,))


def test_a_time_without_a_zone_is_beijing_time_and_is_told():
    got = parse_message(b'{"device": "d", "time": "2024-07-01 12:00", "values": {"x": 1}}')
    assert (only(got.readings).time, got.deviations) == (NOON, ("naive_time",))


def test_the_device_may_come_from_the_topic_and_the_time_from_the_arrival():
    got = parse_message(b'{"values": {"x": 1}}', "d9", NOON)
    assert (got.device, only(got.readings).time, got.deviations) == ("d9", NOON, ("missing_time",))


def test_nobody_speaks_in_the_name_of_another_device():
    assert kind(b'{"device": "other", "time": 1, "values": {"x": 1}}', "d") == "device"


def test_a_message_of_many_devices_is_no_message_of_one():
    both = b'[{"device": "a", "time": 1, "values": {}}, {"device": "b", "time": 1, "values": {}}]'
    assert kind(both, None) == "device"


def test_what_else_a_message_says_is_kept():
    got = parse_message(b'{"device": "d", "time": 1, "values": {"x": 1}, "battery": {"volt": 3.6}}')
    assert got.fields == {"battery": {"volt": 3.6}}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"NaN", "schema"),
        (b"[NaN", "json"),
        (b'{"values": {"x": 1e999}}', "json"),
        (b"[" * 100_000, "json"),
        (b"[NaN" + b"[" * 100_000, "json"),
        (b"\xff{}", "text"),
        (b"[]", "schema"),
        (b"7", "schema"),
        (b"{}", "schema"),
        (b'{"values": []}', "schema"),
        (b'{"time": 1, "values": {"x": "wet"}}', "schema"),
        (b'{"time": 1, "values": {"x": {}}}', "schema"),
        (b'{"readings": {}}', "schema"),
        (b'{"readings": [1]}', "schema"),
        (b'{"readings": [{"value": 1}]}', "schema"),
        (b'{"time": 1, "readings": [{"series": "x"}]}', "schema"),
        (b'{"time": 1, "readings": [{"series": 1, "value": 1}]}', "schema"),
        (b'{"time": 1, "readings": [{"series": "x", "value": 1, "unit": 7}]}', "schema"),
        (b'{"device": 1, "values": {}}', "schema"),
        (b'{"device": "", "values": {}}', "text"),
        (b'{"time": 1, "values": {"": 1}}', "text"),
        (b'{"time": 1, "values": {"a\\nb": 1}}', "text"),
        (b'{"time": 1, "values": {"a\\u0000b": 1}}', "text"),
        (b'{"time": 1, "values": {"%s": 1}}' % (b"x" * 129), "text"),
        (b'{"values": {"x": 1}}', "time"),
        (b'{"time": true, "values": {"x": 1}}', "time"),
        (b'{"time": [], "values": {"x": 1}}', "time"),
        (b'{"time": "soon", "values": {"x": 1}}', "time"),
        (b'{"time": -1, "values": {"x": 1}}', "time"),
        (b'{"time": 1e300, "values": {"x": 1}}', "time"),
        (b'{"time": Infinity, "values": {"x": 1}}', "time"),
        (b" " * (1 << 20) + b"{}", "too_long"),
    ],
    ids=lambda value: str(value[:40]),
)  # fmt: skip
def test_a_bad_message_is_a_named_error(data, name):
    assert kind(data, None if name == "schema" and b"device" in data else "d") == name


def test_a_message_without_a_device_is_a_schema_error():
    assert error("json", b'{"time": 1, "values": {"x": 1}}').kind == "schema"


def test_a_stream_is_one_message_a_line():
    good = b'{"device": "d", "time": 1, "values": {"x": 1}}'
    events = decode("json", b"\n" + good + b"\r\n\nnonsense\n" + good)
    assert [type(event) for event in events] == [Frame, FrameError, Frame]


def test_a_line_without_end_is_skipped_and_not_kept():
    decoder = SPEC.decoder()
    events = [event for _ in range(40) for event in decoder.feed(b"x" * 100_000)]
    assert [event.kind for event in events] == ["too_long"]
    events = decoder.feed(b'yy\n{"device": "d", "time": 1, "values": {}}\n')
    assert [type(event) for event in events] == [Frame]


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)


@given(
    names,
    st.integers(0, 10**9 - 1) | st.integers(10**10, LATEST),
    st.dictionaries(names, st.floats(allow_nan=False, allow_infinity=False)),
)
def test_what_is_encoded_is_decoded_again(device, time, report):
    got = frame("json", SPEC.encode(device, time, report))
    assert (got.device, values(got), got.deviations) == (device, report, ())
    assert {reading.time for reading in got.readings} <= {time}


def test_a_retimed_message_keeps_its_ways_of_writing_a_time():
    raw = b'[{"device":"d","time":"2024-07-01T11:59:00+08:00","values":{"x":1}},' + (
        b'{"device":"d","readings":[{"series":"y","time":%d,"value":2}]}]' % NOON
    )
    got = SPEC.retime(raw, NOON + 90_000)
    assert [reading.time for reading in parse_message(got).readings] == [NOON + 30_000, NOON + 90_000]
    assert b"2024-07-01T12:00:30.000+08:00" in got


def test_a_retimed_message_without_a_time_gets_one():
    assert only(parse_message(SPEC.retime(b'{"device":"d","values":{"x":1}}', NOON)).readings).time == NOON


@pytest.mark.parametrize(("device", "time"), [("", 1), ("d", -1), ("a\nb", 1), ("d", 1_700_000_000)])
def test_what_would_not_be_read_again_is_refused(device, time):
    with pytest.raises(ValueError, match=r"\w"):
        SPEC.encode(device, time, {"x": 1.0})
