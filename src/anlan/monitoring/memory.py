"""What this process remembers of every series: the kernel's state, and the rule that judges it.

The store's log of batches is the one order of all writers; the memory is what the log comes to. What a transaction
changes in it is undone when the transaction fails.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.columnar.json_columns import Names
from anlan.rules import KernelState, RuleTable

ROOM = 1024
Places = NDArray[np.int64]


class Directory:
    """Who and what has been looked up: devices by (protocol, code), places of series by (device id, key).

    `names` is the same for the columns of JSON messages, as far as it has been taught; `feeding` says which
    series others are computed from. All holds for one `version` of the registry, and `book` is the rulebook of which the memory's table was made.
    """

    def __init__(self) -> None:
        self.book: Any = None
        self.version = -1
        self.clear()

    def clear(self) -> None:
        self.devices: dict[tuple[str, str], Any] = {}
        self.unknown: set[tuple[str, str]] = set()
        self.series: dict[tuple[int, str], int] = {}
        self.taught: set[tuple[int, str]] = set()
        self.feeding: Any = None
        self._names: Names | None = None

    @property
    def names(self) -> Names:
        """Made when first asked for: a process that reads no messages need not wait for its compiled reader."""
        if self._names is None:
            self._names = Names()
        return self._names


class Memory:
    """One place a series, in `ids`, `device_ids`, `state` and `table` alike; a place stays while the memory lives.

    `position` is the newest row of the store's log that is in `state`, `entry` the newest of the state's journal. `unshown`
    marks series whose newest value pages do not show yet; `checked` is the position and moment of the last checkpoint.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Knows nothing; the next transaction reads it all again."""
        self.position = self.entry = -1
        self.checked = (-1, 0.0)
        self.count = 0
        self.ids = np.zeros(ROOM, np.int64)
        self.device_ids = np.zeros(ROOM, np.int64)
        self.unshown = np.zeros(ROOM, bool)
        self.place_of: dict[int, int] = {}
        self.state, self.table = KernelState.empty(ROOM), RuleTable.empty(ROOM)
        self.directory = Directory()
        self.settled()

    def settled(self) -> None:
        """What has been changed so far stands in the database for good."""
        self._before: list[tuple[Places, Any]] = []
        self._start = (self.position, self.entry)
        self.shaken = False

    def undo(self) -> None:
        """As it was when it was last settled; whatever is more than state is forgotten with the rest."""
        if self.shaken or self.entry != self._start[1]:
            return self.forget()
        for places, rows in reversed(self._before):
            self.state.set_rows(places, rows)
        self.position = self._start[0]
        return self.settled()

    def touch(self, places: Places) -> None:
        """The state of these is about to change."""
        self._before.append((places, self.state.rows(places)))

    def places(self, ids: Iterable[int]) -> Places:
        """The places of series by id; new ones are made, without a rule."""
        return np.array([self._place(series_id) for series_id in ids], np.int64)

    def _place(self, series_id: int) -> int:
        place = self.place_of.get(series_id)
        if place is None:
            place = self.place_of[series_id] = self.count
            self.shaken = True
            if place == len(self.ids):
                self._grow(2 * place)
            self.ids[place] = series_id
            self.count += 1
        return place

    def _grow(self, n: int) -> None:
        more = np.zeros(n - len(self.ids), np.int64)
        self.ids, self.device_ids = np.concatenate([self.ids, more]), np.concatenate([self.device_ids, more])
        self.unshown = np.concatenate([self.unshown, more.astype(bool)])
        self.state.grow(n)
        self.table.grow(n)
