"""The kernel once more as a plain loop over objects, written from the words of the rules and from none of its code."""

import math
from collections.abc import Iterable

from anlan.rules import Kind, Ledger, Level, Rule, Threshold

Change = tuple[int, int, int, float, Kind, Level, Level]


class Series:
    """One device: what is raised and what was heard last."""

    def __init__(self, rule: Rule, since: int | None = None) -> None:
        self.rule = rule
        self.since = since
        self.heard: tuple[int, float] | None = None
        self.beyond = {level: 0 for level, _ in rule.thresholds()}
        self.raised: set[Level] = set()
        self.now_raised = dict.fromkeys(Kind, Level.NONE)

    def _is_over(self, value: float, limit: float) -> bool:
        return value > limit if self.rule.direction == "above" else value < limit

    def _is_under(self, value: float, limit: float) -> bool:
        return value < limit if self.rule.direction == "above" else value > limit

    def _count(self, level: Level, threshold: Threshold, value: float) -> None:
        if level in self.raised:
            if self._is_under(value, threshold.clear_at):
                self.raised.remove(level)
                self.beyond[level] = 0
            return
        self.beyond[level] = self.beyond[level] + 1 if self._is_over(value, threshold.raise_at) else 0
        if self.beyond[level] >= self.rule.samples:
            self.raised.add(level)

    def take(self, time: int, value: float) -> dict[Kind, Level]:
        """The levels after a valid reading, in the order in which changes are told."""
        for level, threshold in self.rule.thresholds():
            self._count(level, threshold, value)
        jumps = self.heard is not None and abs(value - self.heard[1]) > self.rule.rate_limit
        self.heard = (time, value)
        return {
            Kind.NO_DATA: Level.NONE,
            Kind.LEVEL: max(self.raised, default=Level.NONE),
            Kind.RATE: self.rule.rate_level if jumps else Level.NONE,
        }

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


class Reference:
    """All devices; `changes` are (reading, series, time, value, kind, before, after)."""

    def __init__(self, rules: Iterable[Rule], since: int | None = None) -> None:
        self.series = [Series(rule, since) for rule in rules]

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
        for kind, level in series.take(time, value).items():
            if moved := series.move(kind, level):
                changes.append((i, s, time, value, kind, *moved))
        quiet = series.now_raised[Kind.LEVEL] == series.now_raised[Kind.RATE] == Level.NONE
        return Ledger.NORMAL if quiet else Ledger.ALARM

    def sweep(self, now: int) -> list[Change]:
        changes: list[Change] = []
        for s, series in enumerate(self.series):
            times = [t for t in (series.since, series.heard and series.heard[0]) if t is not None]
            allowed = series.rule.no_data_after
            if not allowed or not times or now - max(times) < allowed:
                continue
            if series.now_raised[Kind.NO_DATA] == Level.NONE:
                series.now_raised[Kind.NO_DATA] = series.rule.no_data_level
                value = series.heard[1] if series.heard else math.nan
                change = (Kind.NO_DATA, Level.NONE, series.rule.no_data_level)
                changes.append((-1, s, max(times) + allowed, value, *change))
        return changes
