"""MESSAGE and NOTIFY of registered platforms: heartbeats, catalogues, alarms, places, answers."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.utils import timezone

from anlan.monitoring.gateway.sip_batches import Batches
from anlan.monitoring.gateway.sip_catalogs import Catalogs
from anlan.monitoring.gateway.sip_exchange import NoAnswer
from anlan.monitoring.gateway.sip_lines import Line, Speaker
from anlan.monitoring.gateway.sip_wire import Peer
from anlan.monitoring.gateway.sip_work import Work
from anlan.monitoring.video.catalog import catalog_notice, position_store
from anlan.monitoring.video.gb28181_alarms import AlarmAnswer, Told, alarms_store
from anlan.monitoring.video.registrations import Beat, platform_heard, platform_known
from anlan.protocols.manscdp import Manscdp, ManscdpError, parse
from anlan.protocols.sip import SipMessage
from anlan.protocols.sip_values import address_of

Taker = Callable[[Line, Manscdp], Awaitable[int]]


class Desk:
    """`start` runs something that the answer does not wait for."""

    def __init__(
        self, work: Work, lines: dict[str, Line], speaker: Speaker, catalogs: Catalogs, start: Callable[[Any], None]
    ) -> None:
        self._work, self._lines, self._speaker = work, lines, speaker
        self._catalogs, self._start = catalogs, start
        self.alarms: Batches[Told, AlarmAnswer] = Batches(self._store_alarms)
        self._takers: dict[tuple[str, str], Taker] = {
            ("Notify", "Keepalive"): self._keepalive,
            ("Notify", "Alarm"): self._alarm,
            ("Notify", "MobilePosition"): self._position,
            ("Notify", "Catalog"): self._notice,
            ("Response", "Catalog"): self._catalog,
        }

    async def take(self, request: SipMessage, peer: Peer) -> int:
        """The status of the answer; every message is counted under what became of it."""
        line = await self._line(request, peer)
        if line is None:
            self._work.count("refused")
            return 403
        try:
            message = parse(request.body)
        except ManscdpError:
            self._work.count("format")
            return 400
        taker = self._takers.get((message.root, message.command), self._answer)
        return await taker(line, message)

    async def _line(self, request: SipMessage, peer: Peer) -> Line | None:
        """The platform that says so and is registered from this address; found again after a restart of ours."""
        code = address_of(request.get("from")).user
        line = self._lines.get(code)
        if line is None:
            known = await self._work.do(platform_known, code=code, host=peer.host)
            if known is None or not known.admitted:
                return None
            home = Peer(host=known.host, port=known.port, transport=known.transport)
            line = Line(known=known, peer=home)
        if line.peer.host != peer.host or not line.is_held(timezone.now()):
            return None
        return self._lines.setdefault(code, line)

    async def _keepalive(self, line: Line, message: Manscdp) -> int:
        """A platform that was taken for gone tells anew which of its cameras are there."""
        beat = await self._work.do(platform_heard, code=line.known.code, now=timezone.now())
        if beat is Beat.GONE:
            self._lines.pop(line.known.code, None)
            return self._end("refused", 403)
        if beat is Beat.BACK:
            self._start(self._catalogs.query(line))
        return self._end("ok", 200)

    async def _catalog(self, line: Line, message: Manscdp) -> int:
        return self._end("ok" if await self._catalogs.page(line, message) else "unasked", 200)

    async def _notice(self, line: Line, message: Manscdp) -> int:
        await self._work.do(catalog_notice, platform_id=line.known.id, items=message.items, now=timezone.now())
        return self._end("ok", 200)

    async def _position(self, line: Line, message: Manscdp) -> int:
        told = message.items or ({**message.fields, "DeviceID": message.device},)
        kept = 0
        for one in told:
            code = one.get("DeviceID", message.device)
            kept += await self._work.do(position_store, platform_id=line.known.id, code=code, fields=one)
        return self._end("ok" if kept else "device", 200)

    async def _alarm(self, line: Line, message: Manscdp) -> int:
        """Durable before it is answered; then the business answer, by which the platform stops repeating it."""
        result = await self.alarms.put(Told(platform_id=line.known.id, message=message))
        self._start(self._confirm(line, message, "OK" if result.stored else "ERROR"))
        return self._end("ok" if result.stored else "device", 200)

    async def _store_alarms(self, told: list[Told]) -> list[AlarmAnswer]:
        return await self._work.do(alarms_store, told=told, now=timezone.now())

    async def _confirm(self, line: Line, message: Manscdp, result: str) -> None:
        try:
            await self._speaker.message(line, "Response", "Alarm", message.number, {"Result": result})
        except NoAnswer:
            self._work.count("unanswered")

    async def _answer(self, line: Line, message: Manscdp) -> int:
        """To a question of ours; other words of other commands are heard and counted."""
        waiting = line.answers.get(message.number)
        if message.root == "Response" and waiting is not None and not waiting.done():
            waiting.set_result(message)
            return self._end("ok", 200)
        return self._end("unasked", 200)

    def _end(self, kind: str, status: int) -> int:
        self._work.count(kind)
        return status
