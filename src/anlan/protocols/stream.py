"""How frames are found in a stream of bytes: the one buffer that all marked, length-counted protocols share.

A protocol only says how its frames look (`Wire`). What no frame explains is reported as "garbage" with its
count, in pieces of at most 64 KiB. After a frame that fails, the search goes on inside it, so that a wrong
length cannot swallow the good frames behind it; its own bytes are not reported twice. Of frames that overlap
and all fail, the ninth is passed over whole: hostile bytes are looked at a bounded number of times.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from anlan.protocols.frames import Decoder, Event, Frame, FrameError

_SAMPLE = 64
_PIECE = 65536
_OVERLAPS = 8


Refusal: TypeAlias = tuple[FrameError, int]
Measure: TypeAlias = Callable[[bytearray, int], int | Refusal | None]


@dataclass(frozen=True, kw_only=True)
class Wire:
    """How the frames of a protocol lie in a stream.

    One of `marks` begins every frame. `measure(buffer, at)` looks at a mark and gives the whole frame's length in
    bytes, None while it needs more bytes to tell, 0 where no frame begins, or an error with the number of
    bytes that it explains; more bytes must not change an answer other than None, and the lengths bound the
    memory. `read` turns one whole frame into an event; where it gives several, the first judges the frame and the
    others follow it. `left` gives at the end of the stream what still waited for other frames, `abandoned` the
    errors for what then never came. `blank` are bytes
    between frames that mean nothing.
    """

    marks: tuple[bytes, ...]
    measure: Measure
    read: Callable[[bytes], Event | list[Event]]
    left: Callable[[], list[Event]] = list
    abandoned: Callable[[], list[Event]] = list
    blank: bytes = b""


class StreamDecoder:
    """A `Decoder` for one `Wire`. Its memory is bounded by the longest frame and one piece of a feed."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._search = re.compile(b"|".join(map(re.escape, wire.marks))).search
        self._longest = max(map(len, wire.marks))
        self._buffer = bytearray()
        self._at = 0
        self._blamed = 0
        self._overlaps = 0
        self._garbage = 0
        self._sample = bytearray()
        self._events: list[Event] = []

    def feed(self, data: bytes) -> list[Event]:
        for start in range(0, len(data), _PIECE):
            self._buffer += data[start : start + _PIECE]
            while self._step():
                pass
            self._drop()
        return self._take()

    def close(self) -> list[Event]:
        while self._buffer:
            self._cut_short()
            while self._step():
                pass
            self._drop()
        self._report_garbage()
        self._events += self._wire.left()
        self._blamed = 0
        return self._take()

    def abandoned(self) -> list[Event]:
        """After the last `close`: what frames of this stream had promised and will not come any more."""
        return self._wire.abandoned()

    def _step(self) -> bool:
        """Look at the next mark; whether there may be more to find."""
        mark = self._search(self._buffer, self._at)
        if mark is None:
            self._skip(max(self._at, len(self._buffer) - self._longest + 1))
            return False
        found = mark.start()
        if found > self._at:
            self._skip(found)
        size = self._wire.measure(self._buffer, found)
        if size is None:
            return False
        if isinstance(size, tuple):
            self._blame(size[0], found + size[1])
            self._at += 1
        elif size == 0:
            self._skip(found + 1)
        elif found + size <= len(self._buffer):
            self._finish(found, size)
        else:
            return False
        return True

    def _finish(self, found: int, size: int) -> None:
        event = self._wire.read(bytes(self._buffer[found : found + size]))
        event, *others = event if isinstance(event, list) else [event]
        if isinstance(event, Frame):
            self._report_garbage()
            self._events += [event, *others]
            self._at = found + size
        else:
            self._overlaps = self._overlaps + 1 if found < self._blamed else 0
            self._blame(event, found + size)
            self._events += others
            self._at = found + 1 if self._overlaps < _OVERLAPS else self._blamed

    def _blame(self, error: FrameError, end: int) -> None:
        """Report bytes up to `end` as a failed frame, unless they lie inside one reported before."""
        if end > self._blamed:
            self._report_garbage()
            self._events.append(error)
            self._blamed = end

    def _cut_short(self) -> None:
        """The stream has ended: whatever still waits for bytes is no frame."""
        marks = self._wire.marks
        if self._buffer.startswith(marks) and len(self._buffer) > self._blamed:
            self._report_garbage()
            whole = bytes(self._buffer)
            self._events.append(FrameError("truncated", f"{len(whole)} bytes of a frame", whole))
            self._blamed = len(whole)
        self._at = 0
        self._skip(1 if self._buffer.startswith(marks) else len(self._buffer))

    def _skip(self, to: int) -> None:
        """Pass over bytes, counting as garbage those that no failed frame has explained."""
        start = max(self._at, self._blamed)
        if to > start:
            loose = self._buffer[start:to].translate(None, self._wire.blank)
            room = _PIECE - self._garbage
            self._count(loose[:room])
            if len(loose) >= room:
                self._report_garbage()
                self._count(loose[room:])
        self._at = max(self._at, to)

    def _count(self, loose: bytearray) -> None:
        """At most one piece at a time, since a feed is looked at in pieces."""
        self._garbage += len(loose)
        self._sample += loose[: max(0, _SAMPLE - len(self._sample))]

    def _report_garbage(self) -> None:
        if self._garbage:
            self._events.append(FrameError("garbage", f"{self._garbage} bytes", bytes(self._sample)))
            self._garbage = 0
            self._sample.clear()

    def _drop(self) -> None:
        del self._buffer[: self._at]
        self._blamed = max(0, self._blamed - self._at)
        self._at = 0

    def _take(self) -> list[Event]:
        events, self._events = self._events, []
        return events


def only_frame(decoder: Decoder, raw: bytes) -> Frame:
    """The one frame that `raw` is. ValueError (a FrameError where it is a broken frame) for anything else."""
    events = [*decoder.feed(raw), *decoder.close()]
    if len(events) != 1:
        raise ValueError(f"one frame is needed, not {len(events)}")
    if isinstance(events[0], FrameError):
        raise events[0]
    return events[0]
