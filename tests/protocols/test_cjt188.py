"""CJ/T 188: meters for water and gas."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import MILLION, error, frame, values, vectors

from anlan.protocols import Frame, FrameError, cjt188, decode, protocols
from anlan.protocols.checksums import sum8
from anlan.vocab.clock import beijing_ms

FRAMES = {vector["name"]: bytes.fromhex(vector["hex"]) for vector in vectors("cjt188")["frames"]}
SPEC = protocols()["cjt188"]
NOON = beijing_ms(2026, 7, 1, 12)
METER = "00000000000012"


def answer(data, kind=0x10):
    return cjt188.frame(METER, kind, cjt188.READ_ANSWER, data)


@pytest.mark.parametrize("vector", vectors("cjt188")["frames"], ids=lambda v: v["name"])
def test_a_recorded_frame_is_read(vector):
    got = frame("cjt188", bytes.fromhex(vector["hex"]))
    assert bytes.fromhex(vector["hex"])[-2] == int(vector["checksum_expected"], 16)
    assert len(bytes.fromhex(got.fields["data"])) == vector["len_declared"]


def test_the_recorded_answer_counts_a_thousand_cubic_metres_when_it_is_asked_for():
    got = cjt188.read(FRAMES["read_data_reply"], NOON)
    assert (got.device, values(got)) == (METER, {"volume": 1000.1, "settled": 1000.1})
    assert {(reading.time, reading.unit) for reading in got.readings} == {(NOON, "m3")}


def test_a_meter_that_has_no_clock_gives_no_reading_by_itself():
    got = frame("cjt188", FRAMES["read_data_reply"])
    assert (got.readings, got.deviations, got.fields["volume"]) == ((), ("no_clock",), "00100010")


def test_wake_up_bytes_are_no_garbage():
    assert len(decode("cjt188", b"\xfe\xfe\xfe" + FRAMES["read_data_reply"] + b"\xfe")) == 1


def test_a_question_is_a_frame_of_the_centre_that_gives_no_reading():
    got = frame("cjt188", cjt188.question(METER, 7))
    assert (got.function, got.fields["data"], got.readings) == ("01", "901f07", ())


def test_a_swapped_identifier_is_read_and_named():
    data = bytes.fromhex(frame("cjt188", FRAMES["read_data_reply"]).fields["data"])
    got = cjt188.read(answer(b"\x1f\x90" + data[2:]), NOON)
    assert (values(got)["volume"], got.deviations) == (1000.1, ("swapped_identifier",))


def test_a_unit_that_the_tables_do_not_list_is_named_and_left_unknown():
    data = bytearray(bytes.fromhex(frame("cjt188", FRAMES["read_data_reply"]).fields["data"]))
    data[7] = 0x35
    got = cjt188.read(answer(bytes(data)), NOON)
    assert got.deviations == ("unit_35",)
    assert [reading.unit for reading in got.readings] == ["", "m3"]


def test_litres_are_cubic_metres_and_each_unit_of_the_table_is_named():
    data = bytearray(bytes.fromhex(frame("cjt188", FRAMES["read_data_reply"]).fields["data"]))
    data[7] = 0x29
    got = cjt188.read(answer(bytes(data), kind=0x13), NOON)
    assert (values(got)["volume"], got.deviations) == (pytest.approx(1.0001), ())
    assert [reading.unit for reading in got.readings] == ["m3", "m3"]
    assert (got.fields["volume_unit"], got.fields["type_name"]) == ("L", "reclaimed_water")
    assert {cjt188.UNITS[code] for code in (0x05, 0x08, 0x0E, 0x11)} == {"kWh", "MWh", "MJ", "GJ"}


def test_digits_that_are_none_are_a_missing_value():
    got = frame("cjt188", SPEC.encode(METER, NOON, {"volume": math.nan, "settled": 1.0}))
    assert math.isnan(values(got)["volume"])


def test_the_data_of_a_heat_meter_is_kept_and_not_guessed_at():
    got = frame("cjt188", answer(b"\x90\x1f\x00" + bytes(43), kind=0x20))
    assert (got.readings, len(got.fields["data"])) == ((), 92)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (FRAMES["read_data_reply"][:-1] + b"\x17", "tail"),
        (FRAMES["read_data_reply"][:-2] + b"\x00\x16", "checksum"),
        (answer(b"\x90\x1f\x00" + bytes(5)), "length"),
        (FRAMES["read_data_reply"][:-4], "truncated"),
        (b"\x68" + bytes(30), "garbage"),
    ],
)
def test_a_broken_frame_is_a_named_error(raw, kind):
    assert error("cjt188", raw).kind == kind


@given(
    st.from_regex(r"[0-9]{14}", fullmatch=True),
    st.integers(0, 99_999_999),
    st.integers(beijing_ms(2000, 1, 1) // 1000, beijing_ms(2099, 1, 1) // 1000),
)
def test_what_is_encoded_is_read_again(meter, hundredths, seconds):
    got = frame("cjt188", SPEC.encode(meter, seconds * 1000, {"volume": hundredths / 100, "settled": 0.0}))
    assert (got.device, values(got)) == (meter, {"volume": hundredths / 100, "settled": 0.0})
    assert got.readings[0].time == seconds * 1000


@pytest.mark.parametrize(
    ("meter", "said"), [("12", {}), (METER, {"volume": -1.0}), (METER, {"volume": 1e6}), (METER, {"x": 1})]
)
def test_what_a_meter_cannot_say_is_refused(meter, said):
    with pytest.raises(ValueError, match=r"\w"):
        SPEC.encode(meter, NOON, said)


def test_changed_frames_raise_nothing():
    rng = random.Random("anlan meters")
    whole = SPEC.encode(METER, NOON, {"volume": 12.5, "settled": 3.0})
    decoder, frames, kinds = SPEC.decoder(), 0, set()
    for number in range(MILLION // 4):
        raw = bytearray(whole)
        raw[rng.randrange(len(raw))] = rng.randrange(256)
        raw[rng.randrange(len(raw))] = rng.randrange(256)
        if number % 4 == 0:
            raw[-2] = sum8(raw[:-2])
        for event in decoder.feed(bytes(raw)):
            kinds.add(event.kind if isinstance(event, FrameError) else "")
            frames += isinstance(event, Frame)
    assert frames > MILLION // 100
    assert {"checksum", "tail", "garbage"} <= kinds
