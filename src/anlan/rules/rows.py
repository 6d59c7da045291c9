"""One rule as a row of arrays, and what follows from it for a series at rest."""

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.rules.checks import limits
from anlan.rules.declaration import Rule
from anlan.rules.schedule import FIRST_DAY, MOST_DAYS, MOST_SPANS, WORKDAY, Schedule, places_of
from anlan.rules.states import Ledger, Level

RULE_ROW = np.dtype(
    [
        ("low", "<f8"),
        ("high", "<f8"),
        ("raise_low", "<f8", (4,)),
        ("raise_high", "<f8", (4,)),
        ("clear_low", "<f8", (4,)),
        ("clear_high", "<f8", (4,)),
        ("rate_limit", "<f8"),
        ("rate_per", "<f8"),
        ("flat_tolerance", "<f8"),
        ("window_raise", "<f8", (4, 4)),
        ("window_clear", "<f8", (4, 4)),
        ("window_length", "<i8", (4,)),
        ("window_slot", "<i8"),
        ("history_mask", "<i8"),
        ("duration", "<i8"),
        ("clear_duration", "<i8"),
        ("flat_after", "<i8"),
        ("no_data_after", "<i8"),
        ("samples", "<i4"),
        ("clear_samples", "<i4"),
        ("season", "<u2", (2,)),
        ("span_start", "<u2", (MOST_SPANS,)),
        ("span_length", "<u2", (MOST_SPANS,)),
        ("span_days", "u1", (MOST_SPANS,)),
        ("spans", "u1"),
        ("windows", "u1"),
        ("given", "u1"),
        ("inside", "u1"),
        ("counter", "u1"),
        ("scheduled", "u1"),
        ("sided", "u1"),
        ("rate_level", "u1"),
        ("flat_level", "u1"),
        ("no_data_level", "u1"),
        ("seasons", "u1"),
        ("calendar_days", "u1"),
        ("span_season", "<u2", (MOST_SPANS, 2)),
        ("span_kinds", "u1", (MOST_SPANS,)),
        ("calendar", "<u2", (MOST_DAYS,)),
    ],
    align=True,
)
"""`given` has bit k for level k + 1; a level that is not given is never beyond and always past. `sided` says that
the rule needs a SIDE_ROW, bit k of `seasons` that span k has a season of its own; bits of `span_kinds` are workday,
weekend, holiday, and `calendar` holds 2 x (day - FIRST_DAY), and 1 more for a holiday. New fields come last: shorter rows of
an earlier release are read as if zeros followed (`rules_from_bytes`)."""

CALM_ROW = np.dtype([("low", "<f8"), ("high", "<f8"), ("step", "<f8"), ("gap", "<u8"), ("ledger", "<i8")])
"""A series at rest stays so, and its reading gets the ledger state, where low <= value <= high, |step| <= step and
the time is later by at most gap ms."""
CALM_ROWS, CALM_WORDS = len(Level), len(CALM_ROW.fields or ())
FOREVER = 2**62
LARGEST = np.finfo(np.float64).max


def row_of(rule: Rule) -> np.void:
    """The rule as one RULE_ROW."""
    row = np.zeros(1, RULE_ROW)[0]
    for name in ("low", "high", "rate_limit", "rate_per", "rate_level", "flat_tolerance", "flat_after", "flat_level"):
        row[name] = getattr(rule, name)
    for name in ("samples", "duration", "clear_samples", "clear_duration", "no_data_after", "no_data_level", "counter"):
        row[name] = getattr(rule, name)
    row["history_mask"] = 2**rule.within - 1
    _write_levels(row, rule)
    _write_windows(row, rule)
    _write_schedule(row, rule)
    row["sided"] = bool(rule.within or rule.duration or rule.clear_duration or rule.windows or rule.flat_after)
    return row


def _write_levels(row: Any, rule: Rule) -> None:
    row["inside"] = rule.direction == "inside"
    never, always = ((inf, -inf), (inf, -inf)) if row["inside"] else ((-inf, inf), (-inf, inf))
    row["raise_low"], row["raise_high"] = never
    row["clear_low"], row["clear_high"] = always
    for level, limit in rule.thresholds():
        k = level - 1
        bounds = limits(limit, rule.direction)
        row["raise_low"][k], row["raise_high"][k], row["clear_low"][k], row["clear_high"][k] = bounds
        row["given"] |= 1 << k


def _write_windows(row: Any, rule: Rule) -> None:
    row["windows"] = len(rule.windows)
    row["window_raise"] = row["window_clear"] = inf
    for w, window in enumerate(rule.windows):
        row["window_length"][w] = window.length
        row["window_slot"] = max(1, window.length // 1440)
        for level, threshold in window.thresholds():
            row["window_raise"][w, level - 1] = threshold.raise_at
            row["window_clear"][w, level - 1] = threshold.clear_at


def _write_schedule(row: Any, rule: Rule) -> None:
    if rule.schedule is None:
        return
    row["scheduled"], row["spans"] = 1, len(rule.schedule.spans)
    row["season"] = places_of(rule.schedule.season)
    _write_calendar(row, rule.schedule)
    for k, span in enumerate(rule.schedule.spans):
        row["span_start"][k], row["span_length"][k] = span.start, span.length
        row["span_days"][k] = sum(1 << (day - 1) for day in set(span.days) if day < WORKDAY)
        row["span_kinds"][k] = sum(1 << (day - WORKDAY) for day in set(span.days) if day >= WORKDAY)
        if span.season is not None:
            row["span_season"][k], row["seasons"] = places_of(span.season), row["seasons"] | 1 << k


def _write_calendar(row: Any, schedule: Schedule) -> None:
    """Only where a span asks for kinds of day, so that other rules do not change with the calendar."""
    days = schedule.calendar if schedule.by_kind else ()
    row["calendar_days"] = len(days)
    row["calendar"][: len(days)] = [2 * (day - FIRST_DAY) + is_holiday for day, is_holiday in days]


def rules_from_bytes(data: bytes, n: int) -> NDArray[np.void]:
    """The RULE_ROW of n series from their bytes, also from those of an earlier release. ValueError for others."""
    whole = np.frombuffer(data, np.uint8).reshape(n, len(data) // max(1, n))
    return np.pad(whole, ((0, 0), (0, RULE_ROW.itemsize - whole.shape[1]))).view(RULE_ROW)[:, 0]


def calm_of(row: np.void) -> NDArray[np.void]:
    """For each level at which a series may rest: the values that change nothing. Low above high where any may."""
    calm = np.zeros(CALM_ROWS, CALM_ROW)
    calm["low"], calm["high"], calm["step"] = inf, -inf, row["rate_limit"]
    calm["gap"] = row["no_data_after"] if row["no_data_after"] else FOREVER
    calm["ledger"] = [Ledger.NORMAL] + [Ledger.ALARM] * (CALM_ROWS - 1)
    if row["windows"] or row["flat_after"] or row["scheduled"] or row["inside"] or row["rate_per"]:
        return calm
    given = [k for k in range(4) if row["given"] >> k & 1]
    for level in [0, *(k + 1 for k in given)]:
        above = [k for k in given if k >= level]
        low, high = _rest(row, level, above[0] if above else None)
        calm["low"][level], calm["high"][level] = max(low, row["low"], -LARGEST), min(high, row["high"], LARGEST)
    return calm


def _rest(row: np.void, level: int, next_up: int | None) -> tuple[float, float]:
    """Neither beyond the next level nor past the clearing value of this one."""
    low, high = (-inf, inf) if next_up is None else (row["raise_low"][next_up], row["raise_high"][next_up])
    if level == 0:
        return low, high
    clear_low, clear_high = row["clear_low"][level - 1], row["clear_high"][level - 1]
    if clear_low > -inf and clear_high < inf:
        return inf, -inf
    return (max(low, clear_high), high) if clear_high < inf else (low, min(high, clear_low))
