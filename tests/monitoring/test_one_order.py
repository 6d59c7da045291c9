"""However many processes write, in whatever order they stop and fail: the alarms are those of a single one."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.monitoring import ingest, judging
from anlan.monitoring.journal import checkpoint
from anlan.monitoring.keeping import readings_pack
from anlan.monitoring.memory import Memory
from anlan.monitoring.models import Alarm, AlarmStep, DerivedSeries, Device, Series, ThresholdRule
from anlan.monitoring.silence import silence_sweep

from .frames import MINUTE, NOW, frame

pytestmark = pytest.mark.usefixtures("shared_db")
DeviceMaker = Callable[..., Device]

VALUES = st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, math.nan, 99.0])
READINGS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 12), VALUES), min_size=1, max_size=5)
STEP = st.one_of(
    st.tuples(st.just("batch"), st.integers(0, 1), READINGS),
    st.tuples(st.just("fail"), st.integers(0, 1), READINGS),
    st.tuples(st.just("sweep"), st.integers(0, 1), st.integers(5, 40)),
    st.tuples(st.just("rule"), st.integers(0, 1), st.integers(2, 5)),
    st.tuples(st.just("stop"), st.integers(0, 1), st.none()),
    st.tuples(st.just("checkpoint"), st.integers(0, 1), st.none()),
    st.tuples(st.just("pack"), st.integers(0, 1), st.none()),
)
Step = tuple[str, int, Any]


class Processes:
    """Two that take turns, and a third which is alone with a device of its own and never stops."""

    def __init__(self, device: DeviceMaker, number: int) -> None:
        self.codes = {"many": f"m{number}", "one": f"o{number}"}
        self.computed = {who: self._difference(device(code=code)) for who, code in self.codes.items()}
        self.memories = {0: Memory(), 1: Memory(), "one": Memory()}

    def _difference(self, device: Device) -> int | None:
        """Of the two quantities of a device, judged by a rule like any other."""
        first, second = (Series.objects.create(device=device, key=key, name=key, unit="m") for key in "ab")
        row = DerivedSeries(name=device.code, kind="difference", first=first, second=second, key="difference")
        row.save()
        return row.device_id

    def run(self, steps: list[Step], monkeypatch: pytest.MonkeyPatch) -> None:
        for moment, (kind, process, what) in enumerate(steps):
            now = NOW + moment * 5 * MINUTE
            for who, memory in (("many", self.memories[process]), ("one", self.memories["one"])):
                with monkeypatch.context() as patch:
                    patch.setattr(judging, "MEMORY", memory)
                    self._step(kind, who, what, now, patch)

    def _step(self, kind: str, who: str, what: Any, now: int, patch: pytest.MonkeyPatch) -> None:
        if kind in ("batch", "fail"):
            batch = [frame([(key, now - 60_000 + at * 1000, value)], code=self.codes[who]) for key, at, value in what]
            if kind == "fail" and who == "many":
                self._fail(batch, now, patch)
            ingest.readings_store(batch=batch, now=now)
        elif kind == "rule":
            ThresholdRule.objects.update(blue_raise=what, blue_clear=what - 1)
        elif kind == "stop" and who == "many":
            judging.MEMORY.forget()
        elif kind == "checkpoint":
            with judging.judging() as memory:
                checkpoint(memory)
        elif kind == "pack":
            readings_pack(now=now, least=1)
        elif kind == "sweep":
            silence_sweep(now=now + what * MINUTE)

    def _fail(self, batch: list[Any], now: int, patch: pytest.MonkeyPatch) -> None:
        def broken(*_words: Any) -> None:
            raise RuntimeError("in the middle")

        with patch.context() as inner:
            inner.setattr(ingest, "states_count", broken)
            with pytest.raises(RuntimeError, match="in the middle"):
                ingest.readings_store(batch=batch, now=now)

    def seen(self, who: str) -> list[Any]:
        mine = Q(device__code=self.codes[who]) | Q(device=self.computed[who])
        alarms = Alarm.objects.filter(mine).order_by("id")
        return [
            (a.series.key, a.kind, a.level, a.highest_level, a.value, a.raised_at, a.cleared_at,
             list(AlarmStep.objects.filter(alarm=a).order_by("id").values_list("step", "at", "level", "value")))
            for a in alarms
        ]  # fmt: skip


@pytest.fixture
def rule(area: Any) -> ThresholdRule:
    ThresholdRule.objects.create(
        name="差", device_kind="level", key="difference", low=-4, blue_raise=1, blue_clear=0, no_data_minutes=20,
        no_data_level=2, source="test",
    )  # fmt: skip
    return ThresholdRule.objects.create(
        name="水位", device_kind="level", key="a", high=50, samples=2, blue_raise=3, blue_clear=2, rate_limit=3.5,
        rate_level=2, no_data_minutes=20, no_data_level=3, source="test",
    )  # fmt: skip


numbers = iter(range(10_000))


@pytest.mark.usefixtures("rule")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=2, max_size=14))
def test_two_processes_that_take_turns_raise_the_alarms_of_one(
    device: DeviceMaker, monkeypatch: pytest.MonkeyPatch, steps: list[Step]
) -> None:
    processes = Processes(device, next(numbers))
    processes.run(steps, monkeypatch)
    assert processes.seen("many") == processes.seen("one")


@pytest.mark.usefixtures("rule")
def test_readings_judged_before_a_change_of_rules_are_never_judged_by_the_new_ones(
    device: DeviceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is gone when the rule changes, and with it all that it knew of the rule before."""
    steps: list[Step] = [
        ("batch", 0, [("a", 1, 4.0), ("a", 2, 4.0)]), ("stop", 0, None), ("rule", 0, 5), ("batch", 0, [("a", 3, 4.5)]),
        ("batch", 0, [("a", 4, 1.0)]),
    ]  # fmt: skip
    processes = Processes(device, next(numbers))
    processes.run(steps, monkeypatch)
    assert [len(alarm[-1]) for alarm in processes.seen("many")] == [2]
    assert processes.seen("many") == processes.seen("one")
