"""Readings of one series judged by the kernel as it would have been, as episodes of alarm. Sends nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.rules import KernelState, Kind, RuleTable, judge, sweep

FOR_EVER = 2**61


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One alarm that was or would have been; times in ms, `cleared` None where it stands at the end."""

    series: int
    kind: int
    level: int
    raised: int
    cleared: int | None
    value: float | None

    def meets(self, other: "Episode") -> bool:
        """Whether both stood at some moment."""
        return self.raised <= (other.cleared or FOR_EVER) and other.raised <= (self.cleared or FOR_EVER)

    def lasts(self, end: int) -> int:
        return (self.cleared or end) - self.raised


def episodes(
    table: RuleTable, series: int, time: NDArray[np.int64], value: NDArray[np.float64], *, end: int
) -> list[Episode]:
    """Alarms of a series by row 0 of `table`; readings in order of time, none later than `end`."""
    if not len(time):
        return []
    state, places = KernelState.empty(1), np.zeros(len(time), np.int64)
    verdict = judge(table, state, places, time, value, now=end, max_age=FOR_EVER, gaps=True)
    rows = np.concatenate([verdict.transitions, sweep(table, state, end)])
    return sorted(_of_transitions(rows, series), key=lambda one: (one.raised, one.kind))


def _of_transitions(rows: NDArray[np.void], series: int) -> list[Episode]:
    standing: dict[int, list[float]] = {}
    found = []
    for kind, time, value, before, after in zip(
        *(rows[name].tolist() for name in ("kind", "time", "value", "level_before", "level_after")), strict=True
    ):
        if not before:
            standing[kind] = [time, after, value]
        elif after:
            standing[kind][1] = max(standing[kind][1], after)
        else:
            found.append(_episode(series, kind, standing.pop(kind), time))
    return found + [_episode(series, kind, begun, None) for kind, begun in standing.items()]


def _episode(series: int, kind: int, begun: list[float], cleared: int | None) -> Episode:
    raised, level, value = begun
    return Episode(
        series=series,
        kind=kind,
        level=int(level),
        raised=int(raised),
        cleared=cleared,
        value=None if kind == Kind.NO_DATA else value,
    )
