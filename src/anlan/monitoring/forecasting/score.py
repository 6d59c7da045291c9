"""How forecasts turned out: hit, false alarm or miss. From stored readings alone, so the same ones score the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import OuterRef, Subquery, Sum
from django.utils import timezone

from anlan.monitoring import store
from anlan.monitoring.forecasting.alarms import forecast_clear
from anlan.monitoring.models import Alarm, AlarmStep, Forecast, ForecastCover, SeriesForecast
from anlan.monitoring.moments import moment

DAY = 86_400_000
OPEN = (Forecast.State.STANDING, Forecast.State.WITHDRAWN)


def first_beyond(readings: Iterable[tuple[int, float]], limit: float, sign: int) -> int | None:
    """When a value first lay beyond the limit, ms."""
    return next((time for time, value in readings if sign * value > sign * limit), None)


def outcome(crossed: int | None, *, until: int, now: int) -> Forecast.State | None:
    """HIT where it was crossed by its end, FALSE where that has passed, None while it is open."""
    if crossed is not None and crossed <= until:
        return Forecast.State.HIT
    return Forecast.State.FALSE if now > until else None


def forecasts_settle(*, now: int) -> dict[str, int]:
    """Settles what can be settled at `now` (ms) and notes what came without a forecast; how many of each."""
    counts = {"hit": 0, "false": 0, "miss": 0}
    for pk in Forecast.objects.filter(state__in=OPEN).order_by("id").values_list("id", flat=True):
        if (state := _settle(pk, now)) is not None:
            counts[str(state)] += 1
    counts["miss"] = _misses(now)
    return counts


@transaction.atomic
def _settle(pk: int, now: int) -> Forecast.State | None:
    row = Forecast.objects.select_for_update().filter(pk=pk, state__in=OPEN).first()
    if row is None:
        return None
    rows = store.readings(row.series_id, start=row.made_at + 1, end=min(row.until, now) + 1)
    crossed = first_beyond(((time, value) for time, value, _ in rows), row.limit, row.sign)
    state = outcome(crossed, until=row.until, now=now)
    if state is not None:
        row.state, row.crossed_at, row.settled_at = state, crossed, timezone.now()
        row.save(update_fields=["state", "crossed_at", "settled_at"])
        forecast_clear(series_id=row.series_id, now=now)
    return state


def _misses(now: int) -> int:
    """Levels that series with forecasts reached in the last day while no forecast covered the moment."""
    from anlan.monitoring.forecasting.asking import asked

    rules = {one.series.pk: one.rule for one in asked()}
    steps = AlarmStep.objects.filter(
        alarm__series_id__in=rules,
        alarm__kind=Alarm.Kind.LEVEL,
        step="raise",
        at__range=(moment(now - DAY), moment(now)),
    )
    found = 0
    for step in steps.select_related("alarm").order_by("id"):
        at, series = round(step.at.timestamp() * 1000), step.alarm.series_id
        known = Forecast.objects.filter(series_id=series, made_at__lte=at, until__gte=at)
        if not known.exists():
            _row, fresh = Forecast.objects.get_or_create(
                series_id=series,
                crossed_at=at,
                state=Forecast.State.MISS,
                defaults=_miss(step, at) | {"rule": rules[series]},
            )
            found += fresh
    return found


def _miss(step: AlarmStep, at: int) -> dict[str, object]:
    return {
        "level": step.level,
        "limit": step.value or 0.0,
        "made_at": at,
        "revised_at": at,
        "until": at,
        "settled_at": timezone.now(),
    }


@dataclass
class Score:
    """How a rule's or a series' forecasts did. `leads` are in ms; `held` sums shares over `checked` intervals."""

    hits: int = 0
    falses: int = 0
    misses: int = 0
    held: float = 0.0
    checked: int = 0
    leads: list[int] = field(default_factory=list)

    def add(self, row: Forecast) -> None:
        self.hits += row.state == Forecast.State.HIT
        self.falses += row.state == Forecast.State.FALSE
        self.misses += row.state == Forecast.State.MISS
        if row.lead is not None:
            self.leads.append(row.lead)

    def cover(self, one: "Cover") -> None:
        self.held += one.held
        self.checked += one.checked

    @property
    def covered(self) -> int | None:
        """Of what came, how many per cent lay in the 80 % interval."""
        return round(100 * self.held / self.checked) if self.checked else None

    @property
    def weight(self) -> tuple[int, int]:
        """Those with the most forecasts first, then with the most intervals."""
        return -(self.hits + self.falses + self.misses), -self.checked

    @property
    def right(self) -> int | None:
        """Of what was told, how many per cent came."""
        return _percent(self.hits, self.hits + self.falses)

    @property
    def caught(self) -> int | None:
        """Of what came, how many per cent were told."""
        return _percent(self.hits, self.hits + self.misses)

    @property
    def lead(self) -> float | None:
        """Median minutes from the forecast to the crossing."""
        return round(median(self.leads) / 60_000, 1) if self.leads else None


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None


class Cover(NamedTuple):
    """What the intervals of one series held since a day, with the rule that forecasts it now and its device's kind."""

    series_id: int
    rule_id: int | None
    kind: str
    held: float
    checked: int


def covers(user: Any, since: date) -> list[Cover]:
    rule = SeriesForecast.objects.filter(series=OuterRef("series")).values("rule")[:1]
    rows = ForecastCover.objects.visible_to(user).filter(day__gte=since).order_by()
    found = rows.values("series", "series__device__kind", rule=Subquery(rule)).annotate(h=Sum("held"), n=Sum("checked"))
    return [Cover(row["series"], row["rule"], row["series__device__kind"], row["h"], row["n"]) for row in found]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Of all, and by rule id, by kind of device, by series id."""

    total: Score = field(default_factory=Score)
    rules: dict[int, Score] = field(default_factory=dict)
    kinds: dict[str, Score] = field(default_factory=dict)
    series: dict[int, Score] = field(default_factory=dict)

    def of(self, rule: int | None, kind: str, series: int) -> list[Score]:
        found = [self.total, self.kinds.setdefault(kind, Score()), self.series.setdefault(series, Score())]
        return [*found, self.rules.setdefault(rule, Score())] if rule else found


def scores(rows: Sequence[Forecast], held: Sequence[Cover] = ()) -> Scores:
    """Of settled forecasts with their series and device, and of what intervals held."""
    found = Scores()
    for row in rows:
        for score in found.of(row.rule_id, row.series.device.kind, row.series_id):
            score.add(row)
    for one in held:
        for score in found.of(one.rule_id, one.kind, one.series_id):
            score.cover(one)
    return found
