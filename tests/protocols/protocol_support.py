"""Recorded frames, and what the tests of every protocol need."""

import json
import os
import random
from pathlib import Path

import numpy as np

from anlan.protocols import FrameError, decode

MILLION = int(os.environ.get("ANLAN_FUZZ", 1_000_000))
"""How many hostile inputs each protocol is tried with."""
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


BATCH, VARIANTS = 4_000, 48


def hostile(name, seeds, marks, total=MILLION):
    """Lists of changed seeds, `total` in all: bytes replaced (by one of `marks` half of the time), cut out, put in, cut off.

    One in eight is left as it was cut, so that whole messages are among them whatever the decoder checks.
    """
    dice, rng = random.Random(f"anlan {name}"), np.random.default_rng(len(name))
    shapes = [np.frombuffer(_reshaped(dice, seed), np.uint8) for seed in seeds for _ in range(VARIANTS)]
    shapes = [shape for shape in shapes if len(shape) > 1]
    letters = np.frombuffer(bytes(range(256)) + marks * -(-256 // len(marks)), np.uint8)
    for done in range(0, total, BATCH):
        shape, number = shapes[dice.randrange(len(shapes))], min(BATCH, total - done)
        rows, length = np.tile(shape, (number, 1)), len(shape)
        changed = np.flatnonzero(rng.random(number) < 0.875)
        for _change in range(1 + done // BATCH % 3):
            rows[changed, rng.integers(0, length, len(changed))] = rng.choice(letters, len(changed))
        ends = np.where(rng.random(number) < 0.1, rng.integers(0, length, number), length)
        whole, starts = rows.tobytes(), range(0, number * length, length)
        yield [whole[start : start + end] for start, end in zip(starts, ends.tolist(), strict=True)]


def _reshaped(dice, seed):
    """The seed, or the seed with a piece cut out, put in, doubled or moved."""
    raw, how = bytearray(seed), dice.randrange(6)
    at, size = dice.randrange(len(raw)), dice.randrange(1, 9)
    if how == 0:
        del raw[at : at + size]
    elif how == 1:
        raw[at:at] = dice.randbytes(size)
    elif how == 2:
        raw[at:at] = raw[at : at + 8 * size]
    elif how == 3:
        raw[at:at] = raw[dice.randrange(len(raw)) :][: 4 * size]
    return bytes(raw)
