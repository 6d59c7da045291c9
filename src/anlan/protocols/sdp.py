"""The session description (RFC 4566) by which GB/T 28181 asks a camera for its picture, with the `y=` of its SSRC.

Over TCP as GB/T 28181-2016 has it: the media server waits (`setup:passive`) or connects (`setup:active`).
"""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

CONTENT_TYPE = "APPLICATION/SDP"
NUMBERS = 10_000
"""So many SSRC has a domain: its last four digits."""
_PORT = re.compile(r"^m=video ([0-9]{1,5}) ", re.M)
_HOST = re.compile(r"^c=IN IP[46] ([0-9A-Fa-f:.]{2,45})\s*$", re.M)
_SSRC = re.compile(r"^y=([0-9]{10})\s*$", re.M)


class Kind(StrEnum):
    """The first digit of an SSRC."""

    LIVE = "0"
    PAST = "1"


@dataclass(frozen=True, kw_only=True)
class Play:
    """Where the media server is to get the stream; `setup` is "" for UDP, else what the media server does."""

    own: str
    camera: str
    host: str
    port: int
    ssrc: str
    setup: str = ""

    def offer(self) -> bytes:
        family = "IP6" if ":" in self.host else "IP4"
        media = "TCP/RTP/AVP" if self.setup else "RTP/AVP"
        lines = [
            "v=0",
            f"o={self.own} 0 0 IN {family} {self.host}",
            "s=Play",
            f"c=IN {family} {self.host}",
            "t=0 0",
            f"m=video {self.port} {media} 96 97 98",
            "a=recvonly",
            "a=rtpmap:96 PS/90000",
            "a=rtpmap:97 MPEG4/90000",
            "a=rtpmap:98 H264/90000",
            *([f"a=setup:{self.setup}", "a=connection:new"] if self.setup else []),
            f"y={self.ssrc}",
            "",
        ]
        return "\r\n".join(lines).encode()

    @property
    def subject(self) -> str:
        """The Subject header: sender, its stream, receiver, its stream."""
        return f"{self.camera}:{self.ssrc},{self.own}:0"


def ssrc_of(own: str, number: int, kind: Kind = Kind.LIVE) -> str:
    """Ten digits: the kind, digits 4 to 8 of the platform's code (its domain), a number that is free in the domain."""
    return f"{kind}{own[3:8]}{number % NUMBERS:04d}"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a camera says that it does; `host` "", `port` 0 and `ssrc` "" where it does not say."""

    host: str
    port: int
    ssrc: str


def answered(body: bytes) -> Answered:
    text = body.decode("utf-8", "replace").replace("\r\n", "\n")
    host, port, ssrc = _HOST.search(text), _PORT.search(text), _SSRC.search(text)
    told = int(port[1]) if port else 0
    return Answered(
        host=host[1] if host and _is_address(host[1]) else "",
        port=told if told < 65_536 else 0,
        ssrc=ssrc[1] if ssrc else "",
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
