"""What a change of a rule would have meant for the people on duty: episodes before and after, as plain numbers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from anlan.monitoring.moments import HOUR
from anlan.monitoring.rehearsal.replay import Episode

DAY = 24 * HOUR
BEIJING = 8 * HOUR
TOP, LONGEST = 10, 5


@dataclass(frozen=True, kw_only=True)
class Shifts:
    """The shifts of a day: their names and when they begin, in ms of a Beijing day, ascending."""

    names: tuple[str, ...]
    starts: tuple[int, ...]

    def start_of(self, time: int) -> int:
        """When the shift of this moment began."""
        midnight = time - (time + BEIJING) % DAY
        begun = [midnight + start for start in self.starts if midnight + start <= time]
        return begun[-1] if begun else midnight - DAY + self.starts[-1]

    def name_of(self, start: int) -> str:
        return self.names[self.starts.index((start + BEIJING) % DAY)]

    def all_between(self, start: int, end: int) -> list[int]:
        """The beginnings of every shift that has some of its time in [start, end)."""
        found, at = [], self.start_of(start)
        while at < end:
            found.append(at)
            at = min(
                day + begin for day in (_midnight(at), _midnight(at) + DAY) for begin in self.starts if day + begin > at
            )
        return found


def _midnight(time: int) -> int:
    return time - (time + BEIJING) % DAY


@dataclass(frozen=True, kw_only=True)
class Window:
    """What is compared: [start, end) in ms."""

    start: int
    end: int
    shifts: Shifts

    def counted(self, found: Iterable[Episode]) -> list[Episode]:
        return [one for one in found if one.raised >= self.start]


def compare(before: Sequence[Episode], after: Sequence[Episode], window: Window) -> dict[str, Any]:
    """What a rehearsal found, as JSON, with every episode. An alarm vanishes where none of the same series and kind meets it."""
    old, new = window.counted(before), window.counted(after)
    vanished, lowered = _missed(old, after)
    fresh, _ = _missed(new, before)
    return {
        "before": _totals(old),
        "after": _totals(new),
        "shifts": _shifts(old, new, window),
        "bars": _bars(old, new, window),
        "vanished": [_plain(one) for one in _worst_first(vanished)],
        "vanished_count": len(vanished),
        "lowered": [_plain(one) for one in _worst_first(lowered)],
        "lowered_count": len(lowered),
        "fresh": [_plain(one) for one in _worst_first(fresh)],
        "fresh_count": len(fresh),
        "worst_hour": {"before": _worst_hour(old), "after": _worst_hour(new)},
        "series": _series(old, new),
        "longest": [
            _plain(one) | {"lasts": one.lasts(window.end)}
            for one in sorted(new, key=lambda one: -one.lasts(window.end))[:LONGEST]
        ],
    }


def _missed(wanted: Sequence[Episode], others: Sequence[Episode]) -> tuple[list[Episode], list[Episode]]:
    """Those that no other meets, and those that are met only at lower levels."""
    by_cause: dict[tuple[int, int], list[Episode]] = {}
    for one in others:
        by_cause.setdefault((one.series, one.kind), []).append(one)
    gone, lowered = [], []
    for one in wanted:
        levels = [other.level for other in by_cause.get((one.series, one.kind), ()) if other.meets(one)]
        if not levels:
            gone.append(one)
        elif max(levels) < one.level:
            lowered.append(one)
    return gone, lowered


def _worst_first(found: Iterable[Episode]) -> list[Episode]:
    return sorted(found, key=lambda one: (-one.level, -one.raised, one.series))


def _totals(found: Sequence[Episode]) -> dict[str, Any]:
    levels, kinds = Counter(one.level for one in found), Counter(one.kind for one in found)
    return {
        "alarms": len(found),
        "levels": {str(level): levels[level] for level in (1, 2, 3, 4)},
        "kinds": {str(kind): number for kind, number in sorted(kinds.items())},
    }


def _shifts(old: Sequence[Episode], new: Sequence[Episode], window: Window) -> list[dict[str, Any]]:
    """By the name of the shift: how many alarms in all, on average and at most."""
    counted = [Counter(window.shifts.start_of(one.raised) for one in found) for found in (old, new)]
    rows = []
    every = window.shifts.all_between(window.start, window.end)
    for name in window.shifts.names:
        mine = [start for start in every if window.shifts.name_of(start) == name]
        row: dict[str, Any] = {"name": name, "shifts": len(mine)}
        for side, numbers in zip(("before", "after"), counted, strict=True):
            found = [numbers[start] for start in mine]
            row[side] = {
                "all": sum(found),
                "mean": round(sum(found) / max(1, len(found)), 2),
                "most": max(found, default=0),
            }
        rows.append(row)
    return rows


def _bars(old: Sequence[Episode], new: Sequence[Episode], window: Window) -> list[dict[str, int]]:
    """Alarms by shift for some days, by day for some weeks, by week for longer."""
    days = (window.end - window.start) / DAY
    if days <= 10:
        edges = window.shifts.all_between(window.start, window.end)
    else:
        step = DAY if days <= 60 else 7 * DAY
        edges = list(range(_midnight(window.start), window.end, step))
    bars = []
    for left, right in zip(edges, [*edges[1:], window.end], strict=True):
        numbers = [sum(left <= one.raised < right for one in found) for found in (old, new)]
        bars.append({"start": left, "before": numbers[0], "after": numbers[1]})
    return bars


def _worst_hour(found: Sequence[Episode]) -> dict[str, int] | None:
    hours = Counter(one.raised - one.raised % HOUR for one in found)
    if not hours:
        return None
    hour, number = min(hours.items(), key=lambda item: (-item[1], item[0]))
    return {"start": hour, "alarms": number}


def _series(old: Sequence[Episode], new: Sequence[Episode]) -> list[dict[str, int]]:
    sides = [Counter(one.series for one in found) for found in (old, new)]
    rows = [{"series": one, "before": sides[0][one], "after": sides[1][one]} for one in sorted({*sides[0], *sides[1]})]
    return sorted(rows, key=lambda row: -max(row["before"], row["after"]))[: 5 * TOP]


def _plain(one: Episode) -> dict[str, Any]:
    return {
        "series": one.series,
        "kind": one.kind,
        "level": one.level,
        "raised": one.raised,
        "cleared": one.cleared,
        "value": one.value,
    }
