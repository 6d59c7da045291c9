"""Plays a recording: each frame at its moment, moved to now, on its device's line."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from anlan.monitoring.moments import now_ms
from anlan.monitoring.replaying.links import Link, Tally
from anlan.monitoring.replaying.publisher import Publisher
from anlan.monitoring.replaying.recording import Recorded

PROGRESS = 5.0
SETTLE = 20.0
LEAVE = 2.0
GAP = 1000
"""Milliseconds between the end of a recording and its beginning over again."""
SLIP = 1.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`ports` by protocol; protocols without one go over MQTT where `mqtt_url` is given and are left out elsewhere.

    `speed` 2 halves the pauses; `count` frames at most, 0: all of them.
    """

    host: str
    ports: dict[str, int]
    mqtt_url: str = ""
    speed: float = 1.0
    loop: bool = False
    count: int = 0
    say: Callable[[str], None] = field(default=lambda _text: None)
    warn: Callable[[str], None] = field(default=lambda _text: None)


class Player:
    """One replay; `tally` may be read at any time."""

    def __init__(self, frames: Sequence[Recorded], plan: Plan) -> None:
        self._plan, self.tally = plan, Tally()
        self._frames = [frame for frame in frames if self._goes(frame)]
        self.tally.skipped = len(frames) - len(self._frames)
        self._links: dict[tuple[str, str], Link] = {}
        self._publisher: Publisher | None = None
        self._said = 0.0

    async def play(self, stop: asyncio.Event) -> None:
        """Until everything is sent and answered, or `stop` is set; what is then under way has a moment to arrive."""
        sending = asyncio.create_task(self._send_all())
        progress = asyncio.create_task(self._tell())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finished = sending.done()
        for task in (sending, progress, stopping):
            task.cancel()
        results = await asyncio.gather(sending, progress, stopping, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE if finished else LEAVE):
                await asyncio.gather(*(line.settle() for line in self._lines()))
        await asyncio.gather(*(line.close() for line in self._lines()))
        if isinstance(results[0], Exception):
            raise results[0]

    def _goes(self, frame: Recorded) -> bool:
        return frame.protocol in self._plan.ports or (frame.protocol == "json" and bool(self._plan.mqtt_url))

    def _lines(self) -> list[Link | Publisher]:
        return [*self._links.values(), *([self._publisher] if self._publisher else [])]

    async def _send_all(self) -> None:
        """A replay that was held up goes on from there: it does not hurry after what it has missed."""
        begun = time.monotonic()
        for offset, frame in self._timeline():
            due = begun + offset / 1000 / self._plan.speed
            ahead = due - time.monotonic()
            await asyncio.sleep(max(0.0, ahead))
            await self._line(frame).send(frame, frame.at(now_ms()))
            begun += max(0.0, time.monotonic() - due - SLIP)

    def _timeline(self) -> Iterator[tuple[int, Recorded]]:
        """Frames with their offset from the very beginning."""
        limit, before, number = self._plan.count, 0, 0
        while self._frames:
            for frame in self._frames:
                yield before + frame.offset, frame
                number += 1
                if limit and number >= limit:
                    return
            if not self._plan.loop:
                return
            before += self._frames[-1].offset + GAP

    def _line(self, frame: Recorded) -> Link | Publisher:
        if frame.protocol not in self._plan.ports:
            if self._publisher is None:
                self._publisher = Publisher(self._plan.mqtt_url, self.tally, self._trouble)
            return self._publisher
        key = (frame.protocol, frame.device)
        if key not in self._links:
            where = (self._plan.host, self._plan.ports[frame.protocol])
            self._links[key] = Link(where, self.tally, self._trouble)
        return self._links[key]

    def _trouble(self, text: str) -> None:
        """Once for all lines that have the same trouble; again only after a quiet minute."""
        now = time.monotonic()
        if now - self._said > 60 or not self._said:
            self._plan.warn(f"{text}; waiting")
        self._said = now

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS)
            self._plan.say(str(self.tally))
