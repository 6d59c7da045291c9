import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import differences, error, frame, only, values, vectors

from anlan.protocols import protocols
from anlan.protocols.checksums import crc_modbus
from anlan.protocols.sl651_elements import KINDS, LEVEL_SLOTS
from anlan.vocab.clock import beijing_ms

VECTORS = vectors("sl651")
VALID = {vector["name"]: bytes.fromhex(vector["hex"]) for vector in VECTORS["valid"]}
SPEC = protocols()["sl651"]
MINUTE = 60_000


def up(body, function="32", start=b"\x02", end=b"\x03", length=None):
    length = len(body) + len(start) - 1 if length is None else length
    head = b"\x7e\x7e\x01\x00\x12\x34\x56\x78\x12\x34" + bytes.fromhex(function) + length.to_bytes(2, "big")
    raw = head + start + body + end
    return raw + crc_modbus(raw).to_bytes(2, "big")


def elements(data, function="32", observed="2007181005"):
    head = "0007" + "200718100530" + "f1f10012345678" + "48" + "f0f0" + observed
    return frame("sl651", up(bytes.fromhex(head + data), function))


@pytest.mark.parametrize("vector", VECTORS["valid"], ids=lambda v: v["name"])
def test_a_recorded_frame_decodes_to_the_listed_fields(vector):
    got = frame("sl651", bytes.fromhex(vector["hex"]))
    assert differences(vector["decoded"], got.fields) == []
    assert (got.device, got.function) == (vector["decoded"]["station"], vector["decoded"]["func"])
    assert got.deviations == ()


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda v: v["name"])
def test_a_broken_recorded_frame_is_a_checksum_error(vector):
    assert error("sl651", bytes.fromhex(vector["hex"])).kind == "checksum"


def test_a_reading_has_the_scaled_value_the_symbol_and_the_observation_time():
    readings = {reading.series: reading for reading in frame("sl651", VALID["func33"]).readings}
    assert (readings["39"].value, readings["39"].unit) == (10.49, "m")
    assert (readings["26"].value, readings["26"].unit) == (4.0, "mm")
    assert (readings["38"].value, readings["38"].unit) == (11.02, "V")
    assert {reading.time for reading in readings.values()} == {beijing_ms(2017, 7, 18, 10, 22)}


def test_an_hourly_report_gives_one_reading_a_slot_and_none_for_a_missing_slot():
    readings = [reading for reading in frame("sl651", VALID["func34"]).readings if reading.series == "F4"]
    start = beijing_ms(2017, 7, 18, 10, 5)
    assert [(reading.time - start) // MINUTE for reading in readings] == [0, 5, 10, 15, 20, 50, 55]
    assert [reading.value for reading in readings] == [0.5, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]


def test_alarm_bits_are_readings_of_their_own():
    got = frame("sl651", VALID["func46"])
    assert {series for series, value in values(got).items() if value} == {"45:10"}
    assert len(got.readings) == 12
    assert only(got.fields["elements"])["alarms"] == ["水泵(0工作1停机)"]


def test_a_negative_value_begins_with_ff():
    assert values(elements("392bff00000127")) == {"39": -0.127}


def test_a_value_of_ff_is_missing_and_gives_no_reading():
    got = elements("3923ffffffff" + "38121115")
    assert values(got) == {"38": 11.15}
    assert got.fields["elements"][0]["value"] is None
    assert got.deviations == ()


@pytest.mark.parametrize("data", ["aaaaaaaa", "0000000a", "ff00000a"])
def test_a_value_without_digits_is_a_missing_reading_that_is_told(data):
    got = elements("3923" + data)
    assert math.isnan(values(got)["39"])
    assert got.fields["elements"][0]["value"] is None
    assert got.deviations == ("unreadable_value",)


def test_an_element_that_no_table_lists_is_kept_without_a_unit():
    got = elements("e0121234" + "ff01120015")
    assert [(reading.series, reading.value, reading.unit) for reading in got.readings] == [
        ("E0", 12.34, ""),
        ("FF01", 0.15, ""),
    ]


def test_a_period_report_repeats_one_element_for_each_time_step():
    got = elements("0418000010" + "3923" + "00001000" + "ffffffff" + "00001250", "31")
    start = beijing_ms(2020, 7, 18, 10, 5)
    assert [(reading.value, (reading.time - start) // MINUTE) for reading in got.readings] == [
        (1.0, 0),
        (1.25, 20),
    ]
    assert got.fields["elements"][1]["values"] == [1.0, None, 1.25]


def test_a_second_observation_time_holds_for_what_follows():
    got = elements("3923" + "00001000" + "f0f02007181100" + "3923" + "00002000")
    assert [reading.time for reading in got.readings] == [
        beijing_ms(2020, 7, 18, 10, 5),
        beijing_ms(2020, 7, 18, 11, 0),
    ]


def test_series_of_a_second_station_carry_its_address():
    got = elements("3923" + "00001000" + "f1f1001234567948" + "3923" + "00002000")
    assert values(got) == {"39": 1.0, "0012345679/39": 2.0}
    assert got.deviations == ("many_stations",)


def test_what_was_read_before_a_cut_element_is_kept():
    got = elements("38121115" + "392300")
    assert values(got) == {"38": 11.15}
    assert got.fields["rest"] == "392300"
    assert got.deviations == ("element_cut_short",)


@pytest.mark.parametrize("observed", ["2013181005", "2002301005", "2007182405", "20071810ff"])
def test_an_impossible_time_is_an_error(observed):
    head = "0007200718100530f1f1001234567848f0f0"
    assert error("sl651", up(bytes.fromhex(head + observed + "3923" + "00001000"))).kind == "time"


def test_a_wrong_end_character_is_a_tail_error():
    assert error("sl651", up(bytes(8), end=b"\x05")).kind == "tail"


def test_a_body_without_serial_and_time_is_a_length_error():
    assert error("sl651", up(b"\x00\x01")).kind == "length"


def test_a_report_is_answered_with_its_serial_and_end_of_transmission():
    reply = frame("sl651", VALID["func33"]).reply
    answer = frame("sl651", reply)
    assert answer.fields["direction"] == "down"
    assert (answer.device, answer.function, answer.fields["center"]) == ("0011223344", "33", "5")
    assert (answer.fields["serial"], answer.fields["end"], answer.fields["password"]) == (38, "EOT", "03E8")
    assert answer.reply is None


def test_a_report_that_more_will_follow_is_answered_with_go_on():
    body = bytes.fromhex("0007200718100530f1f1001234567848f0f02007181005" + "38121115")
    assert frame("sl651", frame("sl651", up(body, end=b"\x17")).reply).fields["end"] == "ACK"


@pytest.mark.parametrize("name", ["func38", "func39", "func41", "func46", "func4A", "func51"])
def test_what_a_station_answers_to_its_centre_is_confirmed_too(name):
    """M4: the last frame of an answer is met with EOT."""
    assert frame("sl651", frame("sl651", VALID[name]).reply).fields["end"] == "EOT"


@pytest.mark.parametrize("name", ["func2F", "func2F_b", "func36_pkt1"])
def test_keepalive_and_a_message_that_is_not_whole_are_not_answered(name):
    assert frame("sl651", VALID[name]).reply is None


def packet(index, total=3, end=b"\x17"):
    body = bytes.fromhex("0007200718100530f1f1001234567848f0f02007181005f3f3ffd8") if index == 1 else b"\x01\x02"
    return up(body, "36", b"\x16" + (total << 12 | index).to_bytes(3, "big"), end)


def replies(*packets):
    decoder = SPEC.decoder()
    return [event.reply for raw in packets for event in decoder.feed(raw)]


def test_the_packets_of_a_split_message_are_confirmed_once_all_came():
    answers = replies(packet(1), packet(2), packet(3, end=b"\x03"))
    assert answers[:2] == [None, None]
    answer = frame("sl651", answers[2]).fields
    assert (answer["end"], answer["packets"], answer["index"]) == ("EOT", 3, 3)


def test_a_missing_packet_is_asked_for_and_then_confirmed():
    answers = replies(packet(1), packet(3, end=b"\x03"), packet(2, end=b"\x03"))
    assert [
        (frame("sl651", answer).fields["end"], frame("sl651", answer).fields["index"]) for answer in answers[1:]
    ] == [
        ("NAK", 2),
        ("EOT", 3),
    ]


def test_a_later_packet_is_decoded_without_a_time():
    got = frame("sl651", packet(2))
    assert (got.readings, got.fields["rest"], got.fields["index"]) == ((), "0102", 2)


@pytest.mark.parametrize(("index", "total"), [(0, 3), (4, 3), (1, 0)])
def test_a_packet_number_that_cannot_be_is_a_format_error(index, total):
    assert error("sl651", packet(index, total)).kind == "format"


NUMBERS = sorted(key for key, kind in KINDS.items() if kind.digits and key not in ("F0", "F1", "04"))


@st.composite
def reports(draw):
    keys = draw(st.lists(st.sampled_from(NUMBERS), unique=True, max_size=12))
    found = {}
    for key in keys:
        top = 10 ** KINDS[key].digits - 1
        found[key] = draw(st.integers(-top, top)) / 10 ** KINDS[key].decimals
    for key in draw(st.lists(st.sampled_from(["F4", *LEVEL_SLOTS]), unique=True, max_size=2)):
        found[key] = draw(st.integers(0, 254)) / (10 if key == "F4" else 100)
    return found


@given(reports(), st.integers(0, 9_999_999_999), st.integers(beijing_ms(2001, 1, 1), beijing_ms(2099, 1, 1)))
def test_what_a_station_encodes_is_decoded_again(report, station, time):
    device = f"{station:010}"
    got = frame("sl651", SPEC.encode(device, time, report))
    assert (got.device, values(got), got.reply is not None) == (device, report, True)
    assert {reading.time for reading in got.readings} <= {time - time % MINUTE}
    assert got.deviations == ()


def test_alarm_bits_are_encoded_into_one_word():
    got = frame("sl651", SPEC.encode("0012345678", 1_700_000_000_000, {"45:0": 1.0, "45:3": 0.0, "45:11": 1.0}))
    assert {series for series, value in values(got).items() if value} == {"45:0", "45:11"}


@pytest.mark.parametrize(
    ("device", "report"),
    [("12", {}), ("001234567x", {}), ("0012345678", {"39": math.inf}), ("0012345678", {"E7": 1.0}),
     ("0012345678", {"F4": -1.0})],
)  # fmt: skip
def test_what_the_protocol_cannot_say_is_refused(device, report):
    with pytest.raises(ValueError, match=r"\w"):
        SPEC.encode(device, 1_700_000_000_000, report)
