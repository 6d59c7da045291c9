"""Which series are forecast, by which rule, and which level comes next."""

from collections.abc import Iterator
from typing import NamedTuple

from anlan.monitoring.models import Series, ThresholdRule
from anlan.monitoring.rulebook import rulebook


class Asked(NamedTuple):
    series: Series
    rule: ThresholdRule


class Target(NamedTuple):
    """The next level that a series has not reached."""

    level: int
    limit: float
    sign: int


def asked() -> Iterator[Asked]:
    """Series whose rule forecasts, in order of id."""
    rules = {
        rule.pk: rule
        for rule in ThresholdRule.objects.filter(active=True, forecast_minutes__gt=0).select_related("device")
    }
    if not rules:
        return
    book = rulebook()
    kinds = {rule.device_kind or rule.device.kind for rule in rules.values()}  # type: ignore[union-attr]
    rows = Series.objects.filter(device__kind__in=kinds).select_related("device").order_by("id")
    for one in rows.iterator(chunk_size=1000):
        rule = rules.get(book.ids[book.row(one.device_id, one.device.kind, one.key)])
        if rule is not None:
            yield Asked(one, rule)


def target_of(rule: ThresholdRule, value: float) -> Target | None:
    """The lowest level whose raising value is not passed; None where all are, or the rule has no one side."""
    if rule.direction not in ("above", "below"):
        return None
    sign = 1 if rule.direction == "above" else -1
    for level, name in enumerate(("blue", "yellow", "orange", "red"), 1):
        limit = getattr(rule, f"{name}_raise")
        if limit is not None and sign * value <= sign * limit:
            return Target(level, limit, sign)
    return None
