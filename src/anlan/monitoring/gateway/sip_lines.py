"""Platforms that are registered now, as the SIP server holds them, and how it speaks to one."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from anlan.monitoring.gateway.sip_exchange import Asking, word
from anlan.monitoring.gateway.sip_wire import Peer
from anlan.monitoring.video.configuration import SipSettings
from anlan.monitoring.video.registrations import Known
from anlan.protocols.manscdp import CONTENT_TYPE, Manscdp, Root, build
from anlan.protocols.sip import SipMessage
from anlan.protocols.sip_talk import Ends, Headers, Talk

ANSWER_TIME = 10.0


@dataclass
class Subscription:
    """One kind of news that a platform sends us. `renew_at` and `ends_at` are seconds of the loop's clock."""

    talk: Talk
    number: int = 0
    renew_at: float = 0.0
    ends_at: float = 0.0


@dataclass
class CatalogRun:
    """A catalogue under way: `codes` of all its items so far."""

    number: str
    total: int = 0
    codes: set[str] = field(default_factory=set)
    done: bool = False


@dataclass
class Line:
    """One registered platform. `answers` waits for its answers by serial number."""

    known: Known
    peer: Peer
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    catalog: CatalogRun | None = None
    answers: dict[str, "asyncio.Future[Manscdp]"] = field(default_factory=dict)
    guarded: bool = False
    serial: int = 0

    def next(self) -> int:
        self.serial += 1
        return self.serial

    def is_held(self, now: datetime) -> bool:
        return self.known.until is not None and self.known.until > now


class Speaker:
    """Says things to lines."""

    def __init__(self, settings: SipSettings, asking: Asking) -> None:
        self.settings, self.asking = settings, asking
        self.port = 0

    def talk(self, line: Line, to: str = "") -> Talk:
        """A new dialog with the platform, or with one of its cameras."""
        ends = Ends(
            own=self.settings.code,
            own_host=self.settings.host,
            own_port=self.port,
            peer=to or line.known.code,
            peer_host=line.peer.host,
            peer_port=line.peer.port,
            transport=line.peer.transport,
        )
        return Talk(ends=ends, call_id=f"{word()}@{self.settings.host}", tag=word())

    async def message(
        self, line: Line, root: Root, command: str, number: int | str, more: Mapping[str, object] | None = None
    ) -> SipMessage:
        """One MESSAGE; raises `NoAnswer`."""
        body = build(root, command, number, line.known.code, more)
        request = self.talk(line).request("MESSAGE", 1, word(), headers=(("content-type", CONTENT_TYPE),), body=body)
        return await self.asking.ask(line.peer, request)

    async def inquire(self, line: Line, root: Root, command: str, more: Mapping[str, object] | None = None) -> Manscdp:
        """A MESSAGE and the answer to its content; raises `NoAnswer` or `TimeoutError`."""
        number = str(line.next())
        future = line.answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self.message(line, root, command, number, more)
            return await asyncio.wait_for(future, ANSWER_TIME)
        finally:
            line.answers.pop(number, None)

    async def subscribe(self, line: Line, news: str, event: str, body: bytes, seconds: int) -> bool:
        """Subscribes to a kind of news, or renews within the same dialog; False where the platform refuses."""
        held = line.subscriptions.get(news)
        if held is None:
            held = Subscription(talk=self.talk(line))
        held.number += 1
        headers: Headers = (
            ("contact", held.talk.ends.contact),
            ("event", event),
            ("expires", str(seconds)),
            ("content-type", CONTENT_TYPE),
        )
        answer = await self.asking.ask(
            line.peer, held.talk.request("SUBSCRIBE", held.number, word(), headers=headers, body=body)
        )
        if answer.status != 200:
            line.subscriptions.pop(news, None)
            return False
        granted = answer.get("expires")
        last = min(int(granted), seconds) if granted.isascii() and granted.isdigit() and int(granted) else seconds
        now = asyncio.get_running_loop().time()
        line.subscriptions[news] = replace(
            held, talk=held.talk.answered(answer), renew_at=now + 0.8 * last, ends_at=now + last
        )
        return True
