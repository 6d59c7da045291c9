"""Recorded frames, and what the tests of every protocol need."""

import json
import os
from pathlib import Path

from anlan.protocols import FrameError, decode

FUZZ = int(os.environ.get("ANLAN_FUZZ", "1"))
"""How many times as many hostile inputs are tried; 4 makes a million a protocol."""
_VECTORS = Path(__file__).parent / "vectors"


def vectors(name):
    return json.loads((_VECTORS / f"{name}.json").read_text("utf-8"))


def only(events):
    """The one event, which must be the only one."""
    assert len(events) == 1, events
    return events[0]


def frame(name, raw):
    event = only(decode(name, raw))
    assert not isinstance(event, FrameError), event
    return event


def error(name, raw):
    event = only(decode(name, raw))
    assert isinstance(event, FrameError), event
    return event


def values(frame):
    return {reading.series: reading.value for reading in frame.readings}


def differences(wanted, got, path=""):
    """Where `got` does not hold what is wanted; it may hold more."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return [line for key in wanted for line in differences(wanted[key], got.get(key), f"{path}/{key}")]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        pairs = enumerate(zip(wanted, got, strict=True))
        return [line for at, (a, b) in pairs for line in differences(a, b, f"{path}/{at}")]
    return [] if wanted == got else [f"{path}: {wanted!r} is wanted, {got!r} found"]
