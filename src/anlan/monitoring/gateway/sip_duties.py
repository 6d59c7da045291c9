"""What the SIP server does of itself: welcome, subscriptions and their renewal, commands that people gave."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone

from anlan.monitoring.gateway.sip_catalogs import Catalogs
from anlan.monitoring.gateway.sip_exchange import NoAnswer
from anlan.monitoring.gateway.sip_lines import Line, Speaker
from anlan.monitoring.gateway.sip_work import Work
from anlan.monitoring.models import PlatformCommand
from anlan.monitoring.video.orders import Command, command_answered, commands_take
from anlan.protocols.manscdp import build

SUBSCRIBED = 3600
EVERY = "2000-01-01T00:00:00"
NEWS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "Alarm": (
        "presence",
        {
            "StartAlarmPriority": 0,
            "EndAlarmPriority": 0,
            "AlarmMethod": 0,
            "StartAlarmTime": EVERY,
            "EndAlarmTime": "2099-12-31T23:59:59",
        },
    ),
    "Catalog": ("Catalog", {}),
    "MobilePosition": ("presence", {"Interval": 5}),
}
"""What we subscribe to: command → event package and further elements."""
GUARDS = {"guard": "SetGuard", "unguard": "ResetGuard"}
QUERIES = {"info": "DeviceInfo", "status": "DeviceStatus"}


class Duties:
    def __init__(
        self,
        work: Work,
        lines: dict[str, Line],
        speaker: Speaker,
        catalogs: Catalogs,
        start: Callable[[Any], None],
    ) -> None:
        self._work, self._lines, self._speaker = work, lines, speaker
        self._catalogs, self._start = catalogs, start

    async def welcome(self, line: Line) -> None:
        """A platform that has just come in: its name, its cameras, its news."""
        try:
            await self._catalogs.query(line)
            if line.known.guard_first and not line.guarded:
                await self._guard(line, "SetGuard")
                line.guarded = True
        except (NoAnswer, TimeoutError):
            self._work.count("unanswered")
        await self.subscribe(line)

    async def subscribe(self, line: Line) -> None:
        """Whatever is not held, or due for renewal; a platform that refuses one kind of news may grant another."""
        now = asyncio.get_running_loop().time()
        for command, (event, more) in NEWS.items():
            held = line.subscriptions.get(command)
            if held is not None and held.renew_at > now:
                continue
            if held is not None and held.ends_at <= now:
                del line.subscriptions[command]
            body = build("Query", command, line.next(), line.known.code, more)
            try:
                granted = await self._speaker.subscribe(line, command, event, body, SUBSCRIBED)
                self._work.count("ok" if granted else "unsubscribed")
            except NoAnswer:
                self._work.count("unanswered")

    async def renew_forever(self, pause: float) -> None:
        """Renews what is due; a line that is new to us after a restart subscribes when it is first heard."""
        while True:
            await asyncio.sleep(pause)
            now = asyncio.get_running_loop().time()
            for line in list(self._lines.values()):
                if any(one.renew_at <= now for one in line.subscriptions.values()):
                    self._start(self.subscribe(line))

    async def obey_forever(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            for command in await self._work.do(commands_take, now=timezone.now()):
                self._start(self._obey(command))

    async def _obey(self, command: Command) -> None:
        line = self._lines.get(command.code)
        answer: dict[str, str] | None = None
        if line is not None:
            try:
                answer = await self._carry_out(line, command)
            except (NoAnswer, TimeoutError):
                self._work.count("unanswered")
        await self._work.do(command_answered, command=command, answer=answer, now=timezone.now())

    async def _carry_out(self, line: Line, command: Command) -> dict[str, str] | None:
        if command.kind == PlatformCommand.Kind.CATALOG:
            return {} if await self._catalogs.query(line) else None
        if command.kind in GUARDS:
            return await self._guard(line, GUARDS[command.kind])
        found = await self._speaker.inquire(line, "Query", QUERIES[command.kind])
        return dict(found.fields)

    async def _guard(self, line: Line, word: str) -> dict[str, str]:
        found = await self._speaker.inquire(line, "Control", "DeviceControl", {"GuardCmd": word})
        return dict(found.fields)
