"""What the kernel remembers of n series, as arrays and as bytes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.rules.table import RuleTable

NEVER = int(np.iinfo(np.int64).min)
RAISED = -1
FORM = 1

LAST_ROW = np.dtype([("time", "<i8"), ("value", "<f8")])
CELL_ROW = np.dtype(
    [
        ("since", "<i8"),
        ("run", "<i4", (4,)),
        ("level", "u1"),
        ("rate_level", "u1"),
        ("no_data_level", "u1"),
        ("form", "u1"),
        ("accumulation_level", "u1"),
        ("flat_level", "u1"),
        ("more", "<u2"),
    ],
    align=True,
)
CELL = CELL_ROW.names or ()
STATE_ROW = np.dtype(
    [("since", "<i8"), ("last_time", "<i8"), ("last_value", "<f8"), *((name, CELL_ROW[name]) for name in CELL[1:])],
    align=True,
)
"""What is kept of a series: its last reading and its cell in one."""
SIDE_ROW = np.dtype(
    [
        ("pending", "<i8", (4,)),
        ("history", "<i8", (4,)),
        ("flat_value", "<f8"),
        ("flat_since", "<i8"),
        ("window_sum", "<f8", (4,)),
        ("window_level", "u1", (4,)),
        ("entries", "<i4"),
        ("head", "<i4"),
        ("ring", "<i4"),
    ],
    align=True,
)
"""For series whose rule needs more: since when (ms, NEVER) a level has been beyond or past without a break, which of
the last samples were beyond, the start of a flat stretch, the sums in the windows and how many entries they rest on."""
ENTRIES = 64
"""Room for entries of windows that a series has at first; a power of two."""
FRESH = np.array((NEVER, (0, 0, 0, 0), 0, 0, 0, FORM, 0, 0, 0), CELL_ROW)
FRESH_LAST = np.array((NEVER, np.nan), LAST_ROW)
FRESH_SIDE = np.array(((NEVER,) * 4, (0,) * 4, np.nan, NEVER, (0,) * 4, (0,) * 4, 0, 0, 0), SIDE_ROW)


class KernelState:
    """48 bytes a series: what every reading changes in `last`, 16 of them, and what few do in `cells`. Each quantity is a
    live view of length n (`run`: n x 4, blue to red).

    `last_time` (ms) and `last_value` are of the last valid reading, NEVER and NaN before the first; `since`
    (ms) is when silence starts to count where no later reading has come, NEVER to count none; `run` counts
    consecutive readings beyond a level, is RAISED (-1) once it is raised, and less by each reading past its clearing
    value that has not cleared it yet. Levels are 0 to 4. `grow` leaves earlier views stale.

    Series whose rules need more (n of m, durations, flat, windows) have a row of 144 bytes in `sides` besides
    (`side`, 0 is none), and those with windows room for their entries in `ring_time` and `ring_amount`. Row 0 of
    each is nobody's. `settled` (int32, a place further, as the first is that of unknown devices) is where the table's
    `calm` begins to tell at what the series rests, derived and not kept. Only `since` may be written through its view; everything else goes through `set_rows`.
    """

    def __init__(self, cells: NDArray[np.void], last: NDArray[np.void]) -> None:
        self.cells, self.last = cells, last
        self.settled = np.zeros(len(cells) + 1, np.int32)
        self.side = np.zeros(len(cells), np.int32)
        self.sides = np.full(1, FRESH_SIDE)
        self.ring_time = np.zeros((1, ENTRIES), np.int64)
        self.ring_amount = np.zeros((1, ENTRIES), np.float64)
        self._prepared: tuple[RuleTable | None, int, int] = (None, 0, 0)

    @classmethod
    def empty(cls, n: int) -> "KernelState":
        """n series of which nothing is known."""
        return cls(np.full(n, FRESH), np.full(n, FRESH_LAST))

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, key: Any) -> Any:
        """A column by name, or the state of some series by itself, as `rows` gives it."""
        return getattr(self, key) if isinstance(key, str) else self.rows(key)

    @property
    def nbytes(self) -> int:
        arrays = self.cells, self.last, self.settled, self.side, self.sides, self.ring_time, self.ring_amount
        return sum(array.nbytes for array in arrays)

    @property
    def since(self) -> NDArray[np.int64]:
        return self.cells["since"]

    @property
    def last_time(self) -> NDArray[np.int64]:
        return self.last["time"]

    @property
    def last_value(self) -> NDArray[np.float64]:
        return self.last["value"]

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

    @property
    def accumulation_level(self) -> NDArray[np.uint8]:
        return self.cells["accumulation_level"]

    @property
    def flat_level(self) -> NDArray[np.uint8]:
        return self.cells["flat_level"]

    def highest(self) -> NDArray[np.uint8]:
        """The level of each series: the highest of its causes."""
        causes = self.level, self.rate_level, self.no_data_level, self.accumulation_level, self.flat_level
        return np.maximum.reduce(causes)

    def tobytes(self) -> bytes:
        """As `to_bytes` writes it."""
        from anlan.rules.packing import to_bytes

        return to_bytes(self)

    def grow(self, n: int) -> None:
        """To n series in all. ValueError if that were fewer."""
        more = n - len(self)
        if more < 0:
            raise ValueError(f"a state of {len(self)} series cannot grow to {n}")
        self.cells = np.concatenate([self.cells, np.full(more, FRESH)])
        self.last = np.concatenate([self.last, np.full(more, FRESH_LAST)])
        self.settled, self.side = (np.concatenate([a, np.zeros(more, np.int32)]) for a in (self.settled, self.side))

    def rows(self, idx: Any) -> "KernelState":
        """A copy of these series (indices or a mask), a state of its own: `set_rows` puts it back."""
        places = np.arange(len(self))[idx].reshape(-1)
        taken = KernelState(self.cells.take(places), self.last.take(places))
        side = self.side.take(places)
        _adopt(taken, np.flatnonzero(side), self, side[side > 0])
        return taken

    def set_rows(self, idx: Any, rows: "KernelState") -> None:
        """These series are as they were when `rows` was taken; whole, with what lies beside."""
        places = np.arange(len(self))[idx].reshape(-1)
        self.cells[places], self.last[places], self.settled[places + 1] = rows.cells, rows.last, 0
        _adopt(self, places, rows, rows.side)

    def prepare(self, table: RuleTable) -> None:
        """Makes room for what the rules of a new or changed table need; nothing where it is the one of before."""
        now = table, table.version, len(self)
        if now == self._prepared:
            return
        self.settled[:] = 0
        needy = np.flatnonzero((table["sided"] > 0) & (self.side == 0))
        self.side[needy] = self._sides_made(len(needy))
        ringless = self.side[np.flatnonzero(table["windows"])]
        ringless = ringless[self.sides["ring"][ringless] == 0]
        self.sides["ring"][ringless] = self._rings_made(len(ringless))
        self._prepared = now

    def _sides_made(self, n: int) -> NDArray[np.int32]:
        known = len(self.sides)
        self.sides = np.concatenate([self.sides, np.full(n, FRESH_SIDE)])
        return np.arange(known, known + n, dtype=np.int32)

    def _rings_made(self, n: int) -> NDArray[np.int32]:
        known, room = self.ring_time.shape
        self.ring_time = np.concatenate([self.ring_time, np.zeros((n, room), np.int64)])
        self.ring_amount = np.concatenate([self.ring_amount, np.zeros((n, room))])
        return np.arange(known, known + n, dtype=np.int32)

    def widen(self, room: int = 0) -> None:
        """More room for entries of windows: twice as much, or `room`."""
        old = self.ring_time.shape[1]
        order = self.sides["head"][:, None] + np.arange(old) & old - 1
        rings = self.sides["ring"]
        more = ((0, 0), (0, max(room, 2 * old) - old))
        for name in ("ring_time", "ring_amount"):
            ring = getattr(self, name)
            ring[rings] = ring[rings[:, None], order]
            setattr(self, name, np.pad(ring, more))
        self.sides["head"] = 0


def _adopt(to: KernelState, places: NDArray[np.int64], source: KernelState, sides: NDArray[np.int32]) -> None:
    """The side rows `sides` of another state (0 for none) become those of `places`, entries included."""
    stale = to.side[places[sides == 0]]
    _overwrite(to, stale[stale > 0], np.full(1, FRESH_SIDE))
    places, sides = places[sides > 0], sides[sides > 0]
    if not len(places):
        return
    new = places[to.side[places] == 0]
    to.side[new] = to._sides_made(len(new))
    _overwrite(to, to.side[places], source.sides[sides])
    held = source.sides["entries"][sides] > 0
    if held.any():
        _adopt_rings(to, to.side[places[held]], source, sides[held])


def _overwrite(to: KernelState, sides: NDArray[np.int32], rows: NDArray[np.void]) -> None:
    rings = to.sides["ring"][sides]
    to.sides[sides] = rows
    to.sides["ring"][sides], to.sides["head"][sides] = rings, 0


def _adopt_rings(to: KernelState, mine: NDArray[np.int32], source: KernelState, theirs: NDArray[np.int32]) -> None:
    ringless = mine[to.sides["ring"][mine] == 0]
    to.sides["ring"][ringless] = to._rings_made(len(ringless))
    room = source.ring_time.shape[1]
    if room > to.ring_time.shape[1]:
        to.widen(room)
    order = source.sides["head"][theirs][:, None] + np.arange(room) & room - 1
    rings, from_rings = to.sides["ring"][mine], source.sides["ring"][theirs][:, None]
    to.ring_time[rings, :room] = source.ring_time[from_rings, order]
    to.ring_amount[rings, :room] = source.ring_amount[from_rings, order]
