"""Whether a frame comes from the device that it names: by address, by certificate, by the protocol's own secret."""

import asyncio
import hmac
from dataclasses import dataclass, replace

from django.db import Error

from anlan.monitoring.gateway.tcp_door import Peer
from anlan.monitoring.gateway.tcp_keys import Keys
from anlan.monitoring.life.accesses import Access, Identity
from anlan.monitoring.life.proofs import secret_fits
from anlan.monitoring.models.access import DeviceAccess
from anlan.protocols import Frame, ProtocolSpec
from anlan.protocols.secrets import Login

Way = DeviceAccess.Way
GUESSES = frozenset(("password", "code"))
GUESS_PAUSE = 1.0
"""Seconds that whoever showed a wrong secret waits, so that four digits are not tried out."""
TOLD = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The frame as it goes on; where it is refused, by what name, and what the device is answered."""

    frame: Frame
    way: str = ""
    refusal: str = ""
    reply: bytes | None = None


class Guard:
    """Of one connection. `certificates`: its protocol has a TLS port, and who has a certificate must come by it."""

    def __init__(self, spec: ProtocolSpec, keys: Keys, peer: Peer, *, certificates: bool) -> None:
        self._secrets, self._keys, self._peer, self._certificates = spec.secrets, keys, peer, certificates
        self._proven: dict[Identity, str] = {}
        self._told: set[Identity] = set()

    async def judge(self, frame: Frame) -> Verdict:
        """Before it is refused for good, the credentials are looked at again: they may be a second old."""
        identity = (frame.protocol, frame.device)
        access = self._keys.of(identity)
        verdict = await self._judged(identity, access, frame)
        if verdict.refusal:
            await self._keys.fresh()
            if (now := self._keys.of(identity)) != access:
                verdict = await self._judged(identity, now, frame)
        if not verdict.refusal:
            self._keys.used(identity, verdict.way, self._peer.address)
            return verdict
        self._keys.refused(identity, verdict.refusal, self._peer.address)
        if verdict.refusal in GUESSES:
            await asyncio.sleep(GUESS_PAUSE)
        return verdict

    async def _judged(self, identity: Identity, access: Access | None, frame: Frame) -> Verdict:
        if access is not None and not access.admits(self._peer.address):
            return Verdict(frame=frame, refusal="address")
        if not self._certified(identity, access):
            return Verdict(frame=frame, refusal="certificate")
        if self._secrets is None:
            return self._passed(frame, Way.NONE)
        if self._secrets.login is None:
            return self._with_password(identity, access, frame)
        if access is None:
            return self._stranger(self._secrets.login, frame)
        return await self._with_code(self._secrets.login, identity, access, frame)

    def _certified(self, identity: Identity, access: Access | None) -> bool:
        """On the TLS port by the bound fingerprint, else by the common name; on the plain one nobody who has one bound."""
        bound = access.certificate if access is not None else ""
        if not self._peer.secure:
            return not (bound and self._certificates)
        if bound:
            return hmac.compare_digest(bound, self._peer.fingerprint)
        return self._peer.name in (identity[1], "/".join(identity))

    def _passed(self, frame: Frame, way: str, *deviations: str) -> Verdict:
        if deviations:
            frame = replace(frame, deviations=(*frame.deviations, *deviations))
        return Verdict(frame=frame, way=way or (Way.CERTIFICATE if self._peer.secure else Way.NONE))

    def _with_password(self, identity: Identity, access: Access | None, frame: Frame) -> Verdict:
        """Where none has been agreed that is told once a connection."""
        assert self._secrets is not None
        if access is None or not access.secret:
            if self._peer.secure or identity in self._told or len(self._told) >= TOLD:
                return self._passed(frame, Way.NONE)
            self._told.add(identity)
            return self._passed(frame, Way.NONE, "no_password")
        shown = self._secrets.shown(frame)
        if shown is not None and secret_fits(access.device_id, access.secret, shown):
            return self._passed(frame, Way.PASSWORD)
        if access.strict:
            return Verdict(frame=frame, refusal="password")
        return self._passed(frame, Way.NONE, "wrong_password")

    def _stranger(self, login: Login, frame: Frame) -> Verdict:
        """Nobody has registered it: what it sends is counted as an unknown device's, and it gets no code."""
        reply = frame.reply
        if frame.function == login.registers:
            reply = login.unregistered(frame, known=False)
        elif frame.function == login.proves:
            reply = login.denied(frame)
        return self._passed(replace(frame, reply=reply), Way.NONE)

    async def _with_code(self, login: Login, identity: Identity, access: Access, frame: Frame) -> Verdict:
        if frame.function == login.registers:
            return await self._registered(login, identity, access, frame)
        if frame.function == login.proves:
            return await self._authenticated(login, identity, access, frame)
        if self._known(identity, access):
            return self._passed(frame, Way.CODE)
        if self._peer.secure:
            return self._passed(frame, Way.CERTIFICATE)
        if access.strict:
            return Verdict(frame=frame, refusal="unauthenticated", reply=login.denied(frame))
        return self._passed(frame, Way.NONE, "unauthenticated")

    def _known(self, identity: Identity, access: Access) -> bool:
        """Whether it has shown on this connection the code that is its code now."""
        return bool(access.secret) and self._proven.get(identity) == access.secret

    async def _registered(self, login: Login, identity: Identity, access: Access, frame: Frame) -> Verdict:
        """The first registration has a code, and each until the code has been shown; after that an administrator
        must have taken it back, or the device must be known otherwise.
        """
        again = not access.strict or self._peer.secure or self._known(identity, access)
        try:
            code = await self._keys.issue(identity, access, again=again)
        except Error:
            return Verdict(frame=frame, refusal="away")
        if not code:
            return Verdict(frame=frame, refusal="registered", reply=login.unregistered(frame, known=True))
        return self._passed(replace(frame, reply=login.issued(frame, code)), Way.NONE)

    async def _authenticated(self, login: Login, identity: Identity, access: Access, frame: Frame) -> Verdict:
        assert self._secrets is not None
        shown = self._secrets.shown(frame)
        if shown is not None and secret_fits(access.device_id, access.secret, shown):
            self._proven[identity] = access.secret
            if not access.proven:
                await self._keys.proven(identity, access)
            return self._passed(frame, Way.CODE)
        if access.strict and not self._peer.secure:
            return Verdict(frame=frame, refusal="code", reply=login.denied(frame))
        return self._passed(frame, Way.NONE, "wrong_code")
