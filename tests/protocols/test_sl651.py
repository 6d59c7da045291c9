import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import differences, error, frame, only, values, vectors

from anlan.protocols import Frame, decode, protocols
from anlan.protocols.checksums import crc_modbus
from anlan.protocols.commands import ParameterError, ask
from anlan.protocols.frames import abandoned
from anlan.protocols.sl651_elements import FUNCTIONS, KINDS, LEVEL_SLOTS
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


@pytest.mark.parametrize(
    ("data", "name"),
    [("aaaaaaaa", "invalid_mark"), ("0000000a", "unreadable_value"), ("ff00000a", "unreadable_value")],
)
def test_a_value_without_digits_is_a_missing_reading_that_is_told(data, name):
    got = elements("3923" + data)
    assert math.isnan(values(got)["39"])
    assert got.fields["elements"][0]["value"] is None
    assert got.deviations == (name,)


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


def text(body, function="32", start=b"\x02", end=b"\x03", down=False):
    """A frame of the ASCII encoding; `body` follows serial and send time."""
    said = b"0007200718100530" + body if start == b"\x02" or body.startswith(b"ST") else body
    numbers, said = (said[:6], said[6:]) if start == b"\x16" and not said.startswith(b"0007") else (b"", said)
    station, centre = b"0012345678", b"01"
    length = f"{0x8000 * down | len(numbers + said):04X}".encode()
    head = b"\x01" + (station + centre if down else centre + station) + b"1234" + function.encode()
    raw = head + length + start + numbers + said + end
    return raw + f"{crc_modbus(raw):04X}".encode()


def words(body, function="32"):
    return frame("sl651", text(f"ST 0012345678 H TT 2007181005 {body}".encode(), function))


def test_the_ascii_encoding_gives_the_same_series_as_the_hex_encoding():
    got = words("PJ 4.0 PT 40.5 Z 10.490 VT 11.02 ")
    assert values(got) == {"20": 4.0, "26": 40.5, "39": 10.49, "38": 11.02}
    assert {reading.unit for reading in got.readings} == {"mm", "m", "V"}
    assert {reading.time for reading in got.readings} == {beijing_ms(2020, 7, 18, 10, 5)}
    assert (got.device, got.function, got.fields["encoding"], got.fields["class"]) == ("0012345678", "32", "ASCII", "H")
    assert (got.fields["serial"], got.fields["send_time"], got.deviations) == (7, "20200718100530", ())


def test_an_ascii_report_is_confirmed_in_its_own_encoding():
    answer = frame("sl651", words("Z 10.490 ").reply)
    assert answer.raw[0] == 1
    assert [answer.fields[key] for key in ("direction", "end", "serial", "station", "center", "password", "encoding")] == [
        "down", "EOT", 7, "0012345678", "1", "1234", "ASCII",
    ]  # fmt: skip


def test_negative_missing_and_unreadable_ascii_values():
    got = words("Z -0.127 PJ M VT 1x.2 ")
    assert values(got)["39"] == -0.127
    assert "20" not in values(got)
    assert math.isnan(values(got)["38"])
    assert got.deviations == ("unreadable_value",)


def test_ascii_slots_status_and_a_period_of_several_elements():
    got = words("DRP 0500000014FFFFFFFFFF0000 DRZ1 " + "000C" * 12 + " ZT 00000400 ", "34")
    assert [r.value for r in got.readings if r.series == "F4"] == [0.5, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]
    assert len([r for r in got.readings if r.series == "F5" and r.value == 0.12]) == 12
    assert {s for s, v in values(got).items() if s.startswith("45:") and v} == {"45:10"}
    table = words("DRN05 Z PJ 1.000 0.5 M 0.0 1.250 M ", "31")
    start = beijing_ms(2020, 7, 18, 10, 5)
    assert [(r.series, r.value, (r.time - start) // MINUTE) for r in table.readings] == [
        ("39", 1.0, 0), ("39", 1.25, 10), ("20", 0.5, 0), ("20", 0.0, 5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "told"),
    [("Z 1.0", "no_last_space"), ("z 1.0 ", "element_case"), ("XYZ 1.0 ", "unlisted_element"), ("Z ", "element_cut_short")],
)  # fmt: skip
def test_what_an_ascii_station_writes_otherwise_is_read_and_told(body, told):
    got = words(body)
    assert got.deviations == (told,)
    assert list(values(got).values()) == ([] if told == "element_cut_short" else [1.0])


def test_both_encodings_stand_in_one_stream():
    frames = decode("sl651", VALID["func33"] + text(b"ST 0012345678 H TT 2007181005 Z 1.0 ") + VALID["func2F"])
    assert [event.function for event in frames] == ["33", "32", "2F"]


def test_an_ascii_check_that_does_not_fit_is_an_error():
    raw = text(b"ST 0012345678 H TT 2007181005 Z 1.0 ")
    assert error("sl651", raw[:-1] + (b"0" if raw[-1:] != b"0" else b"1")).kind == "checksum"
    assert error("sl651", raw[:-1] + b"g").kind == "checksum"
    assert error("sl651", raw[:-5] + b"\x05" + raw[-4:]).kind == "tail"


def test_manual_text_keeps_its_own_encoding():
    got = frame("sl651", text("RGZS Q1.234 坪山 ".encode("gb18030"), "35"))
    assert only(got.fields["elements"])["size"] == len("Q1.234 坪山 ".encode("gb18030"))


JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 2 + b"\xff\xd9"


def picture_packets(size=200, text=False):
    station = SPEC.simulator("0012345678", {})
    asked = {one.key: one for one in SPEC.commands}["36"]
    last = frame("sl651", text_report() if text else SPEC.encode("0012345678", NOON, {"39": 1.0}))
    answers = decode("sl651", station.feed(ask(asked, last, 1, NOON, {}), NOON))
    return [event.raw for event in answers]


def text_report():
    from anlan.protocols.sl651_write import report

    return report("0012345678", NOON, {"39": 1.0}, text=True)


NOON = beijing_ms(2024, 7, 1, 12)


@pytest.mark.parametrize("text", [False, True])
def test_a_picture_is_put_together_from_its_packets_in_any_order_and_confirmed(text):
    packets = picture_packets(text=text)
    for order in (packets, packets[::-1], packets[1:2] + packets + packets[:1]):
        decoder = SPEC.decoder()
        frames = [event for raw in order for event in decoder.feed(raw)]
        whole = only([event for event in frames if event.picture])
        assert whole.picture.data.startswith(b"\xff\xd8")
        assert whole.picture.data.endswith(b"\xff\xd9")
        assert (whole.picture.media, whole.picture.time) == ("image/jpeg", NOON)
        end = frame("sl651", whole.reply).fields
        assert (end["end"], end["index"]) == ("EOT", len(packets))
        assert abandoned(decoder) == []


def test_a_message_sent_again_is_confirmed_again_and_read_once():
    packets = picture_packets()
    decoder = SPEC.decoder()
    frames = [event for raw in packets + packets[-1:] for event in decoder.feed(raw)]
    assert len([event for event in frames if event.picture]) == 1
    assert frame("sl651", frames[-1].reply).fields["end"] == "EOT"


def test_packets_that_never_came_are_named():
    decoder = SPEC.decoder()
    for raw in (packet(1), packet(3, end=b"\x03")):
        decoder.feed(raw)
    told = only(abandoned(decoder))
    assert (told.kind, told.detail) == ("incomplete", "0012345678 36: packets 2 of 3 never came")


def test_a_split_report_gives_its_readings_once_it_is_whole():
    body = bytes.fromhex("0007200718100530f1f1001234567848f0f0200718100504180000053923") + bytes.fromhex("00001000") * 9
    pieces = [body[:20], body[20:41], body[41:]]
    packets = [
        up(piece, "31", b"\x16" + (3 << 12 | n).to_bytes(3, "big"), b"\x03" if n == 3 else b"\x17")
        for n, piece in enumerate(pieces, 1)
    ]
    frames = decode("sl651", b"".join(packets))
    assert [len(event.readings) for event in frames] == [0, 0, 9]
    assert [event.deviations for event in frames] == [(), (), ()]


COMMANDS = {one.key: one for one in SPEC.commands}
ASKED = {
    "from": "2024-07-01T08:00",
    "to": "2024-07-01T11:00",
    "value": "1",
    "old": "1234",
    "new": "ABCD",
    "open": "1,3",
    "openings": "100,0,50",
}


@pytest.mark.parametrize("text", [False, True], ids=["hex", "ascii"])
@pytest.mark.parametrize("command", SPEC.commands, ids=lambda one: one.key)
def test_each_command_is_obeyed_by_the_simulated_station_in_its_own_encoding(command, text):
    last = frame("sl651", text_report() if text else SPEC.encode("0012345678", NOON, {"39": 1.0}))
    station = SPEC.simulator("0012345678", {"39": 1.5})
    raw = ask(command, last, 1, NOON, ASKED)
    down = frame("sl651", raw)
    assert (down.fields["direction"], down.fields["end"], down.fields["serial"]) == ("down", "ENQ", 0)
    assert text or "unread_body" not in down.deviations
    answers = decode("sl651", station.feed(raw, NOON))
    told = [command.answer(raw, answer) for answer in answers]
    assert told[-1].final
    assert all(one.ok for one in told)
    assert frame("sl651", answers[-1].reply).fields["end"] == "EOT" if len(answers) == 1 else True
    assert all("unread_body" not in answer.deviations for answer in answers)


@pytest.mark.parametrize("text", [False, True], ids=["hex", "ascii"])
def test_one_element_that_is_asked_for_comes_back_alone(text):
    last = frame("sl651", text_report() if text else SPEC.encode("0012345678", NOON, {"39": 1.0}))
    raw = ask(COMMANDS["3A"], last, 1, NOON, {"element": "39"})
    answered = frame("sl651", SPEC.simulator("0012345678", {"39": 1.5, "38": 12.0}).feed(raw, NOON))
    assert values(answered) == {"39": 1.5}


def test_every_function_of_the_standard_is_named_and_those_of_a_centre_are_asked_for():
    numbers = {f"{number:02X}" for number in (*range(0x2F, 0x3B), *range(0x40, 0x52))}
    assert numbers <= FUNCTIONS.keys()
    assert {f"{number:02X}" for number in (*range(0x36, 0x3B), *range(0x40, 0x52))} == COMMANDS.keys()
    for function in sorted(numbers):
        got = frame("sl651", up(bytes.fromhex("0001240701120000f1f10012345678"), function))
        assert (got.function, got.fields["func_name"]) == (function, FUNCTIONS[function])
        assert (got.reply is None) == (function == "2F")


def test_a_command_is_addressed_as_the_station_writes():
    last = frame("sl651", VALID["func33"])
    raw = ask(COMMANDS["37"], last, 1, NOON, {})
    assert raw.hex().upper().startswith("7E7E00112233440503E837800802" + "0000" + "240701120000" + "05")


def test_a_period_is_asked_for_with_its_hours_step_and_element():
    raw = ask(COMMANDS["38"], frame("sl651", VALID["func33"]), 1, NOON, {**ASKED, "step": "000005", "element": "39"})
    assert raw[22:-3].hex() == "24070108" + "24070111" + "0418000005" + "3923"
    assert frame("sl651", raw).fields["wanted"] == [{"id": "39", "name": "瞬时河道水位、潮位"}]


def test_an_answer_to_another_function_or_from_the_centre_is_about_something_else():
    raw = ask(COMMANDS["37"], frame("sl651", VALID["func33"]), 1, NOON, {})
    assert COMMANDS["37"].answer(raw, frame("sl651", VALID["func33"])) is None
    assert COMMANDS["37"].answer(raw, frame("sl651", raw)) is None


def test_a_parameter_that_comes_back_otherwise_is_no_success():
    last = frame("sl651", SPEC.encode("0012345678", NOON, {"39": 1.0}))
    sent = ask(COMMANDS["42"], last, 1, NOON, {"parameter": "20", "value": "1"})
    other = ask(COMMANDS["42"], last, 1, NOON, {"parameter": "20", "value": "6"})
    answer = frame("sl651", SPEC.simulator("0012345678", {}).feed(other, NOON))
    assert COMMANDS["42"].answer(sent, answer).ok is False


@pytest.mark.parametrize(
    ("key", "changed"),
    [("38", {"to": "2024-06-01T08:00"}), ("42", {"value": "x"}), ("42", {"value": "100"}), ("49", {"new": "12"}),
     ("4C", {"open": "9"}), ("4E", {"openings": "10000"}), ("4E", {"openings": ""}), ("3A", {"element": "zz"})],
)  # fmt: skip
def test_what_a_command_cannot_say_is_refused_by_name(key, changed):
    with pytest.raises(ParameterError) as caught:
        ask(COMMANDS[key], frame("sl651", VALID["func33"]), 1, NOON, {**ASKED, **changed})
    assert caught.value.key in changed


def test_parameters_of_the_basic_table_are_read_by_name():
    found = {one["id"]: one for one in frame("sl651", VALID["func41"]).fields["parameters"]}
    assert found["01"]["value"] == [5, 0, 0, 0]
    assert found["02"]["value"] == "0011223344"
    assert found["03"]["password"] == "1234"
    assert (found["04"]["channel"], found["04"]["value"]) == ("IPV4", "218.94.153.172:9708")
    assert (found["05"]["channel"], found["05"]["value"]) == ("短信", "13012345678")
    assert found["0C"]["value"] == "自报确认工作状态"
    assert found["0D"]["value"] == ["降水量", "水位1"]
    assert (found["0F"]["card"], found["0F"]["value"]) == ("移动通信卡", "013112345678")


def test_running_parameters_are_read_with_value_and_unit():
    found = {one["id"]: one for one in frame("sl651", VALID["func43"]).fields["parameters"]}
    assert (found["20"]["name"], found["20"]["value"], found["20"]["unit"]) == ("定时报时间间隔", 1.0, "h")
    assert (found["28"]["value"], found["30"]["value"], found["38"]["value"]) == (10.0, 0.2, 5.0)


def special(function, data):
    head = "0007200718100530f1f10012345678"
    return frame("sl651", up(bytes.fromhex(head + data), function))


@pytest.mark.parametrize(
    ("function", "data", "field", "wanted"),
    [
        ("45", "03" + b"1.0".hex(), "version", "1.0"),
        ("4C", "0105", "switches", {"1": True, "2": False, "3": True, **dict.fromkeys("45678", False)}),
        ("4E", "0203" + "01000050", "opening_cm", [100, 50]),
        ("4F", "ff", "quota_control", True),
        ("4B", "452000000200", "alarms", ["IC卡有效"]),
    ],
)
def test_answers_without_elements_are_read_by_their_tables(function, data, field, wanted):
    got = special(function, data)
    assert got.fields[field] == wanted
    assert got.deviations == ()


def test_gates_are_told_how_far_to_open():
    raw = ask(COMMANDS["4E"], frame("sl651", VALID["func33"]), 1, NOON, {"openings": "100,0,50"})
    down = frame("sl651", raw)
    assert down.fields["rest"] == "0305" + "010000000050"
    assert down.fields["opening_cm"] == [100, 0, 50]
    assert down.fields["switches"] == {"1": True, "2": False, "3": True}


def test_parameters_in_ascii_are_read_by_name_and_passwords_stand_under_their_key():
    got = frame("sl651", text(b"ST 0012345678 03 ABCD 0C 2 ", "41")).fields
    assert got["parameters"] == [
        {"id": "03", "name": "密码", "password": "ABCD"},
        {"id": "0C", "name": "工作方式", "value": "2"},
    ]
    got = frame("sl651", text(b"ST 0012345678 20 8 28 -1.500 ", "43")).fields
    assert [(one["name"], one["value"], one["unit"]) for one in got["parameters"]] == [
        ("定时报时间间隔", "8", "h"), ("水位基值1", "-1.500", "m"),
    ]  # fmt: skip
    assert frame("sl651", text(b"ST 0012345678 99 8 ", "41")).deviations == ("unread_body",)


def test_event_counters_are_read_by_name():
    got = special("50", "".join(f"{n:04x}" for n in range(32)))
    assert (got.fields["events"]["密码修改记录"], len(got.fields["events"])) == (4, 18)


@pytest.mark.parametrize(
    ("function", "data"), [("45", "09aa"), ("4C", "05"), ("4F", "07"), ("43", "2010"), ("E1", "00")]
)
def test_a_body_that_no_table_explains_stays_hex_and_is_told(function, data):
    got = special(function, data)
    assert (got.fields["rest"], got.deviations) == (data, ("unread_body",))


@given(reports(), st.integers(0, 9_999_999_999), st.integers(beijing_ms(2001, 1, 1), beijing_ms(2099, 1, 1)))
def test_what_a_station_encodes_in_ascii_is_decoded_again(report, station, time):
    from anlan.protocols.sl651_write import report as written

    got = frame("sl651", written(f"{station:010}", time, report, text=True))
    assert (got.device, values(got), got.reply is not None) == (f"{station:010}", report, True)
    assert got.deviations == ()


@given(
    st.sampled_from(SPEC.commands),
    st.dictionaries(st.sampled_from([*sorted(ASKED), "parameter", "element"]), st.text()),
)
def test_whatever_a_person_types_a_command_is_written_or_refused_by_name(command, typed):
    last = frame("sl651", VALID["func33"])
    try:
        raw = ask(command, last, 1, NOON, {**ASKED, **typed})
    except ValueError:
        return
    assert isinstance(only(decode("sl651", raw)), Frame)
