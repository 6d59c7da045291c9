"""Decoding a whole stream into plain objects, one a frame, that can be written as JSON lines."""

from collections.abc import Iterator
from math import isnan
from typing import BinaryIO

from anlan.protocols import decode, protocols
from anlan.protocols.frames import Decoder, Event, Frame, FrameError
from anlan.protocols.lines import LineDecoder

_PIECE = 65536


def decode_stream(protocol: str, source: BinaryIO, hex_lines: bool) -> Iterator[dict[str, object]]:
    """What a stream of bytes says; with `hex_lines`, what each line of hex says as a stream of its own.

    Gives `{"ok": True, "protocol", "device", "function", "readings", "fields", "deviations", "reply"}` for a frame (the
    answer that it wants in hex, or None) and `{"ok": False, "error", "detail"}` for an error ("hex" for a line that is
    none). A missing value is None.
    KeyError at once for an unknown protocol.
    """
    spec = protocols()[protocol]
    decoder = LineDecoder(lambda line: _decode_hex(protocol, line)) if hex_lines else spec.decoder()
    return _objects(decoder, source)


def _objects(decoder: Decoder, source: BinaryIO) -> Iterator[dict[str, object]]:
    read = getattr(source, "read1", source.read)
    while piece := read(_PIECE):
        yield from map(as_object, decoder.feed(piece))
    yield from map(as_object, decoder.close())


def _decode_hex(protocol: str, line: bytes) -> list[Event]:
    try:
        data = bytes.fromhex(line.decode("ascii"))
    except ValueError as error:
        return [FrameError("hex", str(error)[:200], line)]
    return decode(protocol, data)


def as_object(event: Event) -> dict[str, object]:
    """One event as a plain object."""
    if isinstance(event, Frame):
        return {
            "ok": True,
            "protocol": event.protocol,
            "device": event.device,
            "function": event.function,
            "readings": [
                {
                    "series": reading.series,
                    "time": reading.time,
                    "value": None if isnan(reading.value) else reading.value,
                    "unit": reading.unit,
                }
                for reading in event.readings
            ],
            "fields": event.fields,
            "deviations": list(event.deviations),
            "reply": None if event.reply is None else event.reply.hex(),
        }
    return {"ok": False, "error": event.kind, "detail": event.detail}
