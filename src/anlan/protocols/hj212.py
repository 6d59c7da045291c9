"""HJ 212-2017 and -2005, pollution sources: gas, water quality, noise.

Series are keys as sent ("w01018-Rtd", "011-Rtd"). Devices obey the standard loosely: every leniency is named
in a frame's deviations. Each packet of a split message is read as it comes, at the data time that an earlier one
told, so that its answer never promises more than is kept; one that overtook that time waits for it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from anlan.protocols import hj212_write
from anlan.protocols.frames import Decoder, Event, FrameError, ProtocolSpec
from anlan.protocols.hj212_commands import REQUESTS
from anlan.protocols.hj212_message import FRAMING, HEAD, NAME, TAIL, Message, opened
from anlan.protocols.hj212_secrets import SECRETS
from anlan.protocols.hj212_simulator import Logger
from anlan.protocols.packets import MOST, Packets, Parts
from anlan.protocols.stream import StreamDecoder, Wire, only_frame
from anlan.vocab import clock


def measure(buffer: bytearray, at: int) -> int | None:
    """The told length, or up to a line end before it: a wrong length must not reach the next frame."""
    told = buffer[at + 2 : at + HEAD]
    if len(told) < 4:
        return None if not told or told.isdigit() else 0
    if not told.isdigit():
        return 0
    end = at + int(told) + FRAMING
    line = buffer.find(TAIL, at + HEAD, end)
    if line >= 0:
        return line + 2 - at
    if end - 1 <= len(buffer) and buffer[end - 2 : end - 1] == b"\n":
        return end - 1 - at
    return end - at


class Session:
    """Reads the frames of one stream; of split messages it remembers the data time and which packets came."""

    def __init__(self) -> None:
        self._packets = Packets()
        self._times: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._held: list[Message] = []

    def read(self, raw: bytes) -> Event | list[Event]:
        try:
            message = opened(raw)
            event = message.frame(None) if message.split is None else self._packet(message)
        except clock.ClockError as error:
            return FrameError("time", str(error), raw)
        except FrameError as error:
            return error.with_traceback(None)
        following = [_late(one) for one in self._released(message)] if self._held else []
        lost = [_incomplete(parts) for parts in self._packets.take_lost()]
        return [event, *following, *lost] if following or lost else event

    def left(self) -> list[Event]:
        """Packets whose data time never came are read at the time of their request."""
        held, self._held = self._held, []
        return [_late(message) for message in held]

    def abandoned(self) -> list[Event]:
        return [_incomplete(parts) for parts in self._packets.end()]

    def _packet(self, message: Message) -> Event:
        time = self._times.get(message.key)
        if time is None and message.needs_time and len(self._held) < MOST:
            self._held.append(message)
            return message.waiting()
        frame = message.frame(time)
        frame.fields["complete"] = self._packets.add(message.key, *message.split_or_one, b"").complete
        if message.time is not None:
            self._times[message.key] = message.time
            if len(self._times) > MOST:
                self._times.popitem(last=False)
        return frame

    def _released(self, message: Message) -> list[Message]:
        """Those that waited for the time of this message, with it; and those whose device goes on to another."""
        time = self._times.get(message.key)
        free = [one for one in self._held if one.head["MN"] == message.head["MN"] and (one.key != message.key or time)]
        self._held = [one for one in self._held if one not in free]
        for one in free:
            self._packets.add(one.key, *one.split_or_one, b"")
        return [replace(one, carried=time) if one.key == message.key else one for one in free]


def _incomplete(parts: Parts) -> FrameError:
    return FrameError("incomplete", str(parts))


def _late(message: Message) -> Event:
    try:
        return message.frame(None)
    except clock.ClockError as error:
        return FrameError("time", str(error), message.raw)


def decoder() -> Decoder:
    session = Session()
    wire = Wire(
        marks=(b"##",),
        measure=measure,
        read=session.read,
        left=session.left,
        abandoned=session.abandoned,
        blank=b"\r\n",
    )
    return StreamDecoder(wire)


def retime(raw: bytes, time: int) -> bytes:
    frame = only_frame(decoder(), raw)
    return hj212_write.moved(raw, time, max((reading.time for reading in frame.readings), default=None))


def encode(device: str, time: int, values: Mapping[str, float]) -> bytes:
    return hj212_write.upload(device, time, values)


PROTOCOL = ProtocolSpec(
    name=NAME,
    title="污染物在线监控数据传输 HJ 212",
    decoder=decoder,
    port=5212,
    encode=encode,
    retime=retime,
    commands=REQUESTS,
    simulator=Logger,
    secrets=SECRETS,
)
