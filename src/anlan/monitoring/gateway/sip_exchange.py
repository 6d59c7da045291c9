"""SIP transactions: what we ask is repeated until it is answered, what is asked twice is answered alike."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from anlan.monitoring.gateway.sip_wire import UDP, Peer, Wire
from anlan.protocols.sip import SipMessage
from anlan.protocols.sip_values import SipError

REMEMBERED = 32.0
MOST = 20_000
Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds until an unanswered request is sent again (doubled each time), is given up, is given up once it rings."""

    first: float = 0.5
    last: float = 8.0
    ringing: float = 20.0


class NoAnswer(ConnectionError):
    """A peer did not answer, or its connection is gone."""


def word() -> str:
    """A tag, branch or Call-ID that nobody can guess."""
    return secrets.token_hex(10)


class Asking:
    """Our requests that wait for an answer. Answers of nobody's request are not heard."""

    def __init__(self, wire: Wire, patience: Patience) -> None:
        self._wire, self._patience = wire, patience
        self._waiting: dict[Key, asyncio.Queue[SipMessage | None]] = {}

    async def ask(self, peer: Peer, request: SipMessage, rings: Callable[[], None] = lambda: None) -> SipMessage:
        """The final answer; raises `NoAnswer`. `rings` is called with each answer before it."""
        key = _key(request)
        answers = self._waiting[key] = asyncio.Queue()
        try:
            return await self._until_final(peer, request.encode(), answers, rings)
        finally:
            del self._waiting[key]

    def give_up(self, request: SipMessage) -> None:
        """Whoever waits for its answer waits no longer."""
        waiting = self._waiting.get(_key(request))
        if waiting is not None:
            waiting.put_nowait(None)

    async def _until_final(
        self, peer: Peer, data: bytes, answers: "asyncio.Queue[SipMessage | None]", rings: Callable[[], None]
    ) -> SipMessage:
        wait, end, ringing = self._patience.first, time.monotonic() + self._patience.last, False
        self.send(peer, data)
        while (left := end - time.monotonic()) > 0:
            patience = left if ringing or peer.transport != UDP else min(wait, left)
            try:
                answer = await asyncio.wait_for(answers.get(), patience)
            except TimeoutError:
                if not ringing and peer.transport == UDP:
                    self.send(peer, data)
                wait *= 2
                continue
            if answer is None:
                break
            if answer.status >= 200:
                return answer
            ringing, end = True, time.monotonic() + self._patience.ringing
            rings()
        raise NoAnswer(f"no answer from {peer.host}:{peer.port}")

    def send(self, peer: Peer, data: bytes) -> None:
        """Once; raises `NoAnswer` where the peer's connection is gone."""
        if not self._wire.send(peer, data):
            raise NoAnswer(f"the connection of {peer.host}:{peer.port} is gone")

    def answered(self, answer: SipMessage) -> bool:
        """False where nobody waits for it."""
        try:
            waiting = self._waiting.get(_key(answer))
        except SipError:
            return False
        if waiting is not None:
            waiting.put_nowait(answer)
        return waiting is not None


def _key(message: SipMessage) -> Key:
    branch, _sender, method = message.transaction
    return branch, method


class Answered:
    """What was answered lately: a request that comes again gets the same answer, one still in hand gets none."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[object, ...], tuple[float, bytes]] = OrderedDict()

    def begin(self, request: SipMessage, peer: Peer) -> bytes | None:
        """None for a new request; else the answer that it had, empty while it is in hand."""
        self._forget()
        key = (peer.host, *request.transaction)
        if key in self._answers:
            return self._answers[key][1]
        self._answers[key] = (time.monotonic(), b"")
        return None

    def end(self, request: SipMessage, peer: Peer, answer: bytes) -> None:
        self._answers[(peer.host, *request.transaction)] = (time.monotonic(), answer)

    def drop(self, request: SipMessage, peer: Peer) -> None:
        """It failed on our side: sent again, it is tried again."""
        self._answers.pop((peer.host, *request.transaction), None)

    def _forget(self) -> None:
        now = time.monotonic()
        while self._answers:
            at, _answer = next(iter(self._answers.values()))
            if len(self._answers) <= MOST and now - at <= REMEMBERED:
                return
            self._answers.popitem(last=False)
