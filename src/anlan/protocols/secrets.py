"""What the frames of a protocol show as proof of who sends them: a password in every frame, or a login once a line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from anlan.protocols.frames import Frame


class Login(Protocol):
    """A protocol in which a device registers, is given a code, and shows it at the beginning of each connection."""

    registers: str
    """The function with which it asks for a code."""
    proves: str
    """The function with which it shows the code."""

    def issued(self, frame: Frame, code: str) -> bytes:
        """The answer to a registration that is granted."""
        ...

    def unregistered(self, frame: Frame, *, known: bool) -> bytes:
        """The answer to a registration that is not granted; `known` where the device has a code already."""
        ...

    def denied(self, frame: Frame) -> bytes | None:
        """The answer to any other frame that is refused."""
        ...


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """`shown(frame)` is the secret that a frame shows, None where it shows none; `places(raw)` are the bytes of a frame
    that hold it. `login` is None where every frame shows a password that people have agreed.
    """

    shown: Callable[[Frame], str | None]
    places: Callable[[bytes], range]
    login: Login | None = None


def nowhere(_raw: bytes) -> range:
    return range(0)
