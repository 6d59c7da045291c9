"""From a rule's row to the kernel's form."""

import math
from datetime import time
from typing import TYPE_CHECKING, Any

from anlan.rules import Band, Rule, RuleError, Schedule, Span, Threshold, Window
from anlan.rules.schedule import HOLIDAY
from anlan.rules.states import Level

if TYPE_CHECKING:
    from anlan.monitoring.models.rule import ThresholdRule

NAMES = ("blue", "yellow", "orange", "red")
BANDS = ("inside", "outside")
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
HOURS = (1, 3, 6, 24)
DAYS = dict(zip("1234567weh", range(1, HOLIDAY + 1), strict=True))
"""Letters of a span's days: Monday to Sunday, workday, weekend (no holiday), holiday."""


def kernel_rule(row: "ThresholdRule") -> Rule:
    """Raises `RuleError` where it contradicts itself or its parts are not what they should be."""
    return Rule(
        low=-math.inf if row.low is None else row.low,
        high=math.inf if row.high is None else row.high,
        direction=row.direction,  # type: ignore[arg-type]
        samples=row.samples,
        within=row.within,
        duration=row.duration_seconds * SECOND,
        clear_samples=row.clear_samples,
        clear_duration=row.clear_seconds * SECOND,
        rate_limit=math.inf if row.rate_limit is None else row.rate_limit,
        rate_per=row.rate_seconds * SECOND,
        rate_level=Level(row.rate_level),
        windows=windows_of(row.windows),
        counter=row.counter,
        flat_after=row.flat_minutes * MINUTE,
        flat_tolerance=row.flat_tolerance,
        flat_level=Level(row.flat_level),
        no_data_after=row.no_data_minutes * MINUTE,
        no_data_level=Level(row.no_data_level),
        schedule=schedule_of(row),
        **{name: _limit(row, name) for name in NAMES},
    )


def _limit(row: "ThresholdRule", name: str) -> Threshold | Band | None:
    raised, cleared = getattr(row, f"{name}_raise"), getattr(row, f"{name}_clear")
    if raised is None or cleared is None:
        return None
    if row.direction not in BANDS:
        return Threshold(raise_at=raised, clear_at=cleared)
    raise_low, clear_low = getattr(row, f"{name}_raise_low"), getattr(row, f"{name}_clear_low")
    if raise_low is None or clear_low is None:
        raise RuleError("band", f"{name} needs both ends", Level[name.upper()])
    return Band(raise_low=raise_low, raise_high=raised, clear_low=clear_low, clear_high=cleared)


def windows_of(rows: Any) -> tuple[Window, ...]:
    """From [{"hours": 3, "orange": [raised at, cleared at]}, …]."""
    try:
        return tuple(
            Window(
                length=int(row["hours"] * HOUR),
                **{name: Threshold(raise_at=row[name][0], clear_at=row[name][1]) for name in NAMES if row.get(name)},
            )
            for row in rows
        )
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise RuleError("windows", f"windows are not as they should be: {error!r}") from error


def schedule_of(row: "ThresholdRule") -> Schedule | None:
    """None where the rule holds at any time."""
    season = (_day(row.season_from), _day(row.season_to)) if row.season_from and row.season_to else None
    spans = spans_of(row.spans)
    return Schedule(spans=spans, season=season) if spans or season else None


def spans_of(rows: Any) -> tuple[Span, ...]:
    """From [{"days": "12345", "from": "08:00", "to": "12:00", "season": ["06-01", "08-31"]}, …], days by their letter in
    DAYS; all of it may be left out: every day, from or to midnight, the whole year.
    """
    try:
        return tuple(_span(row) for row in rows)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError("spans", f"spans are not as they should be: {error!r}") from error


def _span(row: dict[str, Any]) -> Span:
    first, last = row.get("season") or ("", "")
    return Span(
        days=tuple(DAYS[day] for day in row.get("days") or "1234567"),
        start=_minutes(row.get("from") or "00:00"),
        end=_minutes(row.get("to") or "24:00") or 1440,
        season=(_day(first), _day(last)) if first or last else None,
    )


def _minutes(clock: str) -> int:
    told = time.fromisoformat("00:00" if clock == "24:00" else clock)
    return told.hour * 60 + told.minute


def _day(text: str) -> tuple[int, int]:
    """From "06-15"."""
    month, _dash, day = text.partition("-")
    if not (month.isdigit() and day.isdigit()):
        raise RuleError("season", f"{text!r} is no day of the year")
    return int(month), int(day)
