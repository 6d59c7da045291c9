"""Delivers waiting commands to devices that are online in this process, and writes down what they answer.

The database decides: a command goes out only after "sent" is committed, so that two processes never send it at
once, and after a restart what had been sent is still matched with its answer.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from django.db import Error, close_old_connections, connections

from anlan.monitoring.commanding.flow import CommandState, CommandStep
from anlan.monitoring.commanding.lines import Heard, Identity, Lines, Waiting
from anlan.monitoring.commanding.services import (
    command_answered,
    command_ended,
    command_sent,
    commands_of,
    tries_of,
)
from anlan.monitoring.models import CommandFrame, DeviceCommand
from anlan.monitoring.moments import now_ms
from anlan.protocols.commands import ask

AGAIN = 10_000
"""Milliseconds after which a command that nobody answered is sent once more."""
MOST, MOST_ANSWERS = 500, 10_000
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """The first open command of a device. `sent` are the bytes of its last sending, empty before the first."""

    row: DeviceCommand
    sent: bytes

    @property
    def identity(self) -> Identity:
        return self.row.device.protocol, self.row.device.code

    def is_due(self, now: int) -> bool:
        """Whether it is to be sent now: for the first time, or again because nothing at all was answered."""
        row = self.row
        if row.sent_at is None:
            return True
        command = commands_of(row.device.protocol)[row.key]
        waited = now - row.sent_at.timestamp() * 1000
        return not row.said and row.attempts < tries_of(command) and waited >= AGAIN


class Dispatcher:
    def __init__(self, lines: Lines, pause: float) -> None:
        self._lines, self._pause = lines, pause
        self._answers: deque[Heard] = deque()
        self._heard = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-commands")
        lines.tell = self._take

    async def run(self) -> None:
        """For ever; ends by being cancelled."""
        try:
            while True:
                await self._rest()
                try:
                    await self._note_answers()
                    await self._deliver()
                except Error as error:
                    log.warning("no commands: %s", str(error).strip())
                    await asyncio.sleep(self._pause)
        finally:
            self._thread.submit(connections.close_all)
            self._thread.shutdown(wait=True)

    def _take(self, heard: Heard) -> None:
        if len(self._answers) < MOST_ANSWERS:
            self._answers.append(heard)
            self._heard.set()

    async def _rest(self) -> None:
        """Until there is an answer, or for the pause."""
        if not self._answers:
            self._heard.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause):
                    await self._heard.wait()

    async def _note_answers(self) -> None:
        """In the order in which they came; one that the database does not take stays the first."""
        while self._answers:
            one = self._answers[0]
            await self._in_thread(partial(command_answered, pk=one.pk, raw=one.raw, answer=one.answer, now=now_ms()))
            self._answers.popleft()

    async def _deliver(self) -> None:
        now = now_ms()
        open_rows = await self._in_thread(partial(due_commands, now))
        self._lines.wanted = frozenset(one.identity for one in open_rows)
        self._lines.waiting = {one.identity: found for one in open_rows if (found := self._waiting(one))}
        for one in open_rows:
            if self._lines.of(one.identity) and one.is_due(now):
                await self._send(one, now)

    def _waiting(self, one: Due) -> Waiting | None:
        """What to match answers with; bytes that hold a password are only remembered here."""
        if one.sent:
            return Waiting(pk=one.row.pk, command=commands_of(one.identity[0])[one.row.key], sent=one.sent)
        remembered = self._lines.waiting.get(one.identity)
        return remembered if remembered and remembered.pk == one.row.pk else None

    async def _send(self, one: Due, now: int) -> None:
        line = self._lines.of(one.identity)
        command = commands_of(one.identity[0])[one.row.key]
        if line is None:
            return
        try:
            raw = one.sent or ask(command, line.last, one.row.pk, now, one.row.values)
        except (ValueError, KeyError) as error:
            said = f"命令无法编码:{error}"
            await self._in_thread(partial(command_ended, pk=one.row.pk, step=CommandStep.REFUSE, said=said, now=now))
            return
        if await self._in_thread(partial(command_sent, pk=one.row.pk, raw=raw, now=now, attempts=one.row.attempts)):
            self._lines.waiting[one.identity] = Waiting(pk=one.row.pk, command=command, sent=raw)
            line.send(raw)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        def run() -> T:
            close_old_connections()
            return work()

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)


def due_commands(now: int) -> list[Due]:
    """The first open command of each device; those whose time is over end here."""
    rows = DeviceCommand.objects.filter(state__in=[CommandState.QUEUED, CommandState.SENT]).order_by("id")
    first: dict[int, DeviceCommand] = {}
    for row in rows.select_related("device")[:MOST]:
        if not _over(row, now):
            first.setdefault(row.device_id, row)
    sent = _last_sent(row.pk for row in first.values() if row.sent_at)
    return [Due(row=row, sent=sent.get(row.pk, b"")) for row in first.values()]


def _over(row: DeviceCommand, now: int) -> bool:
    """Ends a command whose deadline has passed, or whose last sending nobody answered in time."""
    command = commands_of(row.device.protocol).get(row.key)
    if command is None:
        command_ended(pk=row.pk, step=CommandStep.REFUSE, said="协议已不支持该命令", now=now)
        return True
    silent = (
        row.sent_at is not None
        and not row.said
        and row.attempts >= tries_of(command)
        and now - row.sent_at.timestamp() * 1000 >= 3 * AGAIN
    )
    if not silent and row.deadline.timestamp() * 1000 > now:
        return False
    said = row.said or ("设备没有应答" if row.sent_at else "有效期内设备没有上线")
    command_ended(pk=row.pk, step=CommandStep.EXPIRE, said=said, now=now)
    return True


def _last_sent(pks: Iterable[int]) -> dict[int, bytes]:
    frames = CommandFrame.objects.filter(command__in=list(pks), down=True).order_by("id")
    return {frame.command_id: bytes(frame.raw) for frame in frames}
