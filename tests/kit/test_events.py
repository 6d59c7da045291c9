"""News travels up through durable jobs, once for each event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

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
