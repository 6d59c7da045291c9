"""The shared buffer, with a toy protocol: `<` length-digit payload `>`; payloads with `x` fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols.frames import Frame, FrameError
from anlan.protocols.stream import StreamDecoder, Wire


def measure(buffer, at):
    if at + 2 > len(buffer):
        return None
    digit = buffer[at + 1 : at + 2]
    if digit == b"9":
        return FrameError("too_long", "9 bytes"), 12
    return int(digit) + 3 if digit.isdigit() else 0


def read(raw):
    if raw[-1:] != b">" or b"x" in raw:
        return FrameError("tail" if raw[-1:] != b">" else "checksum", "", raw)
    return Frame(protocol="toy", device="", function="", readings=(), fields={}, reply=None, raw=raw)


WIRE = Wire(marks=(b"<",), measure=measure, read=read, blank=b"\n")


def events(*pieces):
    decoder = StreamDecoder(WIRE)
    return [name(event) for piece in pieces for event in decoder.feed(piece)] + list(map(name, decoder.close()))


def name(event):
    return event.raw.decode() if isinstance(event, Frame) else f"{event.kind} {event.detail}".strip()


def test_frames_that_stick_together_are_told_apart():
    assert events(b"<2ab><0><1c>") == ["<2ab>", "<0>", "<1c>"]


def test_bytes_outside_any_frame_are_counted_once():
    assert events(b"abc<1d>", b"e", b"fg") == ["garbage 3 bytes", "<1d>", "garbage 3 bytes"]


def test_blank_bytes_between_frames_mean_nothing():
    assert events(b"\n<1a>\n\n<1b>\n") == ["<1a>", "<1b>"]


def test_a_good_frame_inside_a_failed_one_is_found():
    assert events(b"<6ab<1c>z") == ["tail", "<1c>"]


def test_a_failed_frame_is_reported_once():
    assert events(b"<6x<1x>a><1b>") == ["checksum", "<1b>"]


def test_a_frame_refused_for_its_length_explains_its_bytes():
    assert events(b"<9aaaaaaaaaa<1b>c") == ["too_long 9 bytes", "<1b>", "garbage 1 bytes"]


def test_the_end_of_the_stream_inside_a_frame_is_told():
    assert events(b"<1a><5b") == ["<1a>", "truncated 3 bytes of a frame"]
    assert events(b"<") == ["truncated 1 bytes of a frame"]


def test_a_good_frame_behind_a_cut_short_one_is_found():
    assert events(b"<8b<1c>") == ["truncated 7 bytes of a frame", "<1c>"]


def test_a_closed_decoder_begins_anew():
    decoder = StreamDecoder(WIRE)
    decoder.feed(b"junk<5b")
    decoder.close()
    assert [name(event) for event in decoder.feed(b"<1a>") + decoder.close()] == ["<1a>"]


@given(
    st.lists(st.sampled_from([b"<", b">", b"1", b"5", b"9", b"a", b"x", b"\n", b"<1a>", b"<5aaaaa>"])),
    st.data(),
)
def test_a_stream_cut_anywhere_gives_the_same_events(parts, data):
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert events(*pieces) == events(stream)


@pytest.mark.parametrize("step", [7, 4096, 65536, 65537, 300_000])
def test_endless_garbage_is_reported_in_pieces_and_not_kept(step):
    stream = bytes(range(65, 91)) * 11_538
    decoder = StreamDecoder(WIRE)
    found = []
    for start in range(0, len(stream), step):
        found += decoder.feed(stream[start : start + step])
        assert len(decoder._buffer) <= 1
    found += decoder.close()
    assert [error.detail for error in found] == ["65536 bytes"] * 4 + ["37844 bytes"]
    assert [error.raw for error in found] == [stream[at : at + 64] for at in range(0, len(stream), 65536)]


def test_frames_that_overlap_and_fail_are_looked_at_a_bounded_number_of_times():
    looked = 0

    def refuse(raw):
        nonlocal looked
        looked += len(raw)
        return FrameError("checksum", "", raw)

    decoder = StreamDecoder(Wire(marks=(b"<",), measure=lambda buffer, at: 1000, read=refuse))
    stream = b"<" * 20_000
    found = decoder.feed(stream) + decoder.close()
    assert looked <= 10 * len(stream)
    assert sum(len(error.raw) for error in found) <= 10 * len(stream)
