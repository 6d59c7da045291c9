"""What every decoder promises, whatever its protocol."""

import math
import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_support import MILLION, vectors

from anlan.protocols import Frame, FrameError, decode, protocols
from anlan.protocols.checksums import crc_hj212, crc_modbus, sum8
from anlan.protocols.commands import ask
from anlan.protocols.frames import ProtocolSpec, abandoned
from anlan.protocols.jt808_parts import unescaped
from anlan.protocols.jt808_write import wrapped
from anlan.protocols.sl651_write import report
from anlan.vocab.clock import beijing_ms

RECORDED = {
    "sl651": [bytes.fromhex(vector["hex"]) for vector in vectors("sl651")["valid"]],
    "hj212": [vector["frame"].encode() for vector in vectors("hj212")["valid"]],
    "gb26875": [bytes.fromhex(vector["hex"]) for vector in vectors("gb26875")["valid"]],
    "jt808": [bytes.fromhex(vector["hex"]) for vector in vectors("jt808")["valid"]],
    "cjt188": [bytes.fromhex(vector["hex"]) for vector in vectors("cjt188")["frames"]],
    "json": [
        b'{"device":"d1","time":1700000000000,"values":{"level":1.2,"rain":null}}\n',
        b'[{"device":"d2","readings":[{"series":"x","time":"2024-07-01T12:00:00","value":"3","unit":"mm"}]}]\n',
    ],
}
BROKEN = {
    "sl651": [bytes.fromhex(vector["hex"]) for vector in vectors("sl651")["invalid"]],
    "hj212": [vector["frame"].encode() for vector in vectors("hj212")["invalid"]],
    "gb26875": [bytes.fromhex(vector["hex"]) for vector in vectors("gb26875")["invalid"]],
    "jt808": [bytes.fromhex(vector["hex"]) for vector in vectors("jt808")["invalid"]],
    "cjt188": [b"\x68\x10" + bytes(7) + b"\x81\x01\x00\x00\x16", b"\x68" + bytes(8) + b"\x01\x00\x69\x17"],
    "json": [b"{]\n", b"\xff\n"],
}
NAMES = sorted(RECORDED)
NOON = beijing_ms(2030, 7, 1, 12)
BINARY = ["sl651", "hj212", "gb26875", "jt808"]
VALUES = {
    "sl651": {"39": 1.5, "F4": 0.5}, "hj212": {"w01018-Rtd": 20.0}, "gb26875": {"unit:fire": 1.0},
    "jt808": {"lon": 114.35, "lat": 22.69, "speed": 40.0},
}  # fmt: skip
DEVICES = {"sl651": "0012345678", "hj212": "M1", "gb26875": "77", "jt808": "13900000001"}
ASKED = {"from": "2024-07-01T08:00", "to": "2024-07-01T11:00", "value": "1", "old": "1234", "new": "ABCD",
         "NewPW": "654321", "part": "9", "openings": "100,0", "text": "封路"}  # fmt: skip


def conversation(name):
    """Frames in both directions: reports, every command, every answer; for SL 651 in both encodings."""
    spec, device = protocols()[name], DEVICES[name]
    reports = [spec.encode(device, NOON, VALUES[name])]
    reports += [report(device, NOON, VALUES[name], text=True)] if name == "sl651" else []
    frames = []
    for raw in reports:
        last = decode(name, raw)[0]
        simulator = spec.simulator(device, VALUES[name])
        for number, command in enumerate(spec.commands):
            asked = ask(command, last, number, NOON, ASKED)
            frames += [asked, *(event.raw for event in decode(name, simulator.feed(asked, NOON)))]
    return list(dict.fromkeys(reports + frames))


TALK = {name: conversation(name) for name in BINARY}


def told(event):
    """All of an event, comparable where values are missing."""
    return repr(event) if isinstance(event, Frame) else (event.kind, event.detail, event.raw)


def test_protocols_are_found_by_being_there():
    assert sorted(protocols()) == NAMES
    assert all(isinstance(spec, ProtocolSpec) and spec.name == name for name, spec in protocols().items())
    assert {name: spec.port is None for name, spec in protocols().items() if spec.port is None} == {"json": True}
    ports = [spec.port for spec in protocols().values()]
    assert len(set(ports)) == len(ports)


noise = st.binary(max_size=12) | st.sampled_from([b"~~", b"##", b"@@", b"##0101", b"\r\n", b"\n", b"{", b"\x7e"])


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=150)
def test_a_stream_cut_at_any_byte_gives_the_same_events(name, data):
    piece = st.sampled_from(RECORDED[name] + BROKEN[name] + TALK.get(name, [])) | noise
    halves = piece.flatmap(lambda raw: st.integers(0, len(raw)).map(lambda at: raw[:at]))
    stream = b"".join(data.draw(st.lists(piece | halves, max_size=5)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    decoder = protocols()[name].decoder()
    events = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        events += decoder.feed(stream[start:end])
    assert [told(event) for event in events + decoder.close()] == [told(event) for event in decode(name, stream)]


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_fed_byte_by_byte_gives_the_same_events(name):
    stream = b"".join(RECORDED[name] + [b"abc"] + BROKEN[name] + RECORDED[name] + TALK.get(name, []))
    decoder = protocols()[name].decoder()
    events = [event for at in range(len(stream)) for event in decoder.feed(stream[at : at + 1])]
    assert [told(event) for event in events + decoder.close()] == [told(event) for event in decode(name, stream)]


@pytest.mark.parametrize("name", NAMES)
def test_every_beginning_of_a_frame_is_an_error_and_no_frame(name):
    whole = RECORDED[name][1].rstrip(b"\n") if name == "json" else RECORDED[name][1]
    for end in range(1, len(whole)):
        assert all(isinstance(event, FrameError) for event in decode(name, whole[:end])), whole[:end]


@pytest.mark.parametrize("name", ["sl651", "hj212", "gb26875", "jt808", "cjt188"])
def test_no_flipped_bit_of_a_frame_passes_unnoticed(name):
    for raw in RECORDED[name]:
        assert isinstance(decode(name, raw)[0], Frame)
        for at in range(min(len(raw), 60)):
            changed = raw[:at] + bytes((raw[at] ^ 0x10,)) + raw[at + 1 :]
            assert not any(isinstance(event, Frame) and event.raw == changed for event in decode(name, changed))


@pytest.mark.parametrize("name", ["sl651", "hj212", "gb26875", "jt808", "cjt188"])
def test_a_broken_frame_does_not_hide_the_good_ones_around_it(name):
    for bad in BROKEN[name] + [raw[: len(raw) // 2] for raw in RECORDED[name]]:
        for good in RECORDED[name]:
            frames = [event for event in decode(name, good + bad + good) if isinstance(event, Frame)]
            assert [frame.raw for frame in frames] == [good, good]


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_frame_can_be_moved_to_another_time(name):
    spec = protocols()[name]
    for raw in RECORDED[name]:
        (before,), (after,) = decode(name, raw), decode(name, spec.retime(raw, NOON))
        assert [(reading.series, str(reading.value), reading.unit) for reading in after.readings] == [
            (reading.series, str(reading.value), reading.unit) for reading in before.readings
        ]
        newest = max((reading.time for reading in before.readings), default=0)
        assert [NOON - reading.time for reading in after.readings] == [
            newest - reading.time for reading in before.readings
        ]
        assert len(after.reply or b"") == len(before.reply or b"")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("raw", [b"", b"\x7e\x7e", b"nonsense"])
def test_what_is_no_frame_cannot_be_moved(name, raw):
    with pytest.raises(ValueError, match=r"\w"):
        protocols()[name].retime(raw, NOON)


@pytest.mark.parametrize("name", NAMES)
def test_two_frames_are_not_moved_as_one(name):
    if name != "json":
        with pytest.raises(ValueError, match="one frame"):
            protocols()[name].retime(RECORDED[name][0] * 2, NOON)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "unit", [b"\x00", b"~~", b"#", b"##9999", b"@@", b"{[", b"\x7e\x7e" + bytes(9) + b"\x0f\xff\x02"]
)
def test_endless_noise_does_not_fill_the_memory(name, unit):
    piece = unit * (50_000 // len(unit))
    decoder = protocols()[name].decoder()
    decoder.feed(piece)
    rounds, most = (60, 1_300_000) if name == "json" else (3, 100_000)
    tracemalloc.start()
    try:
        for _ in range(rounds):
            decoder.feed(piece)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < most
    assert peak < 10 * most
    assert all(isinstance(event, FrameError) for event in decoder.close())


@pytest.mark.parametrize("name", BINARY)
def test_both_sides_of_a_conversation_are_understood(name):
    for raw in TALK[name]:
        assert isinstance(decode(name, raw)[0], Frame), raw


@pytest.mark.parametrize("name", BINARY)
@given(data=st.binary(max_size=60), at=st.integers(0, 10**13))
def test_a_simulated_device_survives_whatever_it_is_sent(name, data, at):
    simulator = protocols()[name].simulator(DEVICES[name], VALUES[name])
    for raw in (data, TALK[name][1][: len(data)] + data, TALK[name][1]):
        assert isinstance(simulator.feed(raw, NOON), bytes)


def resummed(name, raw):
    """A changed frame with its check redone, so that the change reaches the readers behind it."""
    if name == "sl651" and raw[:1] == b"\x01" and len(raw) > 29:
        raw = raw[:20] + b"%03X" % (len(raw) - 29) + raw[23:-4]
        return raw + b"%04X" % crc_modbus(raw)
    if name == "sl651" and len(raw) > 17:
        raw = raw[:11] + bytes((raw[11] & 0x80 | len(raw) - 17 >> 8, len(raw) - 17 & 0xFF)) + raw[13:-2]
        return raw + crc_modbus(raw).to_bytes(2, "big")
    if name == "gb26875" and len(raw) > 30:
        body = raw[2:-3]
        body = body[:22] + (len(raw) - 30).to_bytes(2, "little") + body[24:]
        return raw[:2] + body + bytes((sum8(body),)) + raw[-2:]
    if name == "jt808":
        return rewrapped(raw)
    if name == "cjt188" and len(raw) > 13:
        raw = raw[:10] + bytes((len(raw) - 13 & 0xFF,)) + raw[11:-2]
        return raw + bytes((sum8(raw), 0x16))
    if name == "hj212" and len(raw) > 12:
        return b"##%04d%b%04X\r\n" % (len(raw) - 12, raw[6:-6], crc_hj212(raw[6:-6]))
    return raw


def rewrapped(raw):
    try:
        message = unescaped(raw[1:-1])[:-1]
    except FrameError:
        return raw
    if len(message) < 12:
        return raw
    start = (17 if message[2] & 0x40 else 12) + 4 * bool(message[2] & 0x20)
    return wrapped(
        message[:2] + (message[2] << 8 & 0xFC00 | max(0, len(message) - start)).to_bytes(2, "big") + message[4:]
    )


def mutated(rng, name, seed):
    """A recorded frame with a byte or two changed, cut out or put in, its check redone half of the time."""
    raw, dice = bytearray(seed), rng.getrandbits(32)
    for _ in range(1 + (dice & 1)):
        at, how = int(rng.random() * len(raw)), dice >> 1 & 3
        if how == 0:
            del raw[at : at + 1 + (dice >> 3 & 3)]
        elif how == 1:
            raw[at:at] = rng.randbytes(1 + (dice >> 3 & 1))
        else:
            raw[at] = (0, 0x20, 0x2C, 0x31, 0x39, 0x7E, 0xFF, dice >> 8 & 0xFF)[dice >> 3 & 7]
        raw, dice = raw or bytearray(seed), dice >> 5
    return resummed(name, bytes(raw)) if dice & 1 else bytes(raw)


SHARE = 8
"""One in so many pieces of bad input is a mutated frame, the others are marks with noise behind them."""
MARKS = (b"~~", b"\x01", b"##", b"@@", b"\n", b"{", b"##0012", b"\x7e\x7e\x01")


def bad_input(rng, name, seeds, size):
    noise = rng.randbytes(3 * size)
    pieces = [MARKS[n & 7] + noise[3 * n : 3 * n + 3] for n in range(size)]
    for at in range(0, size, SHARE):
        pieces[at] = b"\n" + mutated(rng, name, seeds[int(rng.random() * len(seeds))])
    return b"".join(pieces)


@pytest.mark.parametrize("name", NAMES)
def test_a_million_bad_frames_raise_nothing_and_keep_nothing(name):
    """`ANLAN_FUZZ` sets the number; now and then the stream ends and another begins."""
    rng, spec = random.Random(f"anlan {name}"), protocols()[name]
    seeds = [raw for raw in RECORDED[name] + TALK.get(name, []) if len(raw) < 150]
    total, batch = MILLION, 5_000
    kinds, frames, decoder = set(), 0, spec.decoder()
    for done in range(0, total, batch):
        events = decoder.feed(bad_input(rng, name, seeds, min(batch, total - done)))
        assert len(getattr(decoder, "_buffer", b"")) <= 70_000
        if done // batch % 20 == 19:
            events += decoder.close() + abandoned(decoder)
            decoder = spec.decoder()
        kinds.update(event.kind for event in events if isinstance(event, FrameError))
        good = [event for event in events if isinstance(event, Frame)]
        frames += len(good)
        assert not any(math.isinf(reading.value) for event in good for reading in event.readings)
    assert frames > total // SHARE // 100
    assert len(kinds) >= 3
