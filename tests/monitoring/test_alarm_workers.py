"""Eight real processes at once: writers, a person who acknowledges and shelves, workers that carry the news."""

import json
import multiprocessing
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import pytest
from django.db import connection, connections, transaction
from procrastinate.contrib.django import app

from anlan.accounts.models import Area, User
from anlan.kit import events
from anlan.kit.flow import IllegalStep
from anlan.kit.models import Notice
from anlan.monitoring import services
from anlan.monitoring.alarm_flow import FLOW, AlarmState, AlarmStepName
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, Device, Series
from anlan.monitoring.moments import now_ms

from .alarming import DeviceMaker, level_rule, on_shift, person
from .frames import frame

CODES = [f"{n:010}" for n in range(4)]
VALUES = [1.0, 3.2, 5.5]
ROUNDS = 25


def write(seed: int, clock: "Synchronized[int]") -> None:
    rng = random.Random(seed)
    for _ in range(ROUNDS):
        with clock.get_lock():
            clock.value += 10
            at = clock.value
        batch = [frame([("39", at, rng.choice(VALUES))], code=code) for code in rng.sample(CODES, len(CODES))]
        readings_store(batch=batch, now=now_ms())


def handle(seed: int, _clock: object) -> None:
    """A person's steps at random on whatever is open."""
    rng, by = random.Random(seed), User.objects.get()
    for _ in range(3 * ROUNDS):
        alarm = rng.choice([*Alarm.objects.order_by("-pk")[:6], None])
        try:
            match alarm and rng.choice(["acknowledge", "shelve", "unshelve", "comment"]):
                case "acknowledge":
                    services.alarm_acknowledge(alarm=alarm, by=by)
                case "shelve":
                    services.alarm_shelve(alarm=alarm, by=by, minutes=60, reason="检修")
                case "unshelve":
                    services.alarm_unshelve(alarm=alarm, by=by)
                case "comment":
                    services.alarm_comment(alarm=alarm, by=by, note="看过")
        except IllegalStep:
            continue


def carry(_seed: int, _clock: object) -> None:
    """Takes waiting jobs as a worker does: each by one process only, again and again until nothing comes."""
    idle = 0
    while idle < 40:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "delete from procrastinate_jobs where id in (select id from procrastinate_jobs where status = 'todo'"
                " order by id limit 1 for update skip locked) returning task_name, args"
            )
            row = cursor.fetchone()
            if row:
                app.tasks[row[0]].func(**json.loads(row[1]))
        idle = 0 if row else idle + 1
        if not row:
            multiprocessing.Event().wait(0.02)


def in_process(work: Callable[..., None], seed: int, clock: Any, faults: Any) -> None:
    connections.close_all()
    try:
        work(seed, clock)
    except Exception as error:  # noqa: BLE001
        faults.put(f"{work.__name__}: {error!r}")
    finally:
        connections.close_all()


def all_at_once(*works: Callable[..., None]) -> None:
    fork = multiprocessing.get_context("fork")
    clock, faults = fork.Value("q", now_ms() - 3_600_000), fork.SimpleQueue()
    connections.close_all()
    processes = [
        fork.Process(target=in_process, args=(work, seed, clock, faults), daemon=True)
        for seed, work in enumerate(works)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * len(works)
    assert faults.empty(), faults.get()


def replayed(alarm: Alarm) -> AlarmState:
    """The state to which the timeline leads, every step of it being possible."""
    state = AlarmState.ACTIVE
    first, *rest = alarm.steps.order_by("pk").values_list("step", flat=True)
    assert first == AlarmStepName.RAISE
    for step in rest:
        state = FLOW.after(state, AlarmStepName(step))
    return state


@pytest.fixture
def own_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody above the monitoring centre listens."""
    own = {
        event: [handler for handler in handlers if handler.name.startswith("anlan.monitoring")]
        for event, handlers in events._BY_EVENT.items()
    }
    monkeypatch.setattr(events, "_BY_EVENT", defaultdict(list, own))


@pytest.mark.usefixtures("shared_db", "own_handlers")
def test_eight_processes_leave_one_alarm_a_cause_a_true_timeline_and_each_notice_once(
    device: DeviceMaker, area: Area
) -> None:
    for code in CODES:
        device(code)
    level_rule()
    on_shift(person(area))
    readings_store(batch=[frame([("39", now_ms() - 7_200_000, 1.0)], code=code) for code in CODES])
    all_at_once(write, write, write, write, write, handle, carry, carry)
    at = now_ms() - 1000
    readings_store(batch=[frame([("39", at, 5.5)], code=code) for code in CODES])
    carry(0, None)
    active = Counter(Alarm.objects.open().values_list("series_id", "kind"))
    assert set(active.values()) == {1}
    assert len(active) == Series.objects.count() == Device.objects.count() == len(CODES)
    alarms = list(Alarm.objects.all())
    assert len(alarms) > 10
    assert [(a.pk, replayed(a)) for a in alarms] == [(a.pk, a.state) for a in alarms]
    notices = Counter(Notice.objects.filter(about="monitoring.alarm").values_list("about_id", flat=True))
    told = {a.pk: a.steps.filter(step="notify").count() for a in alarms}
    assert {a.pk: notices[a.pk] for a in alarms} == told
    raised = {a.pk: a.steps.filter(step__in=["raise", "escalate"]).count() for a in alarms}
    assert [pk for pk in told if told[pk] > raised[pk]] == []
