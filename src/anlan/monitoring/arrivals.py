"""What reaches the one home of judgement, and what it answers."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from anlan.protocols import Event, Frame, FrameError
from anlan.protocols.json_readings import parse_messages
from anlan.rules.states import Ledger

PLENTY = 256
"""So many bytes of a frame take up the room of a reading."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """One frame, good or bad, by the way it came: `source` is a protocol's name, "mqtt" or "http".

    `times` counts like failures that happened more than once. `sender` is the device that had last spoken over
    the connection on which a failure happened, where there is one.
    """

    source: str
    event: Frame | FrameError
    times: int = 1
    sender: str = ""

    @property
    def weight(self) -> int:
        """How much room it takes in a batch: its readings, at least one, and more where it has many bytes."""
        event, size = self.event, len(self.event.raw) // PLENTY
        return max(1, len(event.readings), size) if isinstance(event, Frame) else max(1, size)


@dataclass(frozen=True, kw_only=True, slots=True)
class Messages:
    """JSON messages as they lie in the bytes of a connection, n rows of `bounds`: (start, end) of the payload and of
    the code of the device in whose name it comes.
    """

    source: str
    data: NDArray[np.uint8]
    bounds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.bounds)

    @property
    def weight(self) -> int:
        """About as many readings as the bytes that are held for them can tell, topics and all."""
        return max(
            len(self), int(self.bounds[:, 1].max(initial=0) - self.bounds[:, 2].min(initial=len(self.data))) // 24
        )

    def read(self, k: int, now: int) -> list[Event]:
        """One of them the long way; at least one event."""
        start, end, code, code_end = self.bounds[k].tolist()
        payload = self.data[start:end].tobytes()
        try:
            device = self.data[code:code_end].tobytes().decode()
        except UnicodeDecodeError:
            return [FrameError("topic", "not UTF-8", payload)]
        return parse_messages(payload, device, now) or [FrameError("schema", "nothing", payload)]

    def one(self, k: int) -> "Messages":
        """One of them with its own bytes only."""
        start, end, code, code_end = self.bounds[k].tolist()
        data = np.concatenate([self.data[start:end], self.data[code:code_end]])
        bounds = np.array([[0, end - start, end - start, len(data)]], np.int64)
        return Messages(source=self.source, data=data, bounds=bounds)

    def halves(self) -> tuple["Messages", "Messages"]:
        half = len(self) // 2
        parts = (self.bounds[:half], self.bounds[half:])
        return tuple(Messages(source=self.source, data=self.data, bounds=part) for part in parts)  # type: ignore[return-value]


@dataclass(frozen=True, kw_only=True)
class StoreResult:
    """Every reading of the batch in exactly one state; `raised`, `escalated` and `cleared` are alarm ids."""

    received: int = 0
    counts: dict[Ledger, int] = field(default_factory=dict)
    raised: tuple[int, ...] = ()
    escalated: tuple[int, ...] = ()
    cleared: tuple[int, ...] = ()
