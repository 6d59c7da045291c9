"""The one vocabulary of all device protocols: readings, frames, errors, and what a protocol offers."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from anlan.protocols.commands import Command
    from anlan.protocols.secrets import Secrets


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One value of one series.

    `time` is epoch milliseconds UTC. `value` is NaN where the device says "missing" or sends what is not a
    number. `unit` is a canonical symbol of `vocab.units` ("1" = dimensionless, "" = unknown).
    """

    series: str
    time: int
    value: float
    unit: str

    @property
    def missing(self) -> bool:
        return math.isnan(self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture that a device took. `media` is "image/jpeg", or "" where the bytes do not tell; `time` as a reading's."""

    time: int
    media: str
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One message of one device.

    `fields` holds everything else the message said and can be written as JSON. `reply` is the acknowledgement
    to send after the readings are durable; None where the protocol wants none. `deviations` names each
    leniency that was needed to read the frame, such as "lower_case_crc", "missing_qn" or "long_data_time".
    """

    protocol: str
    device: str
    function: str
    readings: tuple[Reading, ...]
    fields: dict[str, object]
    reply: bytes | None
    raw: bytes
    deviations: tuple[str, ...] = ()
    picture: Picture | None = None


class FrameError(ValueError):
    """Bytes that are no frame.

    `kind` is a name from a small fixed set, among them: checksum, length, tail, format, too_long, text, time,
    incomplete (packets of a split message that never came), truncated (the stream ended inside a frame), garbage (bytes outside any frame; `detail` begins with their
    count, `raw` holds the first 64 of them).
    """

    def __init__(self, kind: str, detail: str = "", raw: bytes = b"") -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.raw = raw

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrameError):
            return NotImplemented
        return (self.kind, self.detail, self.raw) == (other.kind, other.detail, other.raw)

    def __hash__(self) -> int:
        return hash((self.kind, self.detail, self.raw))

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


Event: TypeAlias = Frame | FrameError


class Decoder(Protocol):
    """Bytes in, events out, for one stream.

    Nothing is ever raised, memory is bounded, and a stream cut anywhere gives the same events.
    """

    def feed(self, data: bytes) -> list[Event]: ...

    def close(self) -> list[Event]:
        """What the unfinished rest means; the decoder is empty afterwards."""
        ...


def abandoned(decoder: Decoder) -> list[Event]:
    """Errors for what was promised over a stream that has ended for good, such as packets that never came."""
    tell = getattr(decoder, "abandoned", None)
    return tell() if tell else []


class Simulator(Protocol):
    """The device's side of a protocol: what it answers to the bytes that it is sent at `now` (ms)."""

    def feed(self, data: bytes, now: int) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class ProtocolSpec:
    """What a module of this package declares as its `PROTOCOL`.

    `encode(device, time_ms, values)` gives the bytes with which a real device would send these values (more
    than one frame where the protocol cannot hold them in one). `retime(raw, time_ms)` gives a recorded frame
    with its newest time moved to `time_ms`, the others along with it, none later, check sums redone.
    Both raise ValueError for what the protocol cannot say. `port` is the default TCP port; None = no TCP.
    `commands` is what a person may ask of a device; `simulator(device, values)` is a device that obeys them.
    `hold(reply)` is the same acknowledgement, but for a device to stay on the line for a command. `secrets` tells how its
    frames prove who sends them; None: they do not.
    """

    name: str
    title: str
    decoder: Callable[[], Decoder]
    port: int | None = field(default=None)
    encode: Callable[[str, int, Mapping[str, float]], bytes]
    retime: Callable[[bytes, int], bytes]
    commands: "tuple[Command, ...]" = ()
    simulator: Callable[[str, Mapping[str, float]], Simulator] | None = None
    hold: Callable[[bytes], bytes] | None = None
    secrets: "Secrets | None" = None
