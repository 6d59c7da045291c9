"""SIP transactions: what we ask is repeated until it is answered, what is asked twice is answered alike."""

import asyncio
import secrets
import time
from collections import OrderedDict

from anlan.monitoring.gateway.sip_wire import UDP, Peer, Wire
from anlan.protocols.sip import SipError, SipMessage

FIRST_WAIT, PATIENCE, RINGING = 0.5, 8.0, 20.0
"""Seconds until an unanswered request is sent again (doubled each time), is given up, is given up once it rings."""
REMEMBERED = 32.0
MOST = 20_000
Key = tuple[str, str]


class NoAnswer(ConnectionError):
    """A peer did not answer, or its connection is gone."""


def word() -> str:
    """A tag, branch or Call-ID that nobody can guess."""
    return secrets.token_hex(10)


class Asking:
    """Our requests that wait for an answer. Answers of nobody's request are not heard."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: dict[Key, asyncio.Queue[SipMessage]] = {}
        self._acknowledged: OrderedDict[Key, tuple[Peer, bytes]] = OrderedDict()

    async def ask(self, peer: Peer, request: SipMessage) -> SipMessage:
        """The final answer; raises `NoAnswer`."""
        key = _key(request)
        answers = self._waiting[key] = asyncio.Queue()
        try:
            return await self._until_final(peer, request.encode(), answers)
        finally:
            del self._waiting[key]

    async def _until_final(self, peer: Peer, data: bytes, answers: "asyncio.Queue[SipMessage]") -> SipMessage:
        wait, end, rings = FIRST_WAIT, time.monotonic() + PATIENCE, False
        self._send(peer, data)
        while (left := end - time.monotonic()) > 0:
            patience = left if rings or peer.transport != UDP else min(wait, left)
            try:
                answer = await asyncio.wait_for(answers.get(), patience)
            except TimeoutError:
                if not rings and peer.transport == UDP:
                    self._send(peer, data)
                wait *= 2
                continue
            if answer.status >= 200:
                return answer
            rings, end = True, time.monotonic() + RINGING
        raise NoAnswer(f"no answer from {peer.host}:{peer.port}")

    def _send(self, peer: Peer, data: bytes) -> None:
        if not self._wire.send(peer, data):
            raise NoAnswer(f"the connection of {peer.host}:{peer.port} is gone")

    def acknowledge(self, peer: Peer, invite: SipMessage, ack: SipMessage) -> None:
        """Sends an ACK, and again whenever the answer that it belongs to comes again."""
        key, data = _key(invite), ack.encode()
        self._acknowledged[key] = (peer, data)
        while len(self._acknowledged) > MOST:
            self._acknowledged.popitem(last=False)
        self._wire.send(peer, data)

    def answered(self, answer: SipMessage) -> bool:
        """False where nobody waits for it."""
        try:
            key = _key(answer)
        except SipError:
            return False
        if key in self._waiting:
            self._waiting[key].put_nowait(answer)
            return True
        if key in self._acknowledged:
            self._wire.send(*self._acknowledged[key])
            return True
        return False


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
