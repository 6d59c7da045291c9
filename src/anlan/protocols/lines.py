"""A stream of text lines, as a `Decoder`: for protocols whose messages end with a line feed."""

from collections.abc import Callable

from anlan.protocols.frames import Event, FrameError

LONGEST = 1 << 20
_SAMPLE = 64


class LineDecoder:
    """Gives each line that is not blank to `read`, and the rest at the end of the stream.

    A line of more than a MiB is one "too_long" error; it is skipped and never kept.
    """

    def __init__(self, read: Callable[[bytes], list[Event]]) -> None:
        self._read = read
        self._rest = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        *whole, rest = data.split(b"\n")
        for line in whole:
            events += self._keep(line)
            events += self._end()
        return events + self._keep(rest)

    def close(self) -> list[Event]:
        return self._end()

    def _keep(self, part: bytes) -> list[Event]:
        if self._skipping:
            return []
        self._rest += part[: LONGEST + 1]
        if len(self._rest) <= LONGEST:
            return []
        self._skipping = True
        start = bytes(self._rest[:_SAMPLE])
        self._rest.clear()
        return [FrameError("too_long", f"a line of more than {LONGEST} bytes", start)]

    def _end(self) -> list[Event]:
        line = bytes(self._rest)
        self._rest.clear()
        self._skipping = False
        return self._read(line) if line.strip() else []
