"""Calls: a camera is invited to send its picture to the media server, and told to stop, come what may."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import Error
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.monitoring.gateway.sip_exchange import NoAnswer, word
from anlan.monitoring.gateway.sip_lines import Line, Speaker
from anlan.monitoring.gateway.sip_plays import Plays
from anlan.monitoring.gateway.sip_wire import Peer
from anlan.monitoring.gateway.sip_work import log
from anlan.monitoring.video.refusals import refusal
from anlan.monitoring.video.streams import Wanted
from anlan.monitoring.video_flow import PlayStep
from anlan.protocols import sdp
from anlan.protocols.sip import SipMessage
from anlan.protocols.sip_call import NEXT, CallState, Heard, Say, heard_of
from anlan.protocols.sip_talk import Ends, Talk
from anlan.protocols.sip_values import SipError, address_of

MOST = 20_000
"""Calls remembered, those that are over among them; of what is forgotten a late answer is ended all the same."""


@dataclass
class Call:
    """`wanted` and `invite` are None for a call that nobody here knows and that is only ended."""

    code: str
    peer: Peer
    talk: Talk
    wanted: Wanted | None = None
    invite: SipMessage | None = None
    state: CallState = CallState.CALLING
    number: int = field(default=1)


class Calls:
    """`start` runs something beside; `lines` are the platforms that are in, by code."""

    def __init__(self, plays: Plays, lines: dict[str, Line], speaker: Speaker, start: Callable[[Any], None]) -> None:
        self._plays, self._lines, self._speaker, self._start = plays, lines, speaker, start
        self._calls: OrderedDict[str, Call] = OrderedDict()
        self._busy: dict[int, Call | None] = {}
        self._lost: list[dict[str, Any]] = []

    async def watch_forever(self, pause: float) -> None:
        """Does what the streams ask for; those of a process before this one are ended as soon as their platform is back."""
        self._lost += [one for one in await self._plays.lost(timezone.now()) if "call_id" in one]
        while True:
            await asyncio.sleep(pause)
            for dialog in [one for one in self._lost if one.get("code") in self._lines]:
                self._lost.remove(dialog)
                self._end_lost(dialog)
            for wanted in await self._plays.wanted():
                if wanted.stream not in self._busy:
                    self._busy[wanted.stream] = None
                    self._start(self._serve(wanted))
                elif wanted.ending:
                    self._take_back(self._busy[wanted.stream])

    async def _serve(self, wanted: Wanted) -> None:
        try:
            await (self._end(wanted) if wanted.ending else self._invite(wanted))
        except Error as error:
            log.warning("the picture of %s is given up: %s", wanted.camera, str(error).strip())
            if (call := self._busy[wanted.stream]) is not None:
                self._hear(call, Heard.LEFT)
        finally:
            self._busy.pop(wanted.stream, None)

    async def _invite(self, wanted: Wanted) -> None:
        line = self._lines.get(wanted.platform)
        if line is None:
            return await self._plays.fail(wanted, _("摄像头所属平台没有在线。"))
        if await self._plays.step(wanted, PlayStep.INVITE) is None:
            return None
        call = self._busy[wanted.stream] = self._call(wanted, line)
        invite = self._invitation(call, wanted)
        try:
            answer = await self._speaker.asking.ask(call.peer, invite, lambda: self._hear(call, Heard.RINGS))
        except NoAnswer:
            self._hear(call, Heard.LEFT)
            return await self._plays.fail(wanted, _("摄像头没有应答。"))
        self._hear(call, heard_of(answer.status), answer)
        if call.state is not CallState.TALKING:
            return await self._plays.fail(wanted, refusal(answer.status))
        return await self._begin(call, wanted, answer)

    def _call(self, wanted: Wanted, line: Line) -> Call:
        talk = self._speaker.talk(line, to=wanted.camera)
        call = Call(code=wanted.platform, peer=line.peer, talk=talk, wanted=wanted)
        self._calls[talk.call_id] = call
        while len(self._calls) > MOST:
            self._calls.popitem(last=False)
        return call

    def _invitation(self, call: Call, wanted: Wanted) -> SipMessage:
        own, setup = self._speaker.settings.code, "" if wanted.rtp == "udp" else wanted.rtp.removeprefix("tcp-")
        offer = sdp.Play(
            own=own, camera=wanted.camera, host=wanted.host, port=wanted.port, ssrc=wanted.ssrc, setup=setup
        )
        talk = call.talk
        headers = (("contact", talk.ends.contact), ("subject", offer.subject), ("content-type", sdp.CONTENT_TYPE))
        call.invite = talk.request("INVITE", 1, word(), headers=headers, body=offer.offer())
        return call.invite

    async def _begin(self, call: Call, wanted: Wanted, answer: SipMessage) -> None:
        """The picture is on its way; where nobody wants it any more, or the media server cannot take it, it is stopped."""
        trouble = await self._plays.settle(wanted, sdp.answered(answer.body))
        if trouble:
            self._hear(call, Heard.LEFT)
            return await self._plays.fail(wanted, trouble)
        ends = call.talk.ends
        dialog = {"code": call.code, "peer": ends.peer, "call_id": call.talk.call_id, "tag": call.talk.tag}
        if await self._plays.step(wanted, PlayStep.ACCEPT, dialog={**dialog, "to": call.talk.to}) is None:
            self._hear(call, Heard.LEFT)
            await self._plays.release(wanted)
        return None

    def _take_back(self, call: Call | None) -> None:
        """Nobody waits for the picture any more: who still waits for the camera's answer is let go."""
        if call is not None and call.invite is not None:
            self._speaker.asking.give_up(call.invite)

    async def _end(self, wanted: Wanted) -> None:
        """The receiver is closed whatever the camera says to its BYE."""
        for call in [one for one in self._calls.values() if one.wanted and one.wanted.stream == wanted.stream]:
            self._hear(call, Heard.LEFT)
        await self._plays.release(wanted)
        await self._plays.step(wanted, PlayStep.CLOSE)

    def _end_lost(self, dialog: dict[str, Any]) -> None:
        line = self._lines[dialog["code"]]
        ends = self._speaker.talk(line, to=dialog["peer"]).ends
        talk = Talk(ends=ends, call_id=dialog["call_id"], tag=dialog["tag"], to=dialog["to"])
        self._hear(Call(code=dialog["code"], peer=line.peer, talk=talk, state=CallState.TALKING), Heard.LEFT)

    def _hear(self, call: Call, heard: Heard, answer: SipMessage | None = None) -> None:
        """One turn of the call's table."""
        if answer is not None:
            call.talk, call.number = call.talk.answered(answer), answer.cseq[0]
        call.state, says = NEXT[call.state, heard]
        for one in says:
            self._start(self._say(call, one, answer))

    async def _say(self, call: Call, say: Say, answer: SipMessage | None) -> None:
        line, asking = self._lines.get(call.code), self._speaker.asking
        peer = line.peer if line is not None else call.peer
        with contextlib.suppress(NoAnswer):
            if say is Say.ACK and answer is not None:
                asking.send(peer, call.talk.ack(answer, call.invite, word()).encode())
            elif say is Say.CANCEL and call.invite is not None:
                await asking.ask(peer, call.talk.cancel(call.invite))
            elif say is Say.BYE:
                await asking.ask(peer, call.talk.request("BYE", call.number + 1, word()))
        if say is Say.BYE:
            self._hear(call, Heard.CLOSED)

    def late(self, answer: SipMessage, peer: Peer) -> bool:
        """An answer to an invitation that nobody waits for: it came late, or again. False where it is none of ours."""
        if answer.cseq[1] != "INVITE":
            return False
        try:
            call = self._calls.get(answer.get("call-id")) or self._stranger(answer, peer)
        except SipError:
            return False
        if call is None:
            return False
        self._hear(call, heard_of(answer.status), answer if answer.status >= 200 else None)
        return True

    def _stranger(self, answer: SipMessage, peer: Peer) -> Call | None:
        """A camera sends for a call of which we know nothing: it is known by its platform's address."""
        own, to = address_of(answer.get("from")), address_of(answer.get("to"))
        line = next((one for one in self._lines.values() if one.peer.host == peer.host), None)
        if line is None or own.user != self._speaker.settings.code or not 200 <= answer.status < 300:
            return None
        ends: Ends = self._speaker.talk(line, to=to.user).ends
        talk = Talk.of_answer(answer, ends)
        call = Call(code=line.known.code, peer=peer, talk=talk, state=CallState.ABANDONED)
        self._calls[talk.call_id] = call
        return call

    async def bye(self, request: SipMessage) -> int:
        """The camera hangs up."""
        call = self._calls.get(request.get("call-id"))
        if call is None:
            return 481
        live = call.state is CallState.TALKING
        self._hear(call, Heard.BYE)
        if live and call.wanted is not None:
            self._start(self._plays.fail(call.wanted, _("摄像头停止了发送。")))
        return 200

    def invited(self, request: SipMessage) -> int:
        """A camera that invites us: within a call it may not change what it sends (RFC 3261, 14.2), else nobody called it."""
        known = request.get("call-id") in self._calls
        return 488 if known else 481 if "tag" in address_of(request.get("to")).params else 405

    async def close(self, patience: float) -> None:
        """Cameras are told to stop; one that is not reached is told when we are back."""
        before = asyncio.all_tasks()
        for call in self._calls.values():
            self._hear(call, Heard.LEFT)
        if goodbyes := asyncio.all_tasks() - before:
            await asyncio.wait(goodbyes, timeout=patience)
