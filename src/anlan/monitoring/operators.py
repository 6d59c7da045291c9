"""How heavy the alarms lie on those on duty: rates against EEMUA 191's reference, floods, bad actors, stale ones.

An alarm counts at the moment at which people were told of it; what was hidden counts as suppressed only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Avg, Count, F, Min, Q, QuerySet
from django.utils import timezone

from anlan.kit.law import law_rule
from anlan.monitoring.models import Alarm, AlarmStep, DutyRole, DutyShift, Series
from anlan.monitoring.wording import series_title

SLOT = timedelta(minutes=10)
TOP = 10
STALE_SHOWN = 50
PERIODS = {"shift": timedelta(hours=8), "day": timedelta(days=1), "week": timedelta(days=7)}


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The law row of the load: acceptable and flood rates per person and slot, hours until stale, what is brief.

    A fleeting alarm is gone within so many seconds; of a chattering series so many alarms come up within so many.
    """

    acceptable: float
    flood: float
    stale_hours: float
    fleeting_seconds: float = 60
    chatter_times: int = 3
    chatter_seconds: float = 60
    source: str = ""
    verified: str = ""

    @classmethod
    def now(cls) -> "Reference":
        row = law_rule("operator_alarm_load")
        numbers = {name: float(row.value[name]) for name in NUMBERS if name in row.value}
        times = max(2, int(row.value.get("chatter_times", 3)))
        return cls(**numbers, chatter_times=times, source=row.source, verified=row.get_verified_display())


NUMBERS = ("acceptable", "flood", "stale_hours", "fleeting_seconds", "chatter_seconds")


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Ten minutes: alarms told, people on duty (at least one is reckoned with)."""

    start: datetime
    alarms: int
    people: int

    @property
    def each(self) -> float:
        return self.alarms / max(1, self.people)


@dataclass(frozen=True, kw_only=True)
class Flood:
    start: datetime
    end: datetime
    alarms: int
    peak: int


@dataclass(frozen=True, kw_only=True)
class BadActor:
    """A series by how often it alarms: how many were fleeting, how many chattered, how many stand; its share of all (%)."""

    device_id: int
    device: str
    series: str
    alarms: int
    fleeting: int
    chatter: int
    open: int
    share: float


@dataclass(frozen=True, kw_only=True)
class Waits:
    """Seconds until somebody acknowledged; None where nobody did."""

    half: float | None
    most: float | None
    nearly_all: float | None
    acknowledged: int
    never: int


def period_of(name: str, now: datetime) -> tuple[datetime, datetime]:
    """From–to of whole slots up to now. A shift begins with that of the duty officers on duty, where the roster says so."""
    start = now - PERIODS[name]
    if name == "shift":
        shift = DutyShift.objects.filter(role=DutyRole.DUTY_OFFICER, starts_at__lte=now, ends_at__gt=now)
        start = shift.aggregate(at=Min("starts_at"))["at"] or start
        start = max(start, now - timedelta(days=1))
    return datetime.fromtimestamp(start.timestamp() // 600 * 600, tz=now.tzinfo), now


def told_in(user: Any, start: datetime, end: datetime) -> QuerySet[Alarm]:
    return Alarm.objects.visible_to(user).filter(announced_at__gte=start, announced_at__lt=end)


def slots_of(user: Any, start: datetime, end: datetime) -> list[Slot]:
    """Every ten minutes of the period, those without alarms among them."""
    rows = told_in(user, start, end).order_by().values_list("announced_at", flat=True)
    sql, values = rows.query.sql_with_params()
    counted: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"select floor(extract(epoch from told.announced_at) / 600)::bigint, count(*) from ({sql}) told group by 1",
            values,
        )
        counted = dict(cursor.fetchall())
    shifts = _shifts(user, start, end)
    first, last = int(start.timestamp() // 600), int((end.timestamp() - 1) // 600)
    return [_slot(number, counted.get(number, 0), shifts) for number in range(first, last + 1)]


def _shifts(user: Any, start: datetime, end: datetime) -> list[tuple[datetime, datetime, int]]:
    rows = DutyShift.objects.visible_to(user).filter(role=DutyRole.DUTY_OFFICER, starts_at__lt=end, ends_at__gt=start)
    return list(rows.values_list("starts_at", "ends_at", "person_id"))


def _slot(number: int, alarms: int, shifts: Sequence[tuple[datetime, datetime, int]]) -> Slot:
    at = timezone.localtime(datetime.fromtimestamp(number * 600, tz=timezone.get_current_timezone()))
    people = {person for begin, finish, person in shifts if begin < at + SLOT and finish > at}
    return Slot(start=at, alarms=alarms, people=len(people))


def floods_of(slots: Sequence[Slot], limit: float) -> list[Flood]:
    """Stretches of slots with more than `limit` alarms a person, the newest first."""
    runs: list[list[Slot]] = []
    for before, slot in zip([None, *slots], slots, strict=False):
        if slot.each > limit:
            if before is None or before.each <= limit:
                runs.append([])
            runs[-1].append(slot)
    return [
        Flood(
            start=run[0].start,
            end=run[-1].start + SLOT,
            alarms=sum(slot.alarms for slot in run),
            peak=max(slot.alarms for slot in run),
        )
        for run in reversed(runs)
    ]


_ACTORS = """
select series_id, count(*), count(*) filter (where cleared_at - raised_at < %s), count(*) filter (where chatters),
    count(*) filter (where cleared_at is null), 100.0 * count(*) / sum(count(*)) over ()
from (
    select *, bool_or(begins) over (
        partition by series_id order by raised_at, id rows between {before} preceding and current row) chatters
    from (
        select *, lead(raised_at, {before}) over (partition by series_id order by raised_at, id) - raised_at <= %s begins
        from ({told}) told) begun) told
group by 1 order by 2 desc, 1 limit %s
"""


def bad_actors(
    user: Any, start: datetime, end: datetime, *, reference: Reference | None = None, top: int = TOP
) -> list[BadActor]:
    """The series that alarm most often."""
    limits = reference or Reference.now()
    told = told_in(user, start, end).order_by().values_list("id", "series_id", "raised_at", "cleared_at")
    sql, told_values = told.query.sql_with_params()
    fleeting, chatter = timedelta(seconds=limits.fleeting_seconds), timedelta(seconds=limits.chatter_seconds)
    values: list[Any] = [fleeting, chatter, *told_values, top]
    with connection.cursor() as cursor:
        cursor.execute(_ACTORS.format(told=sql, before=limits.chatter_times - 1), values)
        found = cursor.fetchall()
    known = Series.objects.select_related("device").in_bulk([row[0] for row in found])
    return [_actor(known[row[0]], *row[1:]) for row in found]


def _actor(series: Series, alarms: int, fleeting: int, chatter: int, still_open: int, share: Any) -> BadActor:
    return BadActor(
        device_id=series.device_id,
        device=series.device.name,
        series=series_title(series, series.device.protocol),
        alarms=alarms,
        fleeting=fleeting,
        chatter=chatter,
        open=still_open,
        share=float(share),
    )


def stale_of(user: Any, now: datetime, hours: float) -> QuerySet[Alarm]:
    """Alarms of the main list that have stood for longer than so many hours, the oldest first."""
    rows = Alarm.objects.visible_to(user).standing().select_related("device", "series", "area")
    return rows.filter(raised_at__lt=now - timedelta(hours=hours)).order_by("raised_at")


_WAITS = """
select percentile_cont(array[0.5, 0.9, 0.95]) within group (order by extract(epoch from seen.at - told.announced_at)),
       count(seen.at), count(*) filter (where seen.at is null)
from ({told}) told left join lateral (
    select min(at) at from monitoring_alarmstep s where s.alarm_id = told.id and s.step = 'acknowledge') seen on true
"""


def waits_of(user: Any, start: datetime, end: datetime) -> Waits:
    rows = told_in(user, start, end).order_by().values_list("id", "announced_at")
    sql, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_WAITS.format(told=sql), values)
        shares, acknowledged, never = cursor.fetchone() or (None, 0, 0)
    half, most, nearly_all = shares or (None, None, None)
    return Waits(half=half, most=most, nearly_all=nearly_all, acknowledged=acknowledged, never=never)


def people_of(user: Any, start: datetime, end: datetime) -> Sequence[Mapping[str, Any]]:
    """Who acknowledged how many, and after how long on average."""
    steps = AlarmStep.objects.filter(
        step="acknowledge", at__gte=start, at__lt=end, by__isnull=False, alarm__in=Alarm.objects.visible_to(user)
    )
    return list(
        steps.order_by()
        .values("by__display_name", "by__username")
        .annotate(number=Count("pk"), wait=Avg(F("at") - F("alarm__announced_at")))
        .order_by("-number")
    )


def shares_of(user: Any, start: datetime, end: datetime) -> dict[str, float]:
    """How many alarms of the period there were, and which part of them was hidden or shelved (%)."""
    rows = Alarm.objects.visible_to(user).filter(arrived_at__gte=start, arrived_at__lt=end)
    shelved = AlarmStep.objects.filter(step="shelve", alarm__in=rows).values("alarm").distinct().count()
    counted = rows.aggregate(all=Count("pk"), hidden=Count("pk", filter=Q(hidden_at__isnull=False)))
    whole = max(1, counted["all"])
    return {
        "all": counted["all"],
        "hidden": counted["hidden"],
        "shelved": shelved,
        "hidden_share": 100 * counted["hidden"] / whole,
        "shelved_share": 100 * shelved / whole,
    }
