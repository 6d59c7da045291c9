"""What a deployment says of its video, by environment variables.

SIP: `ANLAN_PORT_SIP` (0 or empty: off), `ANLAN_SIP_ID` (20 digits), `ANLAN_SIP_REALM` (else the ID's first ten),
`ANLAN_SIP_HOST` (the address that devices reach us by), `ANLAN_SIP_DIGEST` (MD5 or SM3).
Media server: `ANLAN_MEDIA_URL` (its HTTP API; empty: none), `ANLAN_MEDIA_KIND` (zlm or mediamtx), `ANLAN_MEDIA_SECRET`,
`ANLAN_MEDIA_HOST` (where cameras send to), `ANLAN_MEDIA_PLAY_URL` (where browsers play from).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from anlan.protocols.manscdp import is_code
from anlan.protocols.sip_digest import available

USUAL_ID = "44030000002000000001"
KINDS = ("zlm", "mediamtx")


@dataclass(frozen=True, kw_only=True)
class SipSettings:
    """Raises `ValueError` where a word makes no sense."""

    code: str = USUAL_ID
    realm: str = USUAL_ID[:10]
    host: str = "127.0.0.1"
    algorithm: str = "MD5"

    def __post_init__(self) -> None:
        if not is_code(self.code):
            raise ValueError("ANLAN_SIP_ID has 20 digits")
        if not available(self.algorithm):
            raise ValueError("ANLAN_SIP_DIGEST is MD5, or SM3 where OpenSSL offers it")

    @classmethod
    def from_environment(cls, words: Mapping[str, str] = os.environ) -> "SipSettings":
        code = words.get("ANLAN_SIP_ID") or USUAL_ID
        return cls(
            code=code,
            realm=words.get("ANLAN_SIP_REALM") or code[:10],
            host=words.get("ANLAN_SIP_HOST") or words.get("ANLAN_INGEST_HOST") or "127.0.0.1",
            algorithm=(words.get("ANLAN_SIP_DIGEST") or "MD5").upper(),
        )


@dataclass(frozen=True, kw_only=True)
class MediaSettings:
    """`url` empty: there is no media server."""

    url: str = ""
    kind: str = "zlm"
    secret: str = ""
    host: str = ""
    play_url: str = ""

    @classmethod
    def from_environment(cls, words: Mapping[str, str] = os.environ) -> "MediaSettings":
        url = (words.get("ANLAN_MEDIA_URL") or "").rstrip("/")
        kind = (words.get("ANLAN_MEDIA_KIND") or "zlm").lower()
        if kind not in KINDS:
            raise ValueError(f"ANLAN_MEDIA_KIND is one of {', '.join(KINDS)}")
        return cls(
            url=url,
            kind=kind,
            secret=words.get("ANLAN_MEDIA_SECRET") or "",
            host=words.get("ANLAN_MEDIA_HOST") or urlsplit(url).hostname or "",
            play_url=(words.get("ANLAN_MEDIA_PLAY_URL") or url).rstrip("/"),
        )


def sip_port(words: Mapping[str, str] = os.environ) -> int:
    """0: off."""
    return int(words.get("ANLAN_PORT_SIP") or 0)
