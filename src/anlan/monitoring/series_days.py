"""Sums up each series' days from what is stored: one scan an hour, so that nobody has to look through readings again."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
from django.db.models import Max

from anlan.monitoring import store
from anlan.monitoring.forecasting.days import BEIJING, DAY, EPOCH, day_of
from anlan.monitoring.life.flow import Stage
from anlan.monitoring.models import Series, SeriesDay
from anlan.monitoring.moments import HOUR, moment
from anlan.rules import Ledger

KEPT = 15
"""Days kept; drift looks back over all of them."""
AFTER = 2 * HOUR
"""A day is summed up again so long after its end, for what comes late."""
BAD = (Ledger.OUT_OF_RANGE, Ledger.NOT_A_NUMBER)
TOGETHER = 2000


def days_sum(*, now: int) -> int:
    """Sums up from the day of the last sum on, and yesterday while today is young; how many rows were written.

    `now` in ms. Safe to repeat; the first sum reads all days that are kept.
    """
    first = _first(now)
    start = first * DAY - BEIJING
    heard = Series.objects.filter(device__last_seen_at__gte=moment(start)).exclude(device__life=Stage.RETIRED)
    rows: list[SeriesDay] = []
    written = 0
    for series_id, found in store.scan(
        heard.order_by().values_list("id", flat=True), start=start, end=now + 1, valid_only=False
    ):
        rows.extend(_days(series_id, found))
        if len(rows) >= TOGETHER:
            written, rows = written + _save(rows), []
    written += _save(rows)
    SeriesDay.objects.filter(day__lt=date_of(day_of(now) - KEPT)).delete()
    return written


def _first(now: int) -> int:
    oldest, last = day_of(now) - KEPT, SeriesDay.objects.aggregate(day=Max("day"))["day"]
    return max(oldest, min(day_of(now - AFTER), (last - EPOCH).days if last else oldest))


def date_of(day: int) -> date:
    return EPOCH + timedelta(days=day)


def _days(series_id: int, found: store.Arrays) -> Iterator[SeriesDay]:
    day = (found.time + BEIJING) // DAY
    good = np.isin(found.state, [int(state) for state in store.VALID]) & np.isfinite(found.value)
    bad = np.isin(found.state, [int(state) for state in BAD])
    for one in np.unique(day).tolist():
        time, value = found.time[good & (day == one)], found.value[good & (day == one)]
        changes = np.flatnonzero(np.diff(value)) + 1
        some = len(value) > 0
        yield SeriesDay(
            series_id=series_id,
            day=date_of(one),
            number=len(value),
            bad=int(np.count_nonzero(bad & (day == one))),
            low=float(value.min()) if some else None,
            high=float(value.max()) if some else None,
            median=float(np.median(value)) if some else None,
            last=float(value[-1]) if some else None,
            first=int(time[0]) if some else None,
            changed=int(time[changes[-1]]) if len(changes) else None,
        )


def _save(rows: list[SeriesDay]) -> int:
    SeriesDay.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["series", "day"],
        update_fields=["number", "bad", "low", "high", "median", "last", "first", "changed"],
        batch_size=TOGETHER,
    )
    return len(rows)
