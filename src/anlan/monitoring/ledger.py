"""The ledger of readings: what came in against the states in which it ended, by source and hour."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from anlan.monitoring.models import FrameCount, LedgerCount, UnknownDevice
from anlan.monitoring.moments import HOUR, hour_of
from anlan.rules import Ledger

STATE = -1
"""Stands in the column of readings where the row counts a state and not frames."""


@dataclass(kw_only=True)
class LedgerRow:
    """One hour of one source. `failed` counts frames by the kind of their error; `states` holds every state."""

    hour: datetime | None
    source: str
    received: int = 0
    good: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    states: dict[Ledger, int] = field(default_factory=lambda: dict.fromkeys(Ledger, 0))

    @property
    def frames(self) -> int:
        return self.good + self.failures

    @property
    def failures(self) -> int:
        return self.failed.total()

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def difference(self) -> int:
        """Readings that came in and ended in no state; below zero: states that nothing came in for."""
        return self.received - self.total

    def add(self, other: "LedgerRow") -> None:
        self.received += other.received
        self.good += other.good
        self.failed.update(other.failed)
        for state, number in other.states.items():
            self.states[state] += number


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """Some hours of the whole instance, the oldest first, and the unknown devices that were heard in them."""

    rows: list[LedgerRow]
    unknown: list[UnknownDevice]

    @property
    def difference(self) -> int:
        """How many readings are unexplained in all; one hour's surplus does not make up for another's loss."""
        return sum(abs(row.difference) for row in self.rows)

    @property
    def failures(self) -> list[tuple[str, str, int]]:
        """Source, kind of error, frames; the most frequent first."""
        sums: Counter[tuple[str, str]] = Counter()
        for row in self.rows:
            sums.update({(row.source, kind): frames for kind, frames in row.failed.items()})
        return [(source, kind, frames) for (source, kind), frames in sums.most_common()]


def ledger_reconcile(*, now: int, hours: int) -> Reconciliation:
    """Of the last `hours` hours, that of `now` (ms) among them."""
    since = hour_of(now - (hours - 1) * HOUR)
    rows = _rows(FrameCount.objects.filter(hour__gte=since), LedgerCount.objects.filter(hour__gte=since))
    unknown = UnknownDevice.objects.filter(last_seen_at__gte=since).order_by("-last_seen_at")
    return Reconciliation(rows=[rows[key] for key in sorted(rows)], unknown=list(unknown))


def ledger_day(user: Any, day: date) -> list[LedgerRow]:
    """The rows of a Beijing day by source, the newest hour first."""
    start = timezone.make_aware(datetime.combine(day, time()))
    within = {"hour__gte": start, "hour__lt": start + timedelta(days=1)}
    frames, states = FrameCount.objects.visible_to(user), LedgerCount.objects.visible_to(user)
    rows = _rows(frames.filter(**within), states.filter(**within))
    newest_first = sorted(rows, reverse=True)
    return [rows[key] for key in sorted(newest_first, key=lambda key: key[1])]


def _rows(frames: QuerySet[FrameCount], states: QuerySet[LedgerCount]) -> dict[tuple[datetime, str], LedgerRow]:
    """Frames and states are read in one statement, so that a batch stored meanwhile is in both or in neither."""
    rows: dict[tuple[datetime, str], LedgerRow] = {}
    for hour, source, name, number, readings in _counted(frames, states):
        row = rows.setdefault((hour, source), LedgerRow(hour=hour, source=source))
        if readings == STATE:
            row.states[Ledger(int(name))] += number
            continue
        row.received += readings
        if name == FrameCount.GOOD:
            row.good += number
        else:
            row.failed[name] += number
    return rows


def _counted(frames: QuerySet[FrameCount], states: QuerySet[LedgerCount]) -> Any:
    ended = states.order_by().values_list("hour", "source", Cast("state", CharField()), "count", Value(STATE))
    return ended.union(frames.order_by().values_list("hour", "source", "kind", "frames", "readings"), all=True)


def by_source(rows: list[LedgerRow]) -> list[tuple[LedgerRow, list[LedgerRow]]]:
    """Each source's sum of the day, with its hours."""
    found: dict[str, tuple[LedgerRow, list[LedgerRow]]] = {}
    for row in rows:
        total, hours = found.setdefault(row.source, (LedgerRow(hour=None, source=row.source), []))
        total.add(row)
        hours.append(row)
    return list(found.values())
