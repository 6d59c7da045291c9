"""Holds what was received against the states in which it ended, source by source and hour by hour."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Sum

from anlan.monitoring.models import FrameCount, LedgerCount, UnknownDevice
from anlan.monitoring.moments import HOUR, hour_of
from anlan.rules import Ledger


@dataclass(kw_only=True)
class Account:
    """One source in one hour of arrival."""

    hour: datetime
    source: str
    frames: int = 0
    failed: int = 0
    received: int = 0
    states: dict[Ledger, int] = field(default_factory=dict)

    @property
    def difference(self) -> int:
        """Readings received that ended in no state; below zero: states of readings that were never received."""
        return self.received - sum(self.states.values())


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """`failures` is (source, kind, frames), the most frequent first."""

    accounts: list[Account]
    failures: list[tuple[str, str, int]]
    unknown: list[UnknownDevice]

    @property
    def difference(self) -> int:
        """How many readings are unexplained in all; one hour's surplus does not make up for another's loss."""
        return sum(abs(account.difference) for account in self.accounts)


def ledger_reconcile(*, now: int, hours: int) -> Reconciliation:
    """Of the last `hours` hours, that of `now` (ms) among them, at one moment of the database."""
    since = hour_of(now - (hours - 1) * HOUR)
    with transaction.atomic():
        if not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read")
        return Reconciliation(
            accounts=_accounts(since),
            failures=_failures(since),
            unknown=list(UnknownDevice.objects.filter(last_seen_at__gte=since).order_by("-last_seen_at")),
        )


def _accounts(since: datetime) -> list[Account]:
    found: dict[tuple[datetime, str], Account] = {}
    for count in FrameCount.objects.filter(hour__gte=since):
        account = found.setdefault((count.hour, count.source), Account(hour=count.hour, source=count.source))
        if count.kind == FrameCount.GOOD:
            account.frames += count.frames
        else:
            account.failed += count.frames
        account.received += count.readings
    for row in LedgerCount.objects.filter(hour__gte=since):
        account = found.setdefault((row.hour, row.source), Account(hour=row.hour, source=row.source))
        account.states[Ledger(row.state)] = row.count
    return sorted(found.values(), key=lambda account: (account.hour, account.source))


def _failures(since: datetime) -> list[tuple[str, str, int]]:
    rows = FrameCount.objects.filter(hour__gte=since).exclude(kind=FrameCount.GOOD)
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for source, kind, frames in rows.values_list("source", "kind").annotate(Sum("frames")).order_by():
        sums[source, kind] += frames
    return sorted(((*key, frames) for key, frames in sums.items()), key=lambda row: -row[2])
