"""What the kernel remembers of n series, as arrays and as bytes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.rules.states import Level

NEVER = np.iinfo(np.int64).min
RAISED = -1
FORM = 1

STATE_ROW = np.dtype(
    [
        ("since", "<i8"),
        ("last_time", "<i8"),
        ("last_value", "<f8"),
        ("run", "<i4", (4,)),
        ("level", "u1"),
        ("rate_level", "u1"),
        ("no_data_level", "u1"),
        ("form", "u1"),
        ("reserved", "<u4"),
    ],
    align=True,
)


class KernelState:
    """One row of 48 bytes a series; each quantity is a live view of length n (`run`: n x 4, blue to red).

    `last_time` (ms) and `last_value` are of the last valid reading, NEVER and NaN before the first; `since`
    (ms) is when silence starts to count where no later reading has come, NEVER to count none; `run` counts
    consecutive readings beyond a level and is RAISED once it is raised. `grow` leaves earlier views stale.
    """

    def __init__(self, cells: NDArray[np.void]) -> None:
        self.cells = cells

    @classmethod
    def empty(cls, n: int) -> "KernelState":
        """n series of which nothing is known."""
        fresh = (NEVER, NEVER, np.nan, (0, 0, 0, 0), 0, 0, 0, FORM, 0)
        return cls(np.full(n, np.array(fresh, STATE_ROW)))

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def since(self) -> NDArray[np.int64]:
        return self.cells["since"]

    @property
    def last_time(self) -> NDArray[np.int64]:
        return self.cells["last_time"]

    @property
    def last_value(self) -> NDArray[np.float64]:
        return self.cells["last_value"]

    @property
    def run(self) -> NDArray[np.int32]:
        return self.cells["run"]

    @property
    def level(self) -> NDArray[np.uint8]:
        return self.cells["level"]

    @property
    def rate_level(self) -> NDArray[np.uint8]:
        return self.cells["rate_level"]

    @property
    def no_data_level(self) -> NDArray[np.uint8]:
        return self.cells["no_data_level"]

    def grow(self, n: int) -> None:
        """To n series in all. ValueError if that were fewer."""
        if n < len(self):
            raise ValueError(f"a state of {len(self)} series cannot grow to {n}")
        self.cells = np.concatenate([self.cells, self.empty(n - len(self)).cells])

    def rows(self, idx: Any) -> NDArray[np.void]:
        """A copy of the rows of these series (indices or a mask)."""
        return np.array(self.cells[idx], ndmin=1)

    def set_rows(self, idx: Any, rows: NDArray[np.void]) -> None:
        self.cells[idx] = rows


def to_bytes(rows: NDArray[np.void]) -> bytes:
    """48 little-endian bytes a row (STATE_ROW), in order: row i is [48 i : 48 (i + 1)]."""
    return rows.astype(STATE_ROW).tobytes()


def from_bytes(data: bytes) -> NDArray[np.void]:
    """The rows that `to_bytes` wrote, to the bit. ValueError for a wrong length, form or value."""
    if len(data) % STATE_ROW.itemsize:
        raise ValueError(f"{len(data)} bytes are no whole rows of {STATE_ROW.itemsize}")
    rows = np.frombuffer(data, STATE_ROW).copy()
    if (rows["form"] != FORM).any():
        raise ValueError(f"state of form {rows['form'].max()}; this kernel knows form {FORM}")
    levels = np.maximum(np.maximum(rows["level"], rows["rate_level"]), rows["no_data_level"])
    if (levels > Level.RED).any() or (rows["run"] < RAISED).any():
        raise ValueError("a state row with a level or a run that cannot be")
    return rows
