"""A recording: JSON lines of {"offset_ms", "protocol", "hex"}, one good frame a line."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from anlan.monitoring.replaying.roster import DATA
from anlan.protocols import Frame, decode, protocols

SHIPPED = DATA / "recording.jsonl"


class RecordingError(ValueError):
    """A line that is no recorded frame; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One frame, `offset` ms after the recording's beginning."""

    offset: int
    protocol: str
    device: str
    raw: bytes

    def at(self, now: int) -> bytes:
        """The frame as its device would send it at `now` (ms)."""
        return protocols()[self.protocol].retime(self.raw, now)

    def line(self) -> str:
        return json.dumps({"offset_ms": self.offset, "protocol": self.protocol, "hex": self.raw.hex()})


def recorded_frame(offset: int, protocol: str, raw: bytes) -> Recorded:
    """Raises `RecordingError` for bytes that are not exactly one good frame."""
    if protocol not in protocols():
        raise RecordingError(f"no protocol {protocol}")
    events = decode(protocol, raw)
    if len(events) != 1 or not isinstance(events[0], Frame):
        raise RecordingError(f"not one frame of {protocol}: {'; '.join(str(e) for e in events)[:200]}")
    return Recorded(offset=offset, protocol=protocol, device=events[0].device, raw=raw)


def recording_read(lines: Iterable[str]) -> list[Recorded]:
    """In order of time. Raises `RecordingError`."""
    found = []
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                row = json.loads(line)
                found.append(recorded_frame(int(row["offset_ms"]), row["protocol"], bytes.fromhex(row["hex"])))
        except (ValueError, KeyError, TypeError) as error:
            raise RecordingError(f"line {number}: {error!r}") from error
    return sorted(found, key=lambda one: one.offset)
