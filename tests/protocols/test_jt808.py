"""JT/T 808: what terminals in vehicles say, and what the platform answers."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import MILLION, differences, error, frame, only, values, vectors

from anlan.protocols import Frame, FrameError, decode, protocols
from anlan.protocols import jt808_write as write
from anlan.protocols.commands import ParameterError, ask
from anlan.protocols.jt808 import Terminals
from anlan.protocols.jt808_parts import MOST_BYTES, unescaped
from anlan.vocab.clock import beijing_ms

VECTORS = vectors("jt808")
BY_NAME = {vector["name"]: bytes.fromhex(vector["hex"]) for vector in VECTORS["valid"]}
SPEC = protocols()["jt808"]
NOON = beijing_ms(2026, 7, 1, 12)
PHONE = bytes.fromhex("013900000001")
PLACE = {"lon": 114.35, "lat": 22.69, "speed": 43.2, "direction": 90.0, "altitude": 30.0}


def packet(function, body, total, index, serial=100, phone=PHONE):
    props = len(body) | write.SPLIT
    head = function.to_bytes(2, "big") + props.to_bytes(2, "big") + phone + serial.to_bytes(2, "big")
    return write.wrapped(head + total.to_bytes(2, "big") + index.to_bytes(2, "big") + body)


def batch(*bodies, count=None, kind=1):
    said = b"".join(len(body).to_bytes(2, "big") + body for body in bodies)
    return (len(bodies) if count is None else count).to_bytes(2, "big") + bytes((kind,)) + said


def ack_of(reply):
    """(serial, function, result) of the platform's answers in some bytes."""
    found = []
    for event in decode("jt808", reply):
        assert isinstance(event, Frame)
        body = bytes.fromhex(event.fields["body"])
        found.append((int.from_bytes(body[:2], "big"), body[2:4].hex(), body[4]))
    return found


@pytest.mark.parametrize("vector", VECTORS["valid"], ids=lambda v: v["name"])
def test_a_recorded_frame_decodes_to_the_listed_fields(vector):
    got = frame("jt808", bytes.fromhex(vector["hex"]))
    wanted = dict(vector["decoded"])
    place = wanted.pop("location", {})
    stamp = place.pop("time", "")
    if "body" in wanted and "body" not in got.fields:
        wanted.pop("body")
    assert differences(wanted | place, got.fields) == []
    assert stamp[2:] == got.fields.get("time", "")


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda v: v["why"])
def test_a_broken_recorded_frame_is_an_error(vector):
    assert all(isinstance(event, FrameError) for event in decode("jt808", bytes.fromhex(vector["hex"])))


def test_a_location_is_readings_in_wgs84_at_the_terminals_own_time():
    got = frame("jt808", BY_NAME["0200_plain_2013"])
    assert got.device == "112233445566"
    assert values(got) | {"lon": 132.444444, "lat": 12.222222, "speed": 6.0, "mileage": 10.0, "alarm:sos": 1.0} == (
        values(got)
    )
    assert {reading.time for reading in got.readings} == {beijing_ms(2018, 7, 15, 10, 10, 10)}
    assert ack_of(got.reply) == [(8888, "0200", 0)]


def test_a_terminal_is_known_by_its_number_without_leading_zeros_in_both_editions():
    old, new = write.frame(2, PHONE, 1, b""), write.frame(2, PHONE.rjust(10, b"\0"), 1, b"")
    assert frame("jt808", old).device == frame("jt808", new).device == "13900000001"
    assert only(decode("jt808", frame("jt808", new).reply)).fields["version_flag"]


def test_a_registration_is_answered_with_success_and_a_code():
    got = frame("jt808", BY_NAME["0100_register_2019"])
    assert (got.fields["plate"], got.fields["plate_colour"]) == ("粤A12345", 1)
    answer = frame("jt808", got.reply)
    assert (answer.function, answer.fields["body"]) == ("8100", "000a00" + b"123456789".hex())


@pytest.mark.parametrize(("encoding", "told"), [("gbk", ()), ("utf-8", ("utf8_text",))])
def test_a_plate_is_read_in_both_encodings(encoding, told):
    body = bytes(36) + b"\x01" + "粤B12345".encode(encoding)
    got = frame("jt808", write.frame(0x0100, write.phone_bytes("13800000001"), 5, body))
    assert (got.fields["plate"], got.deviations) == ("粤B12345", told)


def test_an_authentication_tells_code_imei_and_software():
    body = bytes.fromhex(VECTORS["body_0102_2019"]["hex"])
    got = frame("jt808", write.frame(0x0102, PHONE.rjust(10, b"\0"), 7, body))
    assert differences(VECTORS["body_0102_2019"]["decoded"], got.fields) == []
    assert ack_of(got.reply) == [(7, "0102", 0)]


def test_an_answer_of_a_terminal_is_not_answered():
    got = frame("jt808", write.frame(0x0001, PHONE, 9, bytes.fromhex("0007810300")))
    assert (got.reply, got.fields["answers"], got.fields["result"]) == (None, "8103", 0)


def test_a_message_that_is_not_known_is_answered_as_not_supported():
    assert ack_of(frame("jt808", write.frame(0x0F00, PHONE, 3, b"x")).reply) == [(3, "0f00", 3)]


def test_an_encrypted_message_is_named_and_answered_as_not_supported():
    raw = bytearray(unescaped(write.frame(0x0200, PHONE, 5, b"secret" * 5)[1:-1])[:-1])
    raw[2] |= 0x04
    got = frame("jt808", write.wrapped(bytes(raw)))
    assert (got.deviations, got.readings, ack_of(got.reply)) == (("encrypted",), (), [(5, "0200", 3)])


def test_without_a_fix_the_place_is_missing_and_the_rest_is_kept():
    got = frame("jt808", SPEC.encode("13900000001", NOON, {"speed": 3.0, "lon": math.nan, "lat": 22.0}))
    assert math.isnan(values(got)["lon"])
    assert math.isnan(values(got)["lat"])
    assert values(got)["speed"] == 3.0


@pytest.mark.parametrize(("stamp", "told"), [("00" * 6, "no_clock"), ("261332000000", "bad_time")])
def test_a_location_without_a_usable_time_is_acknowledged_but_gives_no_reading(stamp, told):
    body = write.location_body(NOON, PLACE)[:22] + bytes.fromhex(stamp)
    got = frame("jt808", write.frame(0x0200, PHONE, 5, body))
    assert (got.readings, got.deviations) == ((), (told,))
    assert ack_of(got.reply) == [(5, "0200", 0)]


def test_a_batch_gives_each_location_at_its_own_time_and_names_those_that_are_broken():
    good = [write.location_body(NOON + 10_000 * place, PLACE | {"speed": float(place)}) for place in range(3)]
    got = frame("jt808", write.frame(0x0704, PHONE, 5, batch(good[0], b"short", good[1], good[2])))
    speeds = [(reading.time - NOON, reading.value) for reading in got.readings if reading.series == "speed"]
    assert speeds == [(0, 0.0), (10_000, 1.0), (20_000, 2.0)]
    assert got.deviations == ("bad_location", "batch_count")


def test_a_batch_split_over_packets_is_put_together_and_acknowledged_when_it_is_whole():
    body = batch(*(write.location_body(NOON + 10_000 * place, PLACE) for place in range(40)))
    pieces = [body[:500], body[500:1000], body[1000:]]
    raws = [packet(0x0704, piece, 3, index, serial=(65534 + index) % 65536) for index, piece in enumerate(pieces, 1)]
    first, second, again, third, late = decode("jt808", raws[2] + raws[0] + raws[0] + raws[1] + raws[0])
    assert {first.reply, second.reply, again.reply} == {None}
    assert len([r for r in third.readings if r.series == "lon"]) == 40
    assert [serial for serial, _, _ in ack_of(third.reply)] == [65535, 0, 1]
    assert (late.readings, [serial for serial, _, _ in ack_of(late.reply)]) == ((), [65535])


def test_a_message_that_never_becomes_whole_is_counted_when_the_connection_ends():
    decoder = Terminals()
    decoder.feed(packet(0x0704, b"a" * 100, 3, 1))
    assert [(event.kind, event.detail[:1]) for event in decoder.close()] == [("incomplete", "1")]


def test_unfinished_messages_do_not_fill_the_memory():
    decoder = Terminals()
    kinds = set()
    for number in range(2000):
        for event in decoder.feed(packet(0x0704, b"a" * 1000, 900, 1, serial=number * 7 % 65536)):
            kinds.add(event.kind if isinstance(event, FrameError) else "frame")
    assert kinds == {"frame", "incomplete"}
    assert decoder._parts._bytes <= MOST_BYTES


def test_a_packet_beyond_its_total_is_refused():
    assert error("jt808", packet(0x0704, b"a", 2, 3)).kind == "format"


def test_flags_without_anything_between_them_mean_nothing_and_one_flag_may_part_two_frames():
    good = BY_NAME["0200_plain_2013"]
    assert [event.raw for event in decode("jt808", b"~~~~" + good[:-1] + good + b"~~")] == [good, good]


def test_a_frame_without_an_end_is_too_long_once_and_the_next_one_is_read():
    good = BY_NAME["0200_plain_2013"]
    events = decode("jt808", b"~" + b"\x01" * 9000 + good)
    assert [getattr(event, "kind", "frame") for event in events] == ["too_long", "frame"]


def test_parameters_and_words_for_the_driver_are_written_as_the_standard_prints_them():
    body = write.parameters_body({0x29: 30, 0x13: "10.0.0.1"})
    assert body.hex() == "020000002904" + "0000001e" + "0000001308" + b"10.0.0.1".hex()
    assert write.text_body("封路", urgent=True, new=False) == b"\x0d" + "封路".encode("gbk")
    assert write.text_body("封路", urgent=False, new=True) == b"\x0c\x01" + "封路".encode("gbk")
    with pytest.raises(ValueError, match="more than one frame"):
        write.frame(0x8300, PHONE, 1, write.text_body("长" * 600))


@pytest.mark.parametrize("number", ["13900000001", "13900000001234"], ids=["2013", "2019"])
@pytest.mark.parametrize("command", SPEC.commands, ids=lambda command: command.key)
def test_each_command_is_obeyed_by_the_simulated_terminal_in_its_own_edition(command, number):
    last = frame("jt808", SPEC.encode(number, NOON, PLACE))
    terminal = SPEC.simulator(number, PLACE)
    asked = ask(command, last, 70_001, NOON, {"text": "前方道路封闭", "value": "15"})
    answered = frame("jt808", terminal.feed(asked, NOON))
    answer = command.answer(asked, answered)
    assert (answer.ok, answer.final, answered.reply, answered.device) == (True, True, None, number)
    assert command.answer(ask(command, last, 2, NOON, {"text": "x", "value": "15"}), answered) is None
    assert frame("jt808", asked).fields["version_flag"] is (len(number) > 12)


def test_an_answer_with_a_place_is_a_reading_and_one_with_parameters_is_words():
    last, terminal = frame("jt808", SPEC.encode("13900000001", NOON, PLACE)), SPEC.simulator("13900000001", PLACE)
    by_key = {command.key: command for command in SPEC.commands}
    place = frame("jt808", terminal.feed(ask(by_key["8201"], last, 1, NOON, {}), NOON))
    assert (values(place)["lon"], values(place)["lat"]) == (114.35, 22.69)
    assert {reading.time for reading in place.readings} == {NOON}
    moved = frame("jt808", SPEC.retime(place.raw, NOON + 60_000))
    assert {reading.time for reading in moved.readings} == {NOON + 60_000}
    terminal.feed(ask(by_key["8103"], last, 2, NOON, {"parameter": "0029", "value": "15"}), NOON)
    asked = ask(by_key["8104"], last, 3, NOON, {})
    told = frame("jt808", terminal.feed(asked, NOON))
    assert {"id": "0029", "name": "缺省汇报间隔", "raw": "0000000f", "value": 15, "unit": "秒"} in told.fields[
        "parameters"
    ]
    assert "缺省汇报间隔 15" in by_key["8104"].answer(asked, told).said


def test_words_reach_the_driver_and_what_a_terminal_refuses_is_told_in_words():
    last, terminal = frame("jt808", SPEC.encode("13900000001", NOON, PLACE)), SPEC.simulator("13900000001", PLACE)
    by_key = {command.key: command for command in SPEC.commands}
    terminal.feed(ask(by_key["8300"], last, 1, NOON, {"text": "前方道路封闭", "kind": "urgent"}), NOON)
    assert terminal.shown == ["前方道路封闭"]
    asked = ask(by_key["8202"], last, 7, NOON, {"interval": "0"})
    assert bytes.fromhex(frame("jt808", asked).fields["body"]) == b"\0\0"
    refused = frame("jt808", write.frame(0x0001, PHONE, 9, b"\x00\x07\x82\x02\x03"))
    answer = by_key["8202"].answer(asked, refused)
    assert (answer.ok, answer.said) == (False, "终端不支持该命令")
    with pytest.raises(ParameterError, match="不能显示"):
        ask(by_key["8300"], last, 1, NOON, {"text": "emoji \U0001f525"})


@pytest.mark.parametrize("number", ["13900000001", "13900000001234"], ids=["2013", "2019"])
def test_a_simulated_terminal_registers_and_shows_the_code_that_it_is_given(number):
    terminal = SPEC.simulator(number, PLACE)
    registered = frame("jt808", terminal.register())
    assert (registered.function, registered.fields["plate"]) == ("0100", "粤B00001")
    shown = frame("jt808", terminal.feed(registered.reply, NOON))
    assert (shown.function, shown.fields["code"], shown.deviations) == ("0102", number, ())
    assert terminal.feed(shown.reply, NOON) == b""


@given(
    st.integers(1, 10**11 - 1) | st.integers(10**12, 10**19),
    st.integers(beijing_ms(2000, 1, 1) // 1000, beijing_ms(2099, 12, 31) // 1000),
    st.integers(-180_000_000, 180_000_000),
    st.integers(-90_000_000, 90_000_000),
    st.integers(0, 2000),
    st.sets(st.sampled_from(sorted(write.ALARMS))),
)
def test_what_is_encoded_is_read_again(number, seconds, lon, lat, speed, alarms):
    said = {"lon": lon / 1e6, "lat": lat / 1e6, "speed": speed / 10, "mileage": speed / 10}
    said |= dict.fromkeys(alarms, 1.0)
    got = frame("jt808", SPEC.encode(str(number), seconds * 1000, said))
    assert (got.device, {reading.time for reading in got.readings}) == (str(number), {seconds * 1000})
    assert said.items() <= values(got).items()
    assert {series for series in write.ALARMS if values(got)[series]} == alarms


@pytest.mark.parametrize("said", [{"lon": 181.0, "lat": 0.0}, {"speed": -1.0}, {"speed": 7000.0}, {"level": 1.0}])
def test_what_a_location_cannot_hold_is_refused(said):
    with pytest.raises(ValueError, match=r"\w"):
        SPEC.encode("13900000001", NOON, said)


def test_changed_frames_raise_nothing():
    """Each changed in two places, one in eight with its check put right; ten to a feed."""
    rng = random.Random("anlan vehicles")
    seeds = [unescaped(raw[1:-1])[:-1] for raw in BY_NAME.values()]
    seeds.append(unescaped(packet(0x0704, b"abc", 2, 1)[1:-1])[:-1])
    decoder, frames, kinds = Terminals(), 0, set()
    for _ in range(MILLION // 400):
        stream = bytearray()
        for _ in range(10):
            message = bytearray(rng.choice(seeds))
            for _ in range(2):
                message[rng.randrange(len(message))] = rng.randrange(256)
            stream += write.wrapped(bytes(message))
        for cut in range(10):
            damaged = bytearray(stream)
            for _ in range(cut):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            for event in decoder.feed(bytes(damaged)):
                kinds.add(getattr(event, "kind", ""))
                frames += isinstance(event, Frame)
    assert frames > 5_000
    assert {"checksum", "length", "format", "garbage"} <= kinds
