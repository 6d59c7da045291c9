"""The ledger of readings: what came in against the states in which it ended, by source and hour."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import CharField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from anlan.monitoring.models import FrameCount, LedgerCount
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


def ledger_day(user: Any, day: date) -> list[LedgerRow]:
    """The rows of a Beijing day by source, the newest hour first.

    Frames and states are read in one statement, so that a batch stored meanwhile is in both or in neither.
    """
    rows: dict[tuple[str, datetime], LedgerRow] = {}
    for hour, source, name, number, readings in _counted(user, day):
        row = rows.setdefault((source, hour), LedgerRow(hour=hour, source=source))
        if readings == STATE:
            row.states[Ledger(int(name))] += number
            continue
        row.received += readings
        if name == FrameCount.GOOD:
            row.good += number
        else:
            row.failed[name] += number
    newest_first = sorted(rows, key=lambda key: key[1], reverse=True)
    return [rows[key] for key in sorted(newest_first, key=lambda key: key[0])]


def _counted(user: Any, day: date) -> Any:
    start = timezone.make_aware(datetime.combine(day, time()))
    within = {"hour__gte": start, "hour__lt": start + timedelta(days=1)}
    states = LedgerCount.objects.visible_to(user).filter(**within).order_by()
    frames = FrameCount.objects.visible_to(user).filter(**within).order_by()
    return states.values_list("hour", "source", Cast("state", CharField()), "count", Value(STATE)).union(
        frames.values_list("hour", "source", "kind", "frames", "readings"), all=True
    )


def by_source(rows: list[LedgerRow]) -> list[tuple[LedgerRow, list[LedgerRow]]]:
    """Each source's sum of the day, with its hours."""
    found: dict[str, tuple[LedgerRow, list[LedgerRow]]] = {}
    for row in rows:
        total, hours = found.setdefault(row.source, (LedgerRow(hour=None, source=row.source), []))
        total.add(row)
        hours.append(row)
    return list(found.values())
