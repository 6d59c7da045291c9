"""REGISTER: who comes in, by what proof, for how long, and who leaves."""

import secrets
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from anlan.monitoring.gateway.sip_lines import Line
from anlan.monitoring.gateway.sip_wire import Peer
from anlan.monitoring.gateway.sip_work import Work
from anlan.monitoring.moments import now_ms
from anlan.monitoring.video.configuration import SipSettings
from anlan.monitoring.video.registrations import Known, platform_known, platform_leave, platform_register
from anlan.protocols import sip_digest
from anlan.protocols.manscdp import is_code
from anlan.protocols.sip import SipMessage
from anlan.protocols.sip_digest import Freshness, Nonces
from anlan.protocols.sip_talk import Headers
from anlan.protocols.sip_values import SipError, address_of, split

USUAL, SHORTEST, LONGEST = 3600, 60, 86_400
TRIES, WITHIN = 10, 60.0
"""Wrong proofs from one address within a minute; what is beyond is refused without a look."""
Answer = tuple[int, Headers]


class Door:
    """`lines` holds who is in, by code; `welcome` is called with a line that was not in before."""

    def __init__(
        self, settings: SipSettings, work: Work, lines: dict[str, Line], welcome: Callable[[Line], None]
    ) -> None:
        self._settings, self._work, self._lines, self._welcome = settings, work, lines, welcome
        self._nonces = Nonces(secret=secrets.token_bytes(32))
        self._wrong: Counter[str] = Counter()
        self._since = time.monotonic()

    async def register(self, request: SipMessage, peer: Peer) -> Answer:
        code = address_of(request.get("to")).user
        words = sip_digest.read(request.get("authorization"))
        if not is_code(code):
            return self._refuse("device", 403)
        if self._tried_too_often(peer.host):
            return self._refuse("throttled", 403)
        if not words:
            return self._challenge()
        known = await self._work.do(platform_known, code=code, host=peer.host)
        if known is None or not self._proved(known, code, words):
            self._wrong[peer.host] += 1
            if known is None:
                self._work.stranger(code, request.encode()[:2048])
            return self._refuse("refused", 403)
        fresh = self._nonces.check(words.get("nonce", ""), words.get("nc", ""), now_ms())
        if fresh is not Freshness.FRESH:
            self._work.count("replayed" if fresh is Freshness.REPLAYED else "stale")
            return self._challenge(stale=True)
        return await self._let(request, peer, known)

    def _proved(self, known: Known, code: str, words: dict[str, str]) -> bool:
        """Known, from an admitted address, and with the password's proof in the algorithm that we asked for."""
        algorithm = self._settings.algorithm
        key = known.keys.get(algorithm, "")
        told = words.get("username") == code and words.get("realm") == self._settings.realm
        right = words.get("algorithm", "MD5").upper() == algorithm
        return bool(key) and known.admitted and told and right and sip_digest.proves(key, "REGISTER", words)

    async def _let(self, request: SipMessage, peer: Peer, known: Known) -> Answer:
        seconds, now = _seconds(request), timezone.now()
        if seconds == 0:
            self._lines.pop(known.code, None)
            await self._work.do(platform_leave, code=known.code, now=now)
            return 200, (("expires", "0"),)
        if seconds < SHORTEST:
            return 423, (("min-expires", str(SHORTEST)),)
        seconds = min(seconds, LONGEST)
        where = {"host": peer.host, "port": peer.port, "transport": peer.transport}
        agent = request.get("user-agent")
        words = {**where, "code": known.code, "agent": agent, "seconds": seconds, "now": now}
        held = await self._work.do(platform_register, **words)
        if held is None:
            return self._refuse("refused", 403)
        self._enter(held, peer, fresh=known.until is None or known.until <= now)
        contact = f"{split(request.get('contact'), ';')[0]};expires={seconds}"
        return 200, (("contact", contact), ("expires", str(seconds)), ("date", _clock(now)))

    def _enter(self, known: Known, peer: Peer, *, fresh: bool) -> None:
        line = self._lines.get(known.code)
        if line is not None and line.peer == peer and not fresh:
            line.known = known
            return
        self._lines[known.code] = line = Line(known=known, peer=peer)
        self._welcome(line)

    def _challenge(self, *, stale: bool = False) -> Answer:
        nonce = self._nonces.issue(now_ms())
        words = sip_digest.challenge(self._settings.realm, nonce, self._settings.algorithm, stale=stale)
        return 401, (("www-authenticate", words),)

    def _refuse(self, kind: str, status: int) -> Answer:
        self._work.count(kind)
        return status, ()

    def _tried_too_often(self, host: str) -> bool:
        if time.monotonic() - self._since > WITHIN:
            self._wrong.clear()
            self._since = time.monotonic()
        return self._wrong[host] >= TRIES


def _clock(now: datetime) -> str:
    """The standard's form of local time, by which devices set their clocks."""
    local = timezone.localtime(now)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}"


def _seconds(request: SipMessage) -> int:
    """How long it wants to stay; an hour where it does not say."""
    try:
        told = address_of(request.get("contact")).params.get("expires", "")
    except SipError:
        told = ""
    told = told or request.get("expires").strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else USUAL
