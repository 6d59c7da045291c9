"""Who a SIP device is: digest authentication (RFC 2617, 7616), with MD5 and, as GB/T 28181-2022 allows, SM3.

Of a password only HA1 is kept: hash of `user:realm:password`. It stands for the password within this realm.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from anlan.protocols.sip_values import params_of, split

ALGORITHMS = {"MD5": "md5", "SM3": "sm3", "SHA-256": "sha256"}
VALID = 60_000
"""Milliseconds for which a nonce may be used."""
MOST = 20_000


def available(algorithm: str) -> bool:
    """SM3 comes from OpenSSL and is left out of some builds."""
    return ALGORITHMS.get(algorithm, "") in hashlib.algorithms_available


def digest(algorithm: str, text: str) -> str:
    return hashlib.new(ALGORITHMS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def ha1_of(algorithm: str, user: str, realm: str, password: str) -> str:
    return digest(algorithm, f"{user}:{realm}:{password}")


def read(value: str) -> dict[str, str]:
    """Words of an Authorization or WWW-Authenticate header; empty where it is not of digest."""
    scheme, _blank, rest = value.strip().partition(" ")
    return params_of(split(rest, ",")) if scheme.lower() == "digest" else {}


def challenge(realm: str, nonce: str, algorithm: str, *, stale: bool = False) -> str:
    words = f'Digest realm="{realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"'
    return f"{words}, stale=true" if stale else words


def response(ha1: str, method: str, words: Mapping[str, str]) -> str:
    """What a device that knows the password answers; `qop` may be absent. KeyError for an unknown algorithm."""
    algorithm = words.get("algorithm", "MD5").upper()
    ha2 = digest(algorithm, f"{method}:{words.get('uri', '')}")
    middle = [words.get("nonce", "")]
    if qop := words.get("qop", ""):
        middle += [words.get("nc", ""), words.get("cnonce", ""), qop]
    return digest(algorithm, ":".join([ha1, *middle, ha2]))


def proves(ha1: str, method: str, words: Mapping[str, str]) -> bool:
    """True where the answer was made with this HA1. Bodies are not covered: `auth-int` is not offered."""
    if words.get("algorithm", "MD5").upper() not in ALGORITHMS or words.get("qop", "auth") != "auth":
        return False
    return hmac.compare_digest(response(ha1, method, words), words.get("response", "").lower())


def authorization(user: str, password: str, method: str, uri: str, asked: Mapping[str, str], cnonce: str) -> str:
    """The header by which a device answers a challenge."""
    algorithm = asked.get("algorithm", "MD5").upper()
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    words = {"uri": uri, "nonce": nonce, "algorithm": algorithm}
    if "qop" in asked:
        words |= {"qop": "auth", "nc": "00000001", "cnonce": cnonce}
    words["response"] = response(ha1_of(algorithm, user, realm, password), method, words)
    words |= {"username": user, "realm": realm}
    bare = {"algorithm", "qop", "nc"}
    return "Digest " + ", ".join(f"{k}={v}" if k in bare else f'{k}="{v}"' for k, v in words.items())


class Freshness(StrEnum):
    FRESH = "fresh"
    STALE = "stale"
    REPLAYED = "replayed"


@dataclass
class Nonces:
    """Nonces that prove by themselves when they were made; each is good once, or once for each count with `qop`."""

    secret: bytes
    _used: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def issue(self, now: int) -> str:
        """`now` in milliseconds."""
        return f"{now:012x}{self._seal(f'{now:012x}')}"

    def check(self, nonce: str, count: str, now: int) -> Freshness:
        """Uses it up where it is fresh; STALE also for what was never given out."""
        stamp = nonce[:12]
        if not hmac.compare_digest(self._seal(stamp).encode(), nonce[12:].encode()):
            return Freshness.STALE
        if not 0 <= now - int(stamp, 16) <= VALID:
            return Freshness.STALE
        number = int(count, 16) if _hexadecimal(count) else 0
        if number <= self._used.get(nonce, -1):
            return Freshness.REPLAYED
        self._used[nonce] = number if number else 2**32
        self._forget(now)
        return Freshness.FRESH

    def _forget(self, now: int) -> None:
        while self._used:
            oldest = next(iter(self._used))
            if len(self._used) <= MOST and now - int(oldest[:12], 16) <= VALID:
                return
            del self._used[oldest]

    def _seal(self, stamp: str) -> str:
        return hmac.new(self.secret, stamp.encode(), "sha256").hexdigest()[:24]


def _hexadecimal(text: str) -> bool:
    return 0 < len(text) <= 8 and all(letter in "0123456789abcdefABCDEF" for letter in text)
