"""Transitions as rows of an array: what was raised or cleared, where, when and by which value."""

import numpy as np

TRANSITION = np.dtype(
    [
        ("reading", "i8"),
        ("series", "i8"),
        ("time", "i8"),
        ("value", "f8"),
        ("kind", "u1"),
        ("level_before", "u1"),
        ("level_after", "u1"),
        ("window", "u1"),
    ],
    align=True,
)
"""One row of 40 bytes: `reading` is the index in the batch, -1 where silence and no reading is the cause; `time` in ms is the
reading's, or the moment at which the silence grew too long or a sum was seen to have fallen; kinds are Kind, levels are Level. For
ACCUMULATION `window` is the place of the deciding window among the rule's and `value` the sum in it."""
