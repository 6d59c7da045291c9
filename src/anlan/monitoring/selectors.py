"""What the pages read: alarms, devices and their series, always as far as the person sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.utils import timezone

from anlan.accounts.models import Area
from anlan.monitoring import store
from anlan.monitoring.chart import BUCKETS, Chart, chart_of
from anlan.monitoring.models import Alarm, Device, DeviceFrame, Level, Series
from anlan.monitoring.models.alarm import HIDDEN, AlarmRows
from anlan.monitoring.moments import now_ms
from anlan.monitoring.reasons import RuleInForce, rules_in_force
from anlan.monitoring.wording import series_title

BEFORE, AFTER, LONGEST = timedelta(hours=2), timedelta(minutes=30), timedelta(hours=48)
STANDING = {Device.Status.SILENT: 0, Device.Status.ONLINE: 1, Device.Status.NEVER: 2}


@dataclass(frozen=True, kw_only=True)
class SeriesView:
    """A series as its panel shows it; `chart` is None where the period holds no measurement, `lost` files of it cannot be
    read.
    """

    series: Series
    title: str
    rule: RuleInForce | None
    chart: Chart | None
    lost: int = 0


def areas_of(user: Any) -> QuerySet[Area]:
    """Areas to choose from: those in force, down to the community."""
    levels = [Area.Level.DISTRICT, Area.Level.STREET, Area.Level.COMMUNITY]
    return Area.objects.visible_to(user).filter(level__in=levels, valid_to=None)


def alarms_of(user: Any) -> AlarmRows:
    """Active ones first, of these the most serious, then the newest."""
    rows: AlarmRows = Alarm.objects.visible_to(user).select_related(
        "device", "series", "area", "acknowledged_by", "assigned_to", "shelved_by"
    )
    active = Case(When(cleared_at=None, then=Value(0)), default=Value(1))
    serious = Case(When(cleared_at=None, then=-F("level")), default=Value(0))
    return rows.order_by(active, serious, "-raised_at", "-pk")


def alarms_standing(user: Any) -> dict[str, int]:
    """Of those that are active: the main list by level, all of it, what waits for a person, the red ones that do; what
    lies on the shelf, what is hidden.
    """
    main, unseen = Q(shelved_until=None) & ~HIDDEN, Q(acknowledged_at=None)
    rows = list(
        Alarm.objects.visible_to(user).open().order_by().values_list("level").annotate(
            number=Count("pk", filter=main), unseen=Count("pk", filter=main & unseen),
            shelved=Count("pk", filter=~HIDDEN & Q(shelved_until__isnull=False)), hidden=Count("pk", filter=HIDDEN),
        )
    )  # fmt: skip
    _levels, *counts = zip(*rows, strict=True) if rows else [()] * 5
    return {
        **{str(row[0]): row[1] for row in rows},
        **dict(zip(("all", "unseen", "shelved", "hidden"), map(sum, counts), strict=True)),
        "red": sum(row[2] for row in rows if row[0] == Level.RED),
    }


def alarm_chart(alarm: Alarm, rule: RuleInForce | None) -> tuple[Chart | None, int]:
    """The series from two hours before the alarm until a little after its end, and how many files of it cannot be read."""
    now = timezone.now()
    start = alarm.raised_at - BEFORE
    end = min((alarm.cleared_at or now) + AFTER, max(now, alarm.raised_at + timedelta(minutes=1)), start + LONGEST)
    marks = [_ms(at) for at in (alarm.raised_at, alarm.cleared_at) if at]
    ids, lost = [alarm.series_id], list[str]()
    buckets = store.envelopes(ids, start=_ms(start), end=_ms(end), buckets=BUCKETS, lost=lost)[alarm.series_id]
    limits = rule.limits if rule else ()
    return chart_of(buckets, start=_ms(start), end=_ms(end), limits=limits, marks=marks), len(lost)


def devices_of(user: Any) -> QuerySet[Device]:
    """Silent ones first, then the most serious."""
    standing = Case(*(When(status=status, then=Value(place)) for status, place in STANDING.items()))
    rows = Device.objects.visible_to(user).select_related("area", "enterprise", "facility")
    return rows.order_by(standing, "-level", "name", "pk")


def devices_standing(user: Any) -> dict[str, int]:
    counted = Device.objects.visible_to(user).values("status").order_by().annotate(number=Count("pk"))
    found = {row["status"]: row["number"] for row in counted}
    return {"all": sum(found.values()), **{str(status): found.get(status, 0) for status in Device.Status}}


def device_series(user: Any, device: Device) -> QuerySet[Series]:
    return Series.objects.visible_to(user).filter(device=device).order_by("-level", "key")


def series_views(device: Device, series: Sequence[Series], *, hours: int) -> list[SeriesView]:
    """Series with their rules and charts of the last hours, in three queries however many there are."""
    end = now_ms()
    start = end - hours * 3_600_000
    rules = rules_in_force(device, series)
    ids, lost = [one.pk for one in series], list[str]()
    buckets = store.envelopes(ids, start=start, end=end, buckets=BUCKETS, lost=lost)
    views = []
    for one in series:
        rule = rules[one.pk]
        chart = chart_of(buckets[one.pk], start=start, end=end, limits=rule.limits if rule else ())
        title = series_title(one, device.protocol)
        views.append(SeriesView(series=one, title=title, rule=rule, chart=chart, lost=len(lost)))
    return views


def device_frames(user: Any, device: Device) -> QuerySet[DeviceFrame]:
    return DeviceFrame.objects.visible_to(user).filter(device=device)


def _ms(at: Any) -> int:
    return int(at.timestamp() * 1000)
