"""SL 651-2014, hydrological telemetry: rain, water level and more from remote stations.

Both encodings (HEX/BCD, ASCII) in both directions. Series are element identifiers in hex ("39") whatever the
encoding, "45:<bit>" for alarm bits. Packets of a split message (M3) are put together: the first shows what it
says, readings and picture come with the packet that makes the message whole, which is then confirmed, or the
first missing packet asked for. Reports (M2) and answers to the centre (M4) are confirmed; keepalive is not.
"""

from collections.abc import Mapping

from anlan.protocols import sl651_write
from anlan.protocols.frames import Decoder, Event, Frame, FrameError, Picture, ProtocolSpec
from anlan.protocols.packets import Packets, Parts
from anlan.protocols.sl651_body import Body
from anlan.protocols.sl651_commands import COMMANDS
from anlan.protocols.sl651_content import Content
from anlan.protocols.sl651_frame import (
    HEX_HEAD,
    HEX_MARK,
    TEXT_HEAD,
    TEXT_MARK,
    Envelope,
    framed,
    head_fields,
    measure,
    opened,
)
from anlan.protocols.sl651_secrets import SECRETS
from anlan.protocols.sl651_simulator import Station
from anlan.protocols.sl651_text import TextBody
from anlan.protocols.stream import StreamDecoder, Wire, only_frame
from anlan.vocab.clock import ClockError

NAME = "sl651"
_CONFIRMED = frozenset(f"{number:02X}" for number in (*range(0x30, 0x3B), *range(0x40, 0x52)))
_JPEG = b"\xff\xd8"


class Session:
    """Reads the frames of one stream, and puts split messages together."""

    def __init__(self) -> None:
        self._packets = Packets()

    def read(self, raw: bytes) -> Event | list[Event]:
        try:
            envelope, body = opened(raw)
            frame = self._packet(envelope, raw, body) if envelope.total else self._whole(envelope, raw, body)
        except ClockError as error:
            return FrameError("time", str(error), raw)
        except FrameError as error:
            return error.with_traceback(None)
        lost = self._packets.take_lost()
        return [frame, *map(incomplete, lost)] if lost else frame

    def abandoned(self) -> list[Event]:
        return [incomplete(parts) for parts in self._packets.end()]

    def _whole(self, envelope: Envelope, raw: bytes, body: bytes) -> Frame:
        content = content_of(envelope, raw, body)
        reply = None
        if not envelope.down and envelope.function in _CONFIRMED:
            reply = sl651_write.confirmation(envelope, body, "ACK" if envelope.end == "ETB" else "EOT")
        return _frame(envelope, raw, content, reply)

    def _packet(self, envelope: Envelope, raw: bytes, body: bytes) -> Frame:
        if envelope.down:
            return _bare(envelope, raw, body)
        first = content_of(envelope, raw, body) if envelope.number == 1 else None
        key = (envelope.station, envelope.function)
        parts = self._packets.add(key, envelope.total, envelope.number, body)
        reply = _packet_reply(envelope, parts)
        if parts.complete and not parts.again:
            content = content_of(envelope, raw, parts.whole())
            content.fields["size"] = len(parts.whole())
            return _frame(envelope, raw, content, reply)
        if first is None:
            return _bare(envelope, raw, body, reply)
        first.readings.clear()
        first.deviations.clear()
        return _frame(envelope, raw, first, reply, whole=False)


def _packet_reply(envelope: Envelope, parts: Parts) -> bytes | None:
    """EOT once all packets came; after the last one NAK with the first missing packet."""
    if parts.again:
        return sl651_write.confirmation(envelope, parts.came.get(1, bytes(16)), "EOT", parts.total)
    said = parts.came.get(1, b"0" * 16 if envelope.text else bytes(8))
    if parts.complete:
        return sl651_write.confirmation(envelope, said, "EOT", parts.total)
    return sl651_write.confirmation(envelope, said, "NAK", parts.missing[0]) if envelope.end == "ETX" else None


def incomplete(parts: Parts) -> FrameError:
    return FrameError("incomplete", str(parts))


def content_of(envelope: Envelope, raw: bytes, body: bytes) -> Content:
    """Bodies sent downwards hold parameters, not elements. FrameError, ClockError."""
    if len(body) < sl651_write.SENT[envelope.text]:
        raise FrameError("length", f"a body of {len(body)} bytes", raw)
    reader = TextBody if envelope.text else Body
    return reader(body, envelope.function, envelope.station, down=envelope.down)


def _frame(envelope: Envelope, raw: bytes, content: Content, reply: bytes | None, *, whole: bool = True) -> Frame:
    picture = None
    if content.picture is not None and whole:
        media = "image/jpeg" if content.picture.startswith(_JPEG) else ""
        picture = Picture(time=content.time, media=media, data=content.picture)
    return Frame(
        protocol=NAME,
        device=envelope.station,
        function=envelope.function,
        readings=tuple(content.readings),
        fields=head_fields(envelope, raw) | content.fields,
        reply=reply,
        raw=raw,
        deviations=tuple(dict.fromkeys(content.deviations)),
        picture=picture,
    )


def _bare(envelope: Envelope, raw: bytes, body: bytes, reply: bytes | None = None) -> Frame:
    """A packet that cannot be read by itself."""
    rest = body.decode("ascii", "replace") if envelope.text and body.isascii() else body.hex()
    return Frame(
        protocol=NAME, device=envelope.station, function=envelope.function, readings=(),
        fields=head_fields(envelope, raw) | {"rest": rest}, reply=reply, raw=raw,
    )  # fmt: skip


def decoder() -> Decoder:
    session = Session()
    wire = Wire(marks=(HEX_MARK, TEXT_MARK), measure=measure, read=session.read, abandoned=session.abandoned)
    return StreamDecoder(wire)


def retime(raw: bytes, time: int) -> bytes:
    """The newest observation goes to `time`. Later packets of a split message hold no time and stay."""
    only_frame(decoder(), raw)
    envelope, body = opened(raw)
    if envelope.number > 1:
        return raw
    content = content_of(envelope, raw, body)
    start = (TEXT_HEAD if envelope.text else HEX_HEAD) + (6 if envelope.text else 3) * bool(envelope.total)
    newest = max((reading.time for reading in content.readings), default=content.stamps[0][2])
    return sl651_write.moved(raw, start, content.stamps, time - newest, time)


def hold(reply: bytes) -> bytes:
    """ESC in place of EOT: the station stays for ten minutes, where it would sleep."""
    envelope, body = opened(reply)
    return framed(envelope._replace(end="ESC"), body) if envelope.end == "EOT" else reply


def encode(device: str, time: int, values: Mapping[str, float]) -> bytes:
    return sl651_write.report(device, time, values)


PROTOCOL = ProtocolSpec(
    name=NAME,
    title="水文监测数据通信规约 SL 651",
    decoder=decoder,
    port=5651,
    encode=encode,
    retime=retime,
    commands=COMMANDS,
    simulator=Station,
    hold=hold,
    secrets=SECRETS,
)
