"""The life of a call that we make (RFC 3261, 9, 13 and 15): what is heard decides what is said, and what the call is then.

A camera that was told to send must be told to stop, however late it says that it does: no way leads from an acceptance
that nobody wants to anything but an ACK and a BYE.
"""

from collections.abc import Mapping
from enum import StrEnum


class CallState(StrEnum):
    """ABANDONED: given up before anything was heard, when a CANCEL may not be sent yet. CLOSING: a BYE is on its way."""

    CALLING = "calling"
    RINGING = "ringing"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"
    TALKING = "talking"
    CLOSING = "closing"
    OVER = "over"


class Heard(StrEnum):
    """LEFT is our own: nobody wants the call any more. CLOSED: the BYE was answered, or never will be."""

    RINGS = "rings"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LEFT = "left"
    BYE = "bye"
    CLOSED = "closed"


class Say(StrEnum):
    ACK = "ACK"
    CANCEL = "CANCEL"
    BYE = "BYE"


Turn = tuple[CallState, tuple[Say, ...]]
_S, _H = CallState, Heard
_ENDED_AT_ONCE: Turn = (_S.CLOSING, (Say.ACK, Say.BYE))
_TURNS: Mapping[tuple[CallState, Heard], Turn] = {
    (_S.CALLING, _H.RINGS): (_S.RINGING, ()),
    (_S.CALLING, _H.ACCEPTED): (_S.TALKING, (Say.ACK,)),
    (_S.CALLING, _H.REFUSED): (_S.OVER, (Say.ACK,)),
    (_S.CALLING, _H.LEFT): (_S.ABANDONED, ()),
    (_S.CALLING, _H.BYE): (_S.OVER, ()),
    (_S.RINGING, _H.ACCEPTED): (_S.TALKING, (Say.ACK,)),
    (_S.RINGING, _H.REFUSED): (_S.OVER, (Say.ACK,)),
    (_S.RINGING, _H.LEFT): (_S.CANCELLED, (Say.CANCEL,)),
    (_S.RINGING, _H.BYE): (_S.OVER, ()),
    (_S.ABANDONED, _H.RINGS): (_S.CANCELLED, (Say.CANCEL,)),
    (_S.ABANDONED, _H.ACCEPTED): _ENDED_AT_ONCE,
    (_S.ABANDONED, _H.REFUSED): (_S.OVER, (Say.ACK,)),
    (_S.ABANDONED, _H.BYE): (_S.OVER, ()),
    (_S.CANCELLED, _H.ACCEPTED): _ENDED_AT_ONCE,
    (_S.CANCELLED, _H.REFUSED): (_S.OVER, (Say.ACK,)),
    (_S.CANCELLED, _H.BYE): (_S.OVER, ()),
    (_S.TALKING, _H.ACCEPTED): (_S.TALKING, (Say.ACK,)),
    (_S.TALKING, _H.LEFT): (_S.CLOSING, (Say.BYE,)),
    (_S.TALKING, _H.BYE): (_S.OVER, ()),
    (_S.CLOSING, _H.ACCEPTED): (_S.CLOSING, (Say.ACK,)),
    (_S.CLOSING, _H.CLOSED): (_S.OVER, ()),
    (_S.OVER, _H.ACCEPTED): _ENDED_AT_ONCE,
    (_S.OVER, _H.REFUSED): (_S.OVER, (Say.ACK,)),
}
NEXT: Mapping[tuple[CallState, Heard], Turn] = {
    (state, heard): _TURNS.get((state, heard), (state, ())) for state in CallState for heard in Heard
}
"""Whole: anything may come at any time, and what is not named above changes nothing."""


def heard_of(status: int) -> Heard:
    """What an answer to the invitation is to the call."""
    if status < 200:
        return Heard.RINGS
    return Heard.ACCEPTED if status < 300 else Heard.REFUSED
