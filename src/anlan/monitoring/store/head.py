"""The newest rows of the log as this process last read them, sorted by series, so that the present costs no query."""

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.store.blocks import Columns

KEPT = 2_000_000
"""Readings that a process keeps unpacked at most."""


class Run(NamedTuple):
    """Readings of neighbouring rows of the log, by series and in it as they came, each with its row's position."""

    columns: Columns
    position: NDArray[np.int64]
    low: int
    high: int

    @classmethod
    def of(cls, columns: Columns, position: NDArray[np.int64]) -> "Run":
        if (np.diff(columns.series) < 0).any():
            order = np.argsort(columns.series, kind="stable")
            columns, position = columns.take(order), position[order]
        return cls(columns, position, int(columns.time.min()), int(columns.time.max()))

    def within(self, ids: Sequence[int], low: int, high: int, folded: int) -> Columns:
        """What there is of these series in [low, high), without rows up to the position `folded`."""
        if self.high < low or self.low >= high:
            return Columns.empty()
        first, last = (np.searchsorted(self.columns.series, ids, side) for side in ("left", "right"))
        pieces = [np.arange(a, b) for a, b in zip(first.tolist(), last.tolist(), strict=True) if b > a]
        if not pieces:
            return Columns.empty()
        places = np.concatenate(pieces)
        time = self.columns.time[places]
        return self.columns.take(places[(time >= low) & (time < high) & (self.position[places] > folded)])


class View(NamedTuple):
    """All rows up to the position `newest` that had not been folded when it was made."""

    newest: int = 0
    runs: tuple[Run, ...] = ()


class Head:
    """Shared by the threads of a process; runs of like size are merged, so there are never many."""

    def __init__(self) -> None:
        self._alone = Lock()
        self._view = View()

    def view(self) -> View:
        return self._view

    def forget(self) -> None:
        self._view = View()

    def extend(self, after: int, rows: Iterable[tuple[int, Columns]], folded: int) -> None:
        """Takes in rows that follow the position `after` without a gap, unless another thread was here first."""
        with self._alone:
            if self._view.newest != after:
                return
            newest, runs = after, [left for run in self._view.runs if (left := _left(run, folded))]
            room = KEPT - sum(len(run.position) for run in runs)
            for position, columns in rows:
                room -= len(columns.time)
                if room < 0:
                    break
                newest = position
                if position > folded:
                    runs.append(Run.of(columns, np.full(len(columns.time), position)))
            self._view = View(newest, _merged(runs))


def _left(run: Run, folded: int) -> Run | None:
    left = run.position > folded
    if left.all():
        return run
    return Run.of(run.columns.take(left), run.position[left]) if left.any() else None


def _merged(runs: list[Run]) -> tuple[Run, ...]:
    done: list[Run] = []
    for run in runs:
        done.append(run)
        while len(done) > 1 and len(done[-2].position) < 2 * len(done[-1].position):
            last = done.pop()
            before = done.pop()
            position = np.concatenate([before.position, last.position])
            done.append(Run.of(Columns.joined([before.columns, last.columns]), position))
    return tuple(done)


HEAD = Head()
