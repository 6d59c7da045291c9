"""JT/T 808-2013 and -2019, terminals in vehicles: dangerous goods on the road, rescue vehicles.

A device is its terminal's number without leading zeros. Series: "lon", "lat" (WGS-84), "speed", "direction",
"altitude", "mileage", "fuel" and "alarm:…" bits. Messages split over packets are put together here; packets that
carry readings are acknowledged all at once, with the last of them, since only then the readings can be durable.
"""

from collections.abc import Mapping

from anlan.protocols import jt808_body as bodies
from anlan.protocols import jt808_write as write
from anlan.protocols.frames import Decoder, Event, Frame, FrameError, ProtocolSpec
from anlan.protocols.jt808_commands import COMMANDS
from anlan.protocols.jt808_login import SECRETS
from anlan.protocols.jt808_parts import Header, Parts, Whole, unescaped
from anlan.protocols.jt808_simulator import Terminal
from anlan.protocols.stream import only_frame
from anlan.vocab import clock

NAME = "jt808"
LONGEST = 2 * (21 + write.LONGEST_BODY + 1)
SHORTEST = 13
_SAMPLE, _PIECE = 64, 65536
_NAMES = {
    0x0001: "terminal_ack", 0x0002: "heartbeat", 0x0003: "logout", 0x0100: "register", 0x0102: "authentication",
    0x0200: "location", 0x0704: "batch", 0x0201: "position_answer", 0x0104: "parameters",
}  # fmt: skip
_CARRIERS = frozenset((0x0200, 0x0704))
_ANSWERS = frozenset((0x0001, 0x0104, 0x0201))
_DONE, _UNSUPPORTED = 0, 3


class Terminals:
    """A `Decoder` for one stream. Two flags with nothing between them mean nothing; a broken frame ends at its flag."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skipping = self._opened = False
        self._parts = Parts()
        self._loose = 0
        self._sample = b""
        self._events: list[Event] = []

    def feed(self, data: bytes) -> list[Event]:
        start = 0
        while (found := data.find(write.FLAG, start)) >= 0:
            self._keep(data[start:found])
            self._end()
            start = found + 1
        self._keep(data[start:])
        return self._take()

    def close(self) -> list[Event]:
        if self._rest and self._opened:
            self._report_garbage()
            raw = write.FLAG + bytes(self._rest)
            self._events.append(FrameError("truncated", f"{len(raw)} bytes of a frame", raw))
        elif self._rest:
            self._garbage(bytes(self._rest))
        self._report_garbage()
        self._events += [self._forgotten(number) for number in self._parts.forget()]
        self._rest.clear()
        self._skipping = self._opened = False
        return self._take()

    def _keep(self, part: bytes) -> None:
        if self._skipping or not part:
            return
        self._rest += part[: LONGEST + 1 - len(self._rest)]
        if len(self._rest) > LONGEST:
            self._report_garbage()
            self._events.append(FrameError("too_long", f"more than {LONGEST} bytes", bytes(self._rest[:_SAMPLE])))
            self._rest.clear()
            self._skipping = True

    def _end(self) -> None:
        """A flag: what lies before it is a frame, or nothing that could be one."""
        segment = bytes(self._rest)
        self._rest.clear()
        was_opened, self._opened, self._skipping = self._opened, True, False
        if len(segment) < SHORTEST or not was_opened:
            self._garbage(segment)
            return
        self._report_garbage()
        self._events += self._read(write.FLAG + segment + write.FLAG)

    def _read(self, raw: bytes) -> list[Event]:
        try:
            header = Header.read(unescaped(raw[1:-1]))
            whole, forgotten = self._parts.add(header)
            return [*(self._forgotten(number) for number in forgotten), read(header, whole, raw)]
        except FrameError as error:
            return [FrameError(error.kind, error.detail, raw)]

    def _forgotten(self, number: int) -> FrameError:
        return FrameError("incomplete", f"{number} packets of a message that never became whole")

    def _garbage(self, loose: bytes) -> None:
        self._loose += len(loose)
        self._sample = (self._sample + loose)[:_SAMPLE]
        if self._loose >= _PIECE:
            self._report_garbage()

    def _report_garbage(self) -> None:
        if self._loose:
            self._events.append(FrameError("garbage", f"{self._loose} bytes", self._sample))
            self._loose, self._sample = 0, b""

    def _take(self) -> list[Event]:
        events, self._events = self._events, []
        return events


def read(header: Header, whole: Whole | None, raw: bytes) -> Event:
    """The frame of a packet; `whole` is the message that it completes with its packets' serials, None before that."""
    carries = header.function in _CARRIERS
    said, result = bodies.Said(), _DONE
    if header.encryption:
        said.deviations.append("encrypted")
        result = _UNSUPPORTED
    elif whole is not None and whole[0] is not None:
        said = _body(header, whole[0])
    serials = (header.serial,) if not carries else whole[1] if whole else ()
    return Frame(
        protocol=NAME,
        device=header.device,
        function=f"{header.function:04X}",
        readings=tuple(said.readings),
        fields=header.fields() | {"name": _NAMES.get(header.function, "")} | said.fields,
        reply=_reply(header, serials, result),
        raw=raw,
        deviations=tuple(dict.fromkeys(said.deviations)),
    )


def _body(header: Header, body: bytes) -> bodies.Said:
    try:
        match header.function:
            case 0x0001:
                return bodies.terminal_ack(body)
            case 0x0100:
                return bodies.register(body, header.new)
            case 0x0102:
                return bodies.authentication(body, header.new)
            case 0x0200:
                return bodies.location(body)
            case 0x0704:
                return bodies.batch(body)
            case 0x0201:
                return bodies.position_answer(body)
            case 0x0104:
                return bodies.parameters(body)
    except bodies.BodyError as error:
        raise FrameError("length", str(error)) from error
    return bodies.Said(fields={"body": body.hex()} if body else {})


def _reply(header: Header, serials: tuple[int, ...], result: int) -> bytes | None:
    """What the platform answers; nothing to an answer, and nothing to a platform."""
    if header.function in _ANSWERS or header.function >= 0x8000:
        return None
    if header.function == 0x0100 and result == _DONE:
        return write.register_answer(header.phone, header.serial, header.device)
    if header.function not in _NAMES:
        result = _UNSUPPORTED
    acks = (write.platform_ack(header.phone, serial, header.function, result) for serial in serials)
    return b"".join(acks) or None


def retime(raw: bytes, time: int) -> bytes:
    """As recorded but for its locations' times. A packet of a split message stays as it is."""
    frame = only_frame(Terminals(), raw)
    message = bytearray(unescaped(raw[1:-1])[:-1])
    newest = max((reading.time for reading in frame.readings), default=None)
    for at in _stamps(Header.read(unescaped(raw[1:-1])), message) if newest is not None else ():
        moment = clock.parse(message[at : at + 6].hex(), write.STAMP)
        message[at : at + 6] = bytes.fromhex(clock.write(min(moment + time - (newest or 0), time), write.STAMP))
    return write.wrapped(bytes(message))


def _stamps(header: Header, message: bytearray) -> list[int]:
    """Where the times of readings lie in a message."""
    start = len(message) - len(header.body)
    if header.function in (0x0200, 0x0201):
        return [start + 22 + 2 * (header.function == 0x0201)]
    found, at = [], start + 3
    while header.function == 0x0704 and at + 2 <= len(message):
        size = int.from_bytes(message[at : at + 2], "big")
        if size >= bodies.FIXED and bodies.location(bytes(message[at + 2 : at + 2 + size])).readings:
            found.append(at + 2 + 22)
        at += 2 + size
    return found


def encode(device: str, time: int, values: Mapping[str, float]) -> bytes:
    return write.location(device, time, values)


def decoder() -> Decoder:
    return Terminals()


PROTOCOL = ProtocolSpec(
    name=NAME,
    title="道路运输车辆卫星定位 JT/T 808",
    decoder=decoder,
    port=7611,
    encode=encode,
    retime=retime,
    commands=COMMANDS,
    simulator=Terminal,
    secrets=SECRETS,
)
