"""Calls: a camera is invited to send its picture to the media server, and told to stop."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.kit.flow import IllegalStep
from anlan.monitoring.gateway.sip_exchange import NoAnswer, word
from anlan.monitoring.gateway.sip_lines import Line, Speaker
from anlan.monitoring.gateway.sip_wire import Peer
from anlan.monitoring.gateway.sip_work import Work
from anlan.monitoring.video.playing import Wanted, play_step, plays_lost, plays_wanted, stream_release
from anlan.monitoring.video_flow import PlayState, PlayStep
from anlan.protocols import sdp
from anlan.protocols.sip import SipMessage
from anlan.protocols.sip_talk import Talk


@dataclass(frozen=True, kw_only=True)
class Call:
    """A picture on its way."""

    wanted: Wanted
    peer: Peer
    talk: Talk


class Calls:
    def __init__(self, work: Work, lines: dict[str, Line], speaker: Speaker, start: Callable[[Any], None]) -> None:
        self._work, self._lines, self._speaker, self._start = work, lines, speaker, start
        self._calls: dict[int, Call] = {}
        self._busy: set[int] = set()

    async def watch_forever(self, pause: float) -> None:
        """Does what the sessions ask for; those of a process before this one are lost."""
        await self._work.do(plays_lost, now=timezone.now())
        while True:
            await asyncio.sleep(pause)
            for wanted in await self._work.do(plays_wanted):
                if wanted.play not in self._busy:
                    self._busy.add(wanted.play)
                    self._start(self._serve(wanted))

    async def _serve(self, wanted: Wanted) -> None:
        try:
            await (self._end(wanted) if wanted.ending else self._invite(wanted))
        finally:
            self._busy.discard(wanted.play)

    async def _invite(self, wanted: Wanted) -> None:
        line = self._lines.get(wanted.platform)
        if line is None:
            return await self._fail(wanted, _("摄像头所属平台没有在线。"))
        if await self._step(wanted, PlayStep.INVITE) is None:
            return None
        talk = self._speaker.talk(line, to=wanted.camera)
        invite = self._invitation(wanted, talk)
        try:
            answer = await self._speaker.asking.ask(line.peer, invite)
        except NoAnswer:
            return await self._fail(wanted, _("摄像头没有应答。"))
        return await self._answered(wanted, line.peer, talk, invite, answer)

    def _invitation(self, wanted: Wanted, talk: Talk) -> SipMessage:
        own = self._speaker.settings.code
        offer = sdp.Play(own=own, camera=wanted.camera, host=wanted.host, port=wanted.port, ssrc=wanted.ssrc)
        headers = (("contact", talk.ends.contact), ("subject", offer.subject), ("content-type", sdp.CONTENT_TYPE))
        return talk.request("INVITE", 1, word(), headers=headers, body=offer.offer())

    async def _answered(self, wanted: Wanted, peer: Peer, talk: Talk, invite: SipMessage, answer: SipMessage) -> None:
        talk = talk.answered(answer)
        branch = word() if answer.status < 300 else invite.get("via").rpartition("branch=z9hG4bK")[2]
        self._speaker.asking.acknowledge(peer, invite, talk.request("ACK", 1, branch))
        if answer.status >= 300:
            return await self._fail(wanted, _("摄像头拒绝播放(%s)。") % answer.status)
        self._calls[wanted.play] = Call(wanted=wanted, peer=peer, talk=talk)
        state = await self._step(wanted, PlayStep.ACCEPT)
        if state is None:
            await self._hang_up(wanted)
        return None

    async def _end(self, wanted: Wanted) -> None:
        await self._hang_up(wanted)
        await self._step(wanted, PlayStep.CLOSE)

    async def _hang_up(self, wanted: Wanted) -> None:
        """BYE, and the receiver is closed whatever the camera says."""
        call = self._calls.pop(wanted.play, None)
        if call is not None:
            with contextlib.suppress(NoAnswer):
                await self._speaker.asking.ask(call.peer, call.talk.request("BYE", 2, word()))
        await asyncio.to_thread(stream_release, stream=wanted.stream)

    async def _fail(self, wanted: Wanted, trouble: str) -> None:
        await self._step(wanted, PlayStep.FAIL, trouble)
        await asyncio.to_thread(stream_release, stream=wanted.stream)

    async def _step(self, wanted: Wanted, step: PlayStep, trouble: str = "") -> PlayState | None:
        """The state after it; None where the session has gone another way meanwhile."""
        try:
            row = await self._work.do(play_step, play_id=wanted.play, step=step, trouble=trouble)
        except IllegalStep:
            return None
        return PlayState(row.state)

    async def bye(self, request: SipMessage) -> int:
        """The camera hangs up."""
        for number, call in list(self._calls.items()):
            if call.talk.call_id == request.get("call-id"):
                del self._calls[number]
                self._start(self._fail(call.wanted, _("摄像头停止了发送。")))
                return 200
        return 481
