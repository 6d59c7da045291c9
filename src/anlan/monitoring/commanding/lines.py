"""Which connection carries which device, learned from its frames; and which command waits there for its answer."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from anlan.protocols import Frame
from anlan.protocols.commands import Answer, Command

Identity: TypeAlias = tuple[str, str]
MOST = 20_000
"""Devices remembered; those not heard for longest make room."""
EACH = 500
"""Devices on one connection."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A device's way out: `send` writes to its connection, `last` is the newest frame that came over it."""

    owner: object
    send: Callable[[bytes], None]
    last: Frame


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A command under way, with the bytes that were sent."""

    pk: int
    command: Command
    sent: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """An answer to a command."""

    pk: int
    raw: bytes
    answer: Answer


class Lines:
    """All of one process. Used from its event loop only. `wanted` are devices for which a command waits anywhere."""

    def __init__(self, tell: Callable[[Heard], None] = lambda _heard: None) -> None:
        self.tell = tell
        self.waiting: dict[Identity, Waiting] = {}
        self.wanted: frozenset[Identity] = frozenset()
        self._lines: OrderedDict[Identity, Line] = OrderedDict()
        self._carried: dict[object, set[Identity]] = {}

    def heard(self, owner: object, send: Callable[[bytes], None], frame: Frame) -> None:
        """A frame came over a connection: it carries this device now, whoever did before."""
        identity = (frame.protocol, frame.device)
        carried = self._carried.setdefault(owner, set())
        if identity not in carried:
            self._move(identity, owner, carried)
        elif identity in self._lines:
            self._lines.move_to_end(identity)
        kept = frame if frame.picture is None else replace(frame, picture=None)
        self._lines[identity] = Line(owner=owner, send=send, last=kept)
        if waiting := self.waiting.get(identity):
            self._match(identity, waiting, frame)

    def gone(self, owner: object) -> None:
        for identity in self._carried.pop(owner, set()):
            if (line := self._lines.get(identity)) and line.owner is owner:
                del self._lines[identity]

    def of(self, identity: Identity) -> Line | None:
        return self._lines.get(identity)

    def online(self) -> list[Identity]:
        return list(self._lines)

    def _move(self, identity: Identity, owner: object, carried: set[Identity]) -> None:
        if (before := self._lines.get(identity)) and before.owner in self._carried:
            self._carried[before.owner].discard(identity)
        if len(carried) >= EACH:
            self._lines.pop(carried.pop(), None)
        carried.add(identity)
        if len(self._lines) >= MOST:
            oldest, line = self._lines.popitem(last=False)
            self._carried.get(line.owner, set()).discard(oldest)

    def _match(self, identity: Identity, waiting: Waiting, frame: Frame) -> None:
        try:
            answer = waiting.command.answer(waiting.sent, frame)
        except Exception:
            log.exception("the answer to %s of %s cannot be judged", waiting.command.key, identity)
            return
        if answer is None:
            return
        if answer.final:
            del self.waiting[identity]
        self.tell(Heard(pk=waiting.pk, raw=frame.raw, answer=answer))
