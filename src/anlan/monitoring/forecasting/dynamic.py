"""What is usual for a series at an hour, from its own last weeks, as a bound that only adds sensitivity.

Of the readings of this hour and the hours beside it, on the same kind of day, the 0.5 % and 99.5 % quantiles, widened
by half the distance between the quartiles; the bound clears a quarter of the way back to the median. Quantiles are
robust: one storm in four weeks moves them little. Four weeks hold few holidays: a holiday goes by its own history where
that says enough, by the weekends' where not.
"""

from collections import Counter
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from numpy.typing import NDArray

from anlan.monitoring import store
from anlan.monitoring.forecasting.days import BEIJING, DAY, KINDS, Calendar, calendar, day_kind, kinds_of
from anlan.monitoring.models import CalendarDay, DynamicBound, Series, ThresholdRule
from anlan.monitoring.moments import HOUR, moment
from anlan.monitoring.rulebook import rulebook

WEEKS = 28 * DAY
LEAST, LEAST_DAYS = 60, 5
RENEWED = timedelta(hours=23)
Cell = list[float] | None
Profile = dict[str, list[Cell]]


def profile_of(time: NDArray[np.int64], value: NDArray[np.float64], days: Calendar) -> Profile:
    """[low, high, median, readings] for each hour of each kind of day; None where there is too little to say."""
    day, hour = (time + BEIJING) // DAY, ((time + BEIJING) % DAY) // HOUR
    kind = kinds_of(day, days)
    return {
        name: [_cell(day, value, (kind == place) & _around(hour, at)) for at in range(24)]
        for place, name in enumerate(KINDS)
    }


def _around(hour: NDArray[np.int64], at: int) -> NDArray[np.bool_]:
    return np.isin(hour, [(at - 1) % 24, at, (at + 1) % 24])


def _cell(day: NDArray[np.int64], value: NDArray[np.float64], chosen: NDArray[np.bool_]) -> Cell:
    values = value[chosen]
    if len(values) < LEAST or len(np.unique(day[chosen])) < min(LEAST_DAYS, len(np.unique(day)) // 3 + 1):
        return None
    low, first, middle, third, high = np.quantile(values, [0.005, 0.25, 0.5, 0.75, 0.995]).tolist()
    margin = (third - first) / 2
    return [low - margin, high + margin, middle, len(values)]


def cell_at(profile: Profile, kind: str, hour: int) -> Cell:
    """What is usual then; a holiday without a history of its own is as a weekend."""
    cells = profile.get(kind) or [None] * 24
    return cells[hour] if cells[hour] or kind != "holiday" else cell_at(profile, "weekend", hour)


def bound_at(profile: Profile, time: int, direction: str, days: Calendar) -> tuple[float, float] | None:
    """Raised and cleared at, for this moment; None where the history says nothing or the rule has no one side."""
    cell = cell_at(profile, day_kind(time, days), ((time + BEIJING) % DAY) // HOUR)
    if cell is None or direction not in ("above", "below"):
        return None
    raised = cell[1] if direction == "above" else cell[0]
    return raised, raised - (raised - cell[2]) / 4


def bounds_renew(*, now: int) -> dict[str, int]:
    """Computes what is a day old and puts every bound to this hour's; how many ended how. `now` in ms."""
    rules = {rule.pk: rule for rule in ThresholdRule.objects.filter(active=True, dynamic=True)}
    counts, seen = Counter[str](), set()
    days, changed = calendar(), CalendarDay.objects.aggregate(at=Max("changed_at"))["at"]
    stale = max(moment(now) - RENEWED, changed or moment(0))
    if rules:
        book = rulebook()
        for one in Series.objects.select_related("device", "bound").order_by("id").iterator(chunk_size=1000):
            row = book.static_row(one.device_id, one.device.kind, one.key)
            if (rule := rules.get(book.ids[row])) is not None:
                seen.add(one.pk)
                counts[_renew(one, rule, now, days, stale)] += 1
    gone = DynamicBound.objects.exclude(series_id__in=seen)
    counts["removed"] = gone.count()
    if counts["removed"]:
        gone.delete()
    return dict(counts)


@transaction.atomic
def _renew(series: Series, rule: ThresholdRule, now: int, days: Calendar, stale: datetime) -> str:
    bound = DynamicBound.objects.filter(series=series).first() or DynamicBound(series=series)
    if bound.pk is None or bound.computed_at < stale or set(bound.profile) != set(KINDS):
        time, value, _state = store.arrays(series.pk, start=now - WEEKS, end=now)
        bound.profile, bound.readings, bound.computed_at = profile_of(time, value, days), len(time), moment(now)
    found = bound_at(bound.profile, now, rule.direction, days)
    raised, cleared = found or (None, None)
    hour = timezone.localtime(moment(now)).hour
    same = (bound.raise_at, bound.clear_at, bound.hour, bound.rule_id) == (raised, cleared, hour, rule.pk)
    bound.raise_at, bound.clear_at, bound.hour, bound.rule = raised, cleared, hour, rule
    if not same or bound.pk is None or bound.computed_at == moment(now):
        bound.save()
    return "bounded" if found else "too_little"
