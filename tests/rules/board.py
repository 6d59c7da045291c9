"""A bench for one device: send values a minute apart and look at what the kernel says."""

import numpy as np

from anlan.rules import KernelState, Kind, Ledger, Level, Rule, RuleTable, Verdict, judge, sweep

MINUTE = 60_000
START = 1_800_000_000_000
Step = tuple[Kind, Level, Level]


class Board:
    """One series under one rule; the clock stands at the reading unless `now` is given."""

    def __init__(self, rule: Rule) -> None:
        self.table = RuleTable.of([rule])
        self.state = KernelState.empty(1)
        self.clock = START

    def send(self, value: float, *, at: int | None = None, now: int | None = None) -> tuple[Ledger, list[Step]]:
        self.clock = self.clock + MINUTE if at is None else at
        verdict = self.judge([value], [self.clock], self.clock if now is None else now)
        return Ledger(verdict.ledger[0]), steps(verdict.transitions)

    def judge(self, values: list[float], times: list[int], now: int) -> Verdict:
        series = np.zeros(len(values), np.int64)
        return judge(self.table, self.state, series, np.array(times), np.array(values), now=now)

    def changes(self, *values: float) -> list[list[Step]]:
        """The transitions of each value in turn."""
        return [self.send(value)[1] for value in values]

    def levels(self, *values: float) -> list[Level]:
        """The level at which each value in turn leaves the series."""
        return [Level(self.send(value) and int(self.state.level[0])) for value in values]

    def silence(self, now: int) -> list[Step]:
        return steps(sweep(self.table, self.state, now))


def steps(transitions: np.ndarray) -> list[Step]:
    return [(Kind(row["kind"]), Level(row["level_before"]), Level(row["level_after"])) for row in transitions]
