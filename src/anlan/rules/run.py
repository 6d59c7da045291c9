"""A file of readings through the kernel: what `anlan rules run` counts."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anlan.rules.kernel import Verdict, judge, sweep, warm
from anlan.rules.readings import MOST, Batch, Readings
from anlan.rules.rulefile import RulesFile
from anlan.rules.state import KernelState
from anlan.rules.states import Kind, Ledger
from anlan.rules.table import RuleTable
from anlan.rules.transitions_file import Moved, transitions_file

END = 2**63 - 1
INVALID = (Ledger.OUT_OF_RANGE, Ledger.NOT_A_NUMBER)
NAMED = {Kind.RATE: "rate", Kind.NO_DATA: "no_data", Kind.ACCUMULATION: "accumulation", Kind.FLAT: "flat"}
USED = {"no_data": "no_data_after", "accumulation": "windows", "flat": "flat_after"}


@dataclass(kw_only=True)
class Judged:
    """Counts so far; `states` are of the first face but for ALARM, which any face gives."""

    rules: RulesFile
    table: list[RuleTable]
    state: list[KernelState]
    names: list[str]
    states: Counter[Ledger] = field(default_factory=Counter)
    transitions: Counter[str] = field(default_factory=Counter)
    timeless: int = 0
    newest: int = -END
    kernel_seconds: float = 0.0
    moved: Moved | None = None

    @classmethod
    def fresh(cls, rules: RulesFile, names: list[str]) -> "Judged":
        """Nothing judged yet; `names` may grow."""
        table, state = ([kind.empty(0) for _ in rules.faces] for kind in (RuleTable, KernelState))
        return cls(rules=rules, table=table, state=state, names=names)  # type: ignore[arg-type]

    @property
    def readings(self) -> int:
        return sum(self.states.values())

    def grow(self) -> None:
        """A row for each series named so far."""
        known, n = len(self.table[0]), len(self.names)
        own = (
            [place for place in range(known, n) if self.names[place] in self.rules.series] if self.rules.series else []
        )
        for face, (table, state) in enumerate(zip(self.table, self.state, strict=True)):
            table.grow(n)
            state.grow(n)
            table.set(np.arange(known, n), self.rules.default[face])
            for place in own:
                table.set(place, self.rules.of(self.names[place])[face])

    def take(self, batch: Batch) -> None:
        if len(self.names) > len(self.table[0]):
            self.grow()
        verdicts = [self._judge(face, batch) for face in range(len(self.table))]
        ledger = verdicts[0].ledger
        for other in verdicts[1:]:
            ledger = np.where(other.ledger == Ledger.ALARM, other.ledger, ledger)
        first = self.readings
        self.states.update(replace(verdicts[0], ledger=ledger).counts())
        self.timeless += batch.timeless
        if self.clocked and (taken := batch.time[ledger <= Ledger.ALARM]).size:
            self.newest = max(self.newest, int(taken.max()))
        self._tell([verdict.transitions for verdict in verdicts], first)

    def _judge(self, face: int, batch: Batch) -> Verdict:
        columns = batch.series, batch.time, batch.value
        start = thread_time()
        verdict = judge(
            self.table[face], self.state[face], *columns, now=END, future_tolerance=0, max_age=2 * END, gaps=True
        )
        self.kernel_seconds += thread_time() - start
        return verdict

    @property
    def clocked(self) -> bool:
        """Whether any rule tells something by time alone."""
        return self.rules.has("no_data_after") or self.rules.has("windows")

    def end(self) -> None:
        """The clock at the end stands at the newest reading."""
        if self.clocked:
            self.sweep(self.newest)

    def sweep(self, now: int, *, sums: bool = True) -> None:
        """What only time tells, at a moment of the readings' own time."""
        self._tell([sweep(t, s, now, gaps=True, sums=sums) for t, s in zip(self.table, self.state, strict=True)], 0)

    def _tell(self, moved: list[NDArray[np.void]], first: int) -> None:
        rows = np.concatenate(moved)
        face = np.repeat(np.arange(len(moved)), [len(one) for one in moved])
        labels = np.array([_labels(name) for name in self.rules.faces])
        told = labels[face, rows["kind"], (rows["level_after"] > rows["level_before"]).astype(int)]
        for name, count in zip(*np.unique(told, return_counts=True), strict=True):
            self.transitions[str(name)] += int(count)
        if self.moved and len(rows):
            rows["reading"][rows["reading"] >= 0] += first
            order = np.argsort(rows["reading"], kind="stable") if len(moved) > 1 else slice(None)
            self.moved(rows[order], told[order], self.names)


def _labels(face: str) -> list[list[str]]:
    names = [face if kind == Kind.LEVEL else NAMED.get(kind, kind.name.lower()) for kind in Kind]
    return [[f"{name}_cleared", f"{name}_raised"] for name in names]


def rules_run(path: Path, rules: RulesFile, out: Path | None = None) -> dict[str, Any]:
    """What the command prints as JSON; `out` gets every transition. Raises ReadingsError, OSError and, for a broken
    file, ValueError, EOFError or zlib.error.
    """
    warm()
    for patience in range(MOST):
        with suppress(pa.ArrowInvalid, UnicodeDecodeError):
            return _run(path, rules, out, patience)
    return _run(path, rules, out, MOST)


def _run(path: Path, rules: RulesFile, out: Path | None, patience: int) -> dict[str, Any]:
    readings = Readings(path=path)
    judged = Judged.fresh(rules, readings.names)
    start = perf_counter()
    with transitions_file(out) if out else nullcontext() as moved:
        judged.moved = moved
        for batch in ahead(readings.batches(patience)):
            judged.take(batch)
        judged.end()
    return _counts(judged, perf_counter() - start)


def ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Reads the next batch while this one is judged."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _counts(judged: Judged, seconds: float) -> dict[str, Any]:
    rules, states, n = judged.rules, judged.states, judged.readings
    used = [*rules.faces, *(name for name, field in USED.items() if rules.has(field))]
    names = dict.fromkeys(f"{name}_{step}" for name in ("high", "rate", *used) for step in ("raised", "cleared"))
    invalid = {state.name.lower(): states[state] for state in INVALID}
    invalid["not_a_number"] -= judged.timeless
    return {
        "readings": n,
        "series": len(judged.names),
        "named_without_readings": len(rules.series.keys() - judged.names),
        "transitions": {name: judged.transitions[name] for name in names},
        "ledger": {
            "normal": states[Ledger.NORMAL] + states[Ledger.ALARM],
            "invalid": states[Ledger.OUT_OF_RANGE] + states[Ledger.NOT_A_NUMBER],
            "late": states[Ledger.LATE],
            "duplicate": states[Ledger.DUPLICATE],
            "unknown_device": states[Ledger.UNKNOWN_DEVICE],
        },
        "in_alarm": states[Ledger.ALARM],
        "invalid": invalid | {"without_time": judged.timeless},
        "kernel_readings_per_s": round(n / judged.kernel_seconds) if n else 0,
        "end_to_end_readings_per_s": round(n / seconds) if n else 0,
    }
