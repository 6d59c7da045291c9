"""The SIP server of GB/T 28181: devices register, tell of their cameras, alarms and places, and are asked for pictures.

Runs inside the ingest process where `ANLAN_PORT_SIP` is set; see `video.configuration`.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from django.db import Error
from django.utils import timezone

from anlan.monitoring.gateway.limits import Limits
from anlan.monitoring.gateway.sip_calls import Calls
from anlan.monitoring.gateway.sip_catalogs import Catalogs
from anlan.monitoring.gateway.sip_desk import Desk
from anlan.monitoring.gateway.sip_door import Door
from anlan.monitoring.gateway.sip_duties import Duties
from anlan.monitoring.gateway.sip_exchange import Answered, Asking, Patience, word
from anlan.monitoring.gateway.sip_lines import Line, Speaker
from anlan.monitoring.gateway.sip_plays import Plays
from anlan.monitoring.gateway.sip_wire import Peer, Wire
from anlan.monitoring.gateway.sip_work import Work
from anlan.monitoring.video.configuration import SipSettings
from anlan.monitoring.video.playing import plays_sweep
from anlan.monitoring.video.standing import platforms_sweep
from anlan.protocols.sip import SipMessage
from anlan.protocols.sip_talk import Headers, answer
from anlan.protocols.sip_values import SipError

MOST_AT_ONCE = 2_000
"""Requests in hand; what is beyond is counted as crowded, and its sender will send it again."""
QUICK, SLOW, PARTING = 0.3, 2.0, 1.0
ALLOWED = "REGISTER, MESSAGE, NOTIFY, OPTIONS, BYE, ACK, CANCEL"
log = logging.getLogger(__name__)


class SipServer:
    """Everything of it."""

    def __init__(self, settings: SipSettings, limits: Limits, patience: Patience | None = None) -> None:
        self._work = Work()
        self._lines: dict[str, Line] = {}
        self._wire = Wire(self._hear, self._work.count, limits)
        self._asking, self._answered = Asking(self._wire, patience or Patience()), Answered()
        self._speaker = Speaker(settings, self._asking)
        self._catalogs = Catalogs(self._work, self._speaker)
        self._duties = Duties(self._work, self._lines, self._speaker, self._catalogs, self._start)
        self._door = Door(settings, self._work, self._lines, self._welcome)
        self._desk = Desk(self._work, self._lines, self._speaker, self._catalogs, self._start)
        self._calls = Calls(Plays(self._work), self._lines, self._speaker, self._start)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._sweep = limits.sweep
        self._in_hand = 0

    async def open(self, host: str, port: int) -> None:
        self._speaker.port = port
        await self._wire.listen(host, port)
        self._start(self._catalogs.run())
        self._start(self._desk.alarms.run())
        self._start(self._again(self._duties.renew_forever, SLOW))
        self._start(self._again(self._duties.obey_forever, QUICK))
        self._start(self._again(self._calls.watch_forever, QUICK))
        self._start(self._again(self._sweep_forever, self._sweep))

    async def _again(self, run: Any, pause: float) -> None:
        """A database that is away for a while ends no duty."""
        while True:
            try:
                await run(pause)
            except Error as error:
                log.warning("SIP waits for the database: %s", str(error).strip())
                await asyncio.sleep(pause)

    async def _sweep_forever(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            self._trust()
            await self._work.flush()
            await self._work.do(platforms_sweep, now=timezone.now())
            await self._work.do(plays_sweep, now=timezone.now())

    def _welcome(self, line: Line) -> None:
        self._trust()
        self._start(self._duties.welcome(line))

    def _trust(self) -> None:
        self._wire.trust({line.peer.host for line in self._lines.values()})

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._work.count("failed")
            log.error("SIP: %s", error, exc_info=error)

    def _hear(self, message: SipMessage, peer: Peer) -> None:
        if message.status:
            if not self._asking.answered(message) and not self._calls.late(message, peer):
                self._work.count("unasked")
        elif message.method and message.method != "ACK":
            self._hear_request(message, peer)

    def _hear_request(self, request: SipMessage, peer: Peer) -> None:
        """What comes again is answered as before, or not at all while it is in hand."""
        if self._in_hand >= MOST_AT_ONCE:
            return self._work.count("crowded")
        try:
            known = self._answered.begin(request, peer)
        except SipError:
            return self._work.count("format")
        if known:
            self._wire.send(peer, known)
        elif known is None:
            self._in_hand += 1
            self._start(self._serve(request, peer))
        return None

    async def _serve(self, request: SipMessage, peer: Peer) -> None:
        try:
            status, headers = await self._decide(request, peer)
            reply = answer(request, status, tag=word(), headers=headers, peer=(peer.host, peer.port)).encode()
        except (SipError, ValueError):
            self._answered.drop(request, peer)
            return self._work.count("format")
        except Error as error:
            log.warning("SIP: %s of %s is not kept: %s", request.method, peer.host, str(error).strip())
            self._answered.drop(request, peer)
            self._work.count("away")
            reply = answer(request, 503, tag=word(), peer=(peer.host, peer.port)).encode()
            self._wire.send(peer, reply)
            return None
        finally:
            self._in_hand -= 1
        self._answered.end(request, peer, reply)
        self._wire.send(peer, reply)
        return None

    async def _decide(self, request: SipMessage, peer: Peer) -> tuple[int, Headers]:
        if request.method == "REGISTER":
            status, headers = await self._door.register(request, peer)
            if status in {200, 401}:
                self._work.count("ok")
            return status, headers
        if request.method in {"MESSAGE", "NOTIFY"}:
            return await self._desk.take(request, peer), ()
        if request.method == "BYE":
            return await self._calls.bye(request), ()
        if request.method == "CANCEL":
            return 481, ()
        if request.method == "INVITE" and (status := self._calls.invited(request)) != 405:
            return status, ()
        if request.method == "OPTIONS":
            return 200, (("allow", ALLOWED),)
        self._work.count("method")
        return 405, (("allow", ALLOWED),)

    async def close(self) -> None:
        """Takes nothing more; cameras are told to stop, and what was counted is written."""
        await self._calls.close(PARTING)
        await self._wire.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._work.flush()
        self._work.close()
