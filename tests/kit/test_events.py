"""News travels up through durable jobs, once for each event."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.kit import events
from anlan.kit.deadlines import DeadlinePassed, deadline_meet, deadline_set, deadlines_sweep
from anlan.kit.models import LawRule

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, kw_only=True)
class KettleBoiled:
    kettle: int


def test_a_published_event_reaches_its_handler_exactly_once(run_jobs: Callable[[], int]) -> None:
    seen: list[int] = []
    events.on(KettleBoiled)(lambda event: seen.append(event.kettle))
    events.publish(KettleBoiled(kettle=3))
    assert seen == []
    run_jobs()
    assert seen == [3]
    identity = str(events.HandledEvent.objects.get().event_id)
    handler = events.HandledEvent.objects.get().handler
    assert events.deliver(handler, identity, {"kettle": 3}) is False
    assert seen == [3]


def test_an_event_of_a_failed_transaction_never_happens(run_jobs: Callable[[], int]) -> None:
    seen: list[int] = []
    events.on(KettleBoiled)(lambda event: seen.append(event.kettle))
    with pytest.raises(RuntimeError), transaction.atomic():
        events.publish(KettleBoiled(kettle=4))
        raise RuntimeError
    run_jobs()
    assert seen == []


def test_events_handled_long_ago_are_forgotten_and_recent_ones_kept(run_jobs: Callable[[], int]) -> None:
    events.on(KettleBoiled)(lambda event: None)
    events.publish(KettleBoiled(kettle=5))
    run_jobs()
    kept = events.HandledEvent.objects.count()
    assert kept >= 1
    assert events.handled_prune() == 0
    assert events.handled_prune(older_than=timedelta(0)) == kept


def _subject() -> LawRule:
    return LawRule.objects.create(code="x", name="x", value=1, valid_from="2020-01-01", source="test")


def test_a_deadline_that_is_due_is_published_once_and_a_met_one_never(run_jobs: Callable[[], int]) -> None:
    seen: list[str] = []
    events.on(DeadlinePassed)(lambda event: seen.append(event.kind))
    subject, now = _subject(), timezone.now()
    deadline_set(kind="late", subject=subject, due_at=now - timedelta(seconds=1))
    deadline_set(kind="met", subject=subject, due_at=now - timedelta(seconds=1))
    deadline_set(kind="future", subject=subject, due_at=now + timedelta(seconds=60))
    assert deadline_meet(kind="met", subject=subject)
    assert deadlines_sweep(now=now) == 1
    assert deadlines_sweep(now=now) == 0
    run_jobs()
    assert seen == ["late"]


@dataclass(frozen=True, kw_only=True)
class CupFilled:
    cup: int


def test_events_of_one_call_reach_a_handler_in_order_and_share_jobs(run_jobs: Callable[[], int]) -> None:
    seen: list[object] = []

    def boil(event: KettleBoiled) -> None:
        seen.append(event)

    def pour(found: list[CupFilled]) -> None:
        seen.append([event.cup for event in found])

    events.on(KettleBoiled)(boil)
    events.on_many(CupFilled)(pour)
    told = [*(CupFilled(cup=n) for n in range(120)), KettleBoiled(kettle=1), CupFilled(cup=120)]
    events.publish_all(told)
    run_jobs()
    cups = [cup for part in seen if isinstance(part, list) for cup in part]
    assert cups == list(range(121))
    assert len([part for part in seen if isinstance(part, list)]) == 4
    assert seen.index(KettleBoiled(kettle=1)) == 3


def test_one_bad_event_of_many_holds_up_no_other(run_jobs: Callable[[], int]) -> None:
    seen: list[int] = []
    bad = [3]

    def fill(found: list[CupFilled]) -> None:
        for event in found:
            if event.cup in bad:
                raise ValueError(event.cup)
            seen.append(event.cup)

    events.on_many(CupFilled)(fill)
    name = events._BY_EVENT[CupFilled][-1].name
    packed = [(str(uuid.uuid4()), {"cup": n}) for n in range(5)]
    seen.clear()
    assert events.deliver_all(name, packed) == 4
    assert sorted(set(seen)) == [0, 1, 2, 4]
    bad.clear()
    run_jobs()
    assert events.deliver_all(name, packed) == 0
    assert events.HandledEvent.objects.filter(handler=name).count() == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_that_commits_leaves_no_job_to_the_next(turn: int) -> None:
    assert not ProcrastinateJob.objects.exists()
    events.on(KettleBoiled)(lambda event: None)
    events.publish(KettleBoiled(kettle=turn))
    assert ProcrastinateJob.objects.exists()
