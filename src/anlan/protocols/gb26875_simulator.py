"""A transmission unit of GB 26875.3 that obeys its centre, for tests and rehearsals."""

from collections.abc import Mapping

from anlan.protocols.checksums import sum8
from anlan.protocols.frames import FrameError
from anlan.protocols.gb26875_commands import CONFIRM, CONTROL, DENY, ON_WATCH, REPLY, REQUEST
from anlan.protocols.gb26875_frame import MARK, measure
from anlan.protocols.gb26875_units import write_time
from anlan.protocols.gb26875_write import framed, reports
from anlan.protocols.stream import StreamDecoder, Wire

_UNIT = 27


class TransmissionUnit:
    """`values` are the states behind it; its clock is `offset` ms off until it is set.

    Somebody is on watch and answers at once where `watched`.
    """

    def __init__(self, device: str, values: Mapping[str, float], *, offset: int = 0, watched: bool = True) -> None:
        self.device, self.values, self.offset, self.watched = device, dict(values), offset, watched
        self._now = 0
        self._answers: list[bytes] = []
        self._decoder = StreamDecoder(Wire(marks=(MARK,), measure=measure, read=self._read))

    def feed(self, data: bytes, now: int) -> bytes:
        self._now = now
        self._decoder.feed(data)
        answers, self._answers = self._answers, []
        return b"".join(answers)

    def _read(self, raw: bytes) -> FrameError:
        """Answers what is addressed to it; everything else is only taken."""
        whole = raw[-2:] == b"##" and sum8(raw[2:-3]) == raw[-3]
        mine = raw[18:24] == int(self.device).to_bytes(6, "little")
        if whole and mine and raw[26] in (CONTROL, REQUEST) and len(raw) > _UNIT + 5:
            self._obey(raw)
        return FrameError("taken", "", raw)

    def _obey(self, raw: bytes) -> None:
        kind, rest = raw[_UNIT], raw[_UNIT + 2 : -3]
        stamp = write_time(self._now + self.offset)
        if kind == 90:
            self.offset = 0
        if raw[26] == CONTROL:
            self._say(raw, CONFIRM, b"")
            if kind == ON_WATCH and self.watched:
                self._say(raw, 2, b"\x18\x01\x20\x01" + stamp, serial=b"\xff\xff")
            return
        said = self._unit(kind, rest, stamp)
        self._say(raw, REPLY if said else DENY, said)

    def _unit(self, kind: int, rest: bytes, stamp: bytes) -> bytes:
        """The unit that is asked for; nothing where this one does not know it."""
        system = rest[:2]
        units = {
            61: b"\x01\x01" + system + b"\x01\x00" + stamp,
            62: b"\x02\x01" + system + b"\x28" + rest[2:6] + b"\x01\x00" + bytes(31) + stamp,
            64: b"\x04\x01" + system + b"\x20\x01" + stamp,
            67: b"\x07\x01" + system + b"\x28" + rest[2:6] + "模拟感烟探测器".encode("gb18030").ljust(31, b"\0"),
            84: b"\x18\x01\x20\x01" + stamp,
            63: b"\x03\x01" + system + b"\x28" + rest[2:6] + b"\x03\xc8\x00" + stamp,
            65: b"\x05\x01" + system + b"\x01\x02",
            66: b"\x06\x01" + system + b"\x04" + "模拟".encode("gb18030"),
            68: b"\x08\x01" + system + stamp,
            81: b"\x15\x01\x01" + stamp,
            85: b"\x19\x01\x01\x02",
            86: b"\x1a\x01\x04" + "模拟".encode("gb18030"),
            88: b"\x1c\x01" + stamp,
        }
        return units.get(kind, b"")

    def _say(self, asked: bytes, command: int, unit: bytes, *, serial: bytes | None = None) -> None:
        head = (asked[2:4] if serial is None else serial) + asked[4:6] + write_time(self._now + self.offset)
        self._answers.append(framed(head + asked[18:24] + asked[12:18], command, unit))

    def report(self, now: int) -> bytes:
        """What it sends by itself."""
        return reports(self.device, now + self.offset, self.values)
