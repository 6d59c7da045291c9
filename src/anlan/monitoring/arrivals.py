"""What reaches the one home of judgement, and what it answers."""

from dataclasses import dataclass, field

from anlan.protocols import Frame, FrameError
from anlan.rules.states import Ledger


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
        """How much room it takes in a batch: its readings, and at least one."""
        return max(1, len(self.event.readings)) if isinstance(self.event, Frame) else 1


@dataclass(frozen=True, kw_only=True)
class StoreResult:
    """Every reading of the batch in exactly one state; `raised`, `escalated` and `cleared` are alarm ids."""

    received: int = 0
    counts: dict[Ledger, int] = field(default_factory=dict)
    raised: tuple[int, ...] = ()
    escalated: tuple[int, ...] = ()
    cleared: tuple[int, ...] = ()
