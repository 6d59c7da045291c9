"""The session description (RFC 4566) by which GB/T 28181 asks a camera for its picture, with the `y=` of its SSRC."""

import re
from dataclasses import dataclass

CONTENT_TYPE = "APPLICATION/SDP"
_PORT = re.compile(r"^m=video ([0-9]{1,5}) ", re.M)
_SSRC = re.compile(r"^y=([0-9]{10})\s*$", re.M)


@dataclass(frozen=True, kw_only=True)
class Play:
    """Where the media server waits for the stream; `ssrc` has ten digits, the first of them 0 for live pictures."""

    own: str
    camera: str
    host: str
    port: int
    ssrc: str
    over_tcp: bool = False

    def offer(self) -> bytes:
        media = "TCP/RTP/AVP" if self.over_tcp else "RTP/AVP"
        lines = [
            "v=0",
            f"o={self.own} 0 0 IN IP4 {self.host}",
            "s=Play",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=video {self.port} {media} 96 97 98",
            "a=recvonly",
            "a=rtpmap:96 PS/90000",
            "a=rtpmap:97 MPEG4/90000",
            "a=rtpmap:98 H264/90000",
            *(["a=setup:passive", "a=connection:new"] if self.over_tcp else []),
            f"y={self.ssrc}",
            "",
        ]
        return "\r\n".join(lines).encode()

    @property
    def subject(self) -> str:
        """The Subject header: sender, its stream, receiver, its stream."""
        return f"{self.camera}:{self.ssrc},{self.own}:0"


def ssrc_live(own: str, number: int) -> str:
    """The SSRC of a live stream: 0, the five middle digits of the platform's domain, a number of four digits."""
    return f"0{own[3:8]}{number % 10_000:04d}"


def answered(body: bytes) -> tuple[int, str]:
    """Port and SSRC of an answer; 0 and "" where they are not told."""
    text = body.decode("utf-8", "replace").replace("\r\n", "\n")
    port, ssrc = _PORT.search(text), _SSRC.search(text)
    return int(port[1]) if port else 0, ssrc[1] if ssrc else ""
