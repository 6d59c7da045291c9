"""The kernel once more as a plain loop over objects, written from the words of the rules and from none of its code."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from anlan.rules import Band, Kind, Ledger, Level, Rule, Schedule, Threshold, Window

Change = tuple[int, int, int, float, Kind, Level, Level]
Limit = Threshold | Band
BEIJING = timezone(timedelta(hours=8))


def lies_in(schedule: Schedule | None, time: int) -> bool:
    """Minute by minute of the span's days, on the calendar."""
    if schedule is None:
        return True
    now = datetime.fromtimestamp(0, BEIJING) + timedelta(milliseconds=time)
    minutes = [any(in_span(span, now, ago) for ago in (0, 1)) for span in schedule.spans]
    if schedule.season is None:
        return any(minutes) or not minutes
    return in_season(schedule.season, now) and (any(minutes) or not minutes)


def in_season(season: Any, day: datetime) -> bool:
    if season is None:
        return True
    first, last = season
    place = (day.month, day.day)
    return first <= place <= last if first <= last else place >= first or place <= last


def held(schedule: Schedule | None, first: int, end: int) -> bool:
    """Whether the schedule holds at any moment from `first` on, before `end`: looked for minute by minute."""
    return any(
        lies_in(schedule, time) for time in (first, *range((first // 60_000 + 1) * 60_000, end, 60_000)) if time < end
    )


def in_span(span: object, now: datetime, ago: int) -> bool:
    """Whether the span that began today or yesterday holds the moment."""
    start, end, days, season = (getattr(span, name) for name in ("start", "end", "days", "season"))
    begun = (now - timedelta(days=ago)).replace(hour=0, minute=0, second=0, microsecond=0)
    if begun.isoweekday() not in days or not in_season(season, begun):
        return False
    ends = end if end > start else end + 1440
    return begun + timedelta(minutes=start) <= now < begun + timedelta(minutes=ends)


class LevelState:
    """One colour of one series: raised or not, and what speaks for a change."""

    def __init__(self) -> None:
        self.raised = False
        self.forget()

    def forget(self) -> None:
        self.count = 0
        self.began: int | None = None
        self.last: list[bool] = []

    def take(self, rule: Rule, limit: Limit, time: int, value: float, may: bool) -> None:
        if self.raised:
            changes = self._lasts(past(rule, limit, value), time, rule.clear_samples, rule.clear_duration)
        elif rule.within:
            over = beyond(rule, limit, value) and may
            self.last = [*self.last, over][-rule.within :]
            self.began = (time if self.began is None else self.began) if over else None
            changes = self.began is not None and sum(self.last) >= rule.samples and time - self.began >= rule.duration
        else:
            changes = self._lasts(beyond(rule, limit, value) and may, time, rule.samples, rule.duration)
        if changes:
            self.raised = not self.raised
            self.forget()

    def _lasts(self, holds: bool, time: int, samples: int, duration: int) -> bool:
        if not holds:
            self.forget()
            return False
        self.count += 1
        self.began = time if self.began is None else self.began
        return self.count >= samples and time - self.began >= duration


def beyond(rule: Rule, limit: Limit, value: float) -> bool:
    if isinstance(limit, Threshold):
        return value > limit.raise_at if rule.direction == "above" else value < limit.raise_at
    inner = limit.raise_low < value < limit.raise_high
    return inner if rule.direction == "inside" else value < limit.raise_low or value > limit.raise_high


def past(rule: Rule, limit: Limit, value: float) -> bool:
    if isinstance(limit, Threshold):
        return value < limit.clear_at if rule.direction == "above" else value > limit.clear_at
    inner = limit.clear_low < value < limit.clear_high
    return inner if rule.direction == "outside" else value < limit.clear_low or value > limit.clear_high


class WindowState:
    """One window of one series."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.raised: set[Level] = set()
        self.total = 0.0

    @property
    def level(self) -> Level:
        return max(self.raised, default=Level.NONE)

    def take(self, entries: list[tuple[int, float]], time: int, may: bool) -> None:
        self.total = 0.0
        for when, amount in reversed(entries):
            if when > time - self.window.length:
                self.total += amount
        for level, limit in self.window.thresholds():
            if self.total < limit.clear_at:
                self.raised.discard(level)
            elif self.total > limit.raise_at and may:
                self.raised.add(level)


class Series:
    """One device: what is raised and what was heard last."""

    def __init__(self, rule: Rule, since: int | None = None) -> None:
        self.rule = rule
        self.since = since
        self.heard: tuple[int, float] | None = None
        self.levels = {level: LevelState() for level, _ in rule.thresholds()}
        self.windows = [WindowState(window) for window in rule.windows]
        self.entries: list[tuple[int, float]] = []
        self.flat: tuple[int, float] | None = None
        self.now_raised = dict.fromkeys(Kind, Level.NONE)

    def take(self, time: int, value: float) -> dict[Kind, Level]:
        """The levels after a valid reading, in the order in which changes are told."""
        may = lies_in(self.rule.schedule, time)
        for level, limit in self.rule.thresholds():
            self.levels[level].take(self.rule, limit, time, value, may)
        raised = [level for level, state in self.levels.items() if state.raised]
        found = {
            Kind.NO_DATA: Level.NONE,
            Kind.LEVEL: max(raised, default=Level.NONE),
            Kind.RATE: self._rate(time, value, may),
            Kind.ACCUMULATION: self._accumulation(time, value, may),
            Kind.FLAT: self._flat(time, value, may),
        }
        self.heard = (time, value)
        return found

    def _rate(self, time: int, value: float, may: bool) -> Level:
        rule = self.rule
        if self.heard is None or not (may or self.now_raised[Kind.RATE]):
            return Level.NONE
        step, took = abs(value - self.heard[1]), time - self.heard[0]
        fast = step * rule.rate_per > rule.rate_limit * took if rule.rate_per else step > rule.rate_limit
        return rule.rate_level if fast else Level.NONE

    def _accumulation(self, time: int, value: float, may: bool) -> Level:
        if not self.windows:
            return Level.NONE
        amount = value
        if self.rule.counter and self.heard is None:
            amount = 0.0
        elif self.rule.counter and self.heard is not None and value >= self.heard[1]:
            amount = value - self.heard[1]
        slot = max(1, self.windows[-1].window.length // 1440)
        if amount and self.entries and self.entries[-1][0] // slot == time // slot:
            amount += self.entries.pop()[1]
        elif not amount:
            slot = 0
        if slot:
            self.entries.append((time, amount))
        for window in self.windows:
            window.take(self.entries, time, may)
        return max(window.level for window in self.windows)

    def _flat(self, time: int, value: float, may: bool) -> Level:
        rule = self.rule
        if not rule.flat_after:
            return Level.NONE
        if self.flat is None or not abs(value - self.flat[1]) <= rule.flat_tolerance:
            self.flat = (time, value)
            return Level.NONE
        long = time - self.flat[0] >= rule.flat_after and (may or self.now_raised[Kind.FLAT])
        return rule.flat_level if long else Level.NONE

    def move(self, kind: Kind, level: Level) -> tuple[Level, Level] | None:
        before, self.now_raised[kind] = self.now_raised[kind], level
        return None if before == level else (before, level)

    def refusal(self, time: int, value: float, now: int, tolerance: int, max_age: int) -> Ledger | None:
        if math.isnan(value) or math.isinf(value):
            return Ledger.NOT_A_NUMBER
        if not self.rule.low <= value <= self.rule.high:
            return Ledger.OUT_OF_RANGE
        if time - now > tolerance:
            return Ledger.FUTURE
        last = None if self.heard is None else self.heard[0]
        if now - time > max_age or (last is not None and time < last):
            return Ledger.LATE
        return Ledger.DUPLICATE if time == last else None

    def silent_since(self) -> int | None:
        times = [t for t in (self.since, self.heard and self.heard[0]) if t is not None]
        return max(times) if times else None


class Reference:
    """All devices; `changes` are (reading, series, time, value, kind, before, after)."""

    def __init__(self, rules: Iterable[Rule], since: int | None = None, *, gaps: bool = False) -> None:
        self.series = [Series(rule, since) for rule in rules]
        self.gaps = gaps

    def judge(
        self, readings: list[tuple[int, int, float]], now: int, tolerance: int, max_age: int
    ) -> tuple[list[Ledger], list[Change]]:
        ledger: list[Ledger] = []
        changes: list[Change] = []
        for i, (s, time, value) in enumerate(readings):
            ledger.append(self._judge_one(i, s, time, value, now, tolerance, max_age, changes))
        return ledger, changes

    def _judge_one(
        self,
        i: int,
        s: int,
        time: int,
        value: float,
        now: int,
        tolerance: int,
        max_age: int,
        changes: list[Change],
    ) -> Ledger:
        if s == -1:
            return Ledger.UNKNOWN_DEVICE
        series = self.series[s]
        refusal = series.refusal(time, value, now, tolerance, max_age)
        if refusal is not None:
            return refusal
        if self.gaps:
            self._gap(s, series, time, changes)
        before = [window.level for window in series.windows]
        for kind, level in series.take(time, value).items():
            if moved := series.move(kind, level):
                told = self._told(series, before, *moved) if kind == Kind.ACCUMULATION else value
                changes.append((i, s, time, told, kind, *moved))
        quiet = not any(series.now_raised.values())
        return Ledger.NORMAL if quiet else Ledger.ALARM

    def _told(self, series: Series, windows_before: list[Level], before: Level, after: Level) -> float:
        """The sum of the shortest window at the new level, or else of the shortest that was at the old one."""
        levels = [window.level for window in series.windows] if after else windows_before
        return series.windows[levels.index(after or before)].total

    def _gap(self, s: int, series: Series, time: int, changes: list[Change]) -> None:
        allowed, heard = series.rule.no_data_after, series.silent_since()
        if allowed and heard is not None and time - heard > allowed and not series.now_raised[Kind.NO_DATA]:
            self._silent(s, series, heard + allowed, (heard + allowed, time), changes)

    def _silent(self, s: int, series: Series, moment: int, clock: tuple[int, int], changes: list[Change]) -> None:
        """Raised if the schedule holds at any moment of the clock, from its first to before its last."""
        if held(series.rule.schedule, *clock):
            series.now_raised[Kind.NO_DATA] = series.rule.no_data_level
            value = series.heard[1] if series.heard else math.nan
            changes.append((-1, s, moment, value, Kind.NO_DATA, Level.NONE, series.rule.no_data_level))

    def sweep(self, now: int) -> list[Change]:
        changes: list[Change] = []
        for s, series in enumerate(self.series):
            allowed, heard = series.rule.no_data_after, series.silent_since()
            if allowed and heard is not None and now - heard >= allowed and not series.now_raised[Kind.NO_DATA]:
                self._silent(s, series, heard + allowed, (heard + allowed if self.gaps else now, now + 1), changes)
            if series.now_raised[Kind.ACCUMULATION]:
                self._fallen(s, series, max(now, series.heard[0] if series.heard else now), changes)
        return changes

    def _fallen(self, s: int, series: Series, now: int, changes: list[Change]) -> None:
        before = [window.level for window in series.windows]
        for window in series.windows:
            window.take(series.entries, now, False)
        level = max(window.level for window in series.windows)
        if moved := series.move(Kind.ACCUMULATION, level):
            changes.append((-1, s, now, self._told(series, before, *moved), Kind.ACCUMULATION, *moved))
