"""Domain events: news that travels up.

`publish` inside a transaction defers durable jobs in that same transaction: the news exists exactly when the change
does. A handler sees each event once, however often its job is repeated. Events of one call reach a handler in order;
many of one kind share a job, so that a flood costs a few statements and no one bad event holds up the others.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any, TypeVar

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from anlan.kit.models import HandledEvent

E = TypeVar("E")
KEPT = timedelta(days=30)
TOGETHER = 50
"""Events that share a job."""
URGENT, FLOOD = 10, -10
"""Priorities of jobs beside the usual 0: what must not wait, and what more events than share a job come to."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Handler:
    """`many`: it takes the events of a job as a list, in one transaction."""

    name: str
    event: type
    run: Callable[[Any], None]
    many: bool

    def work(self, payloads: Sequence[dict[str, Any]]) -> None:
        events: list[Any] = [msgspec.convert(payload, self.event) for payload in payloads]
        if self.many:
            self.run(events)
        else:
            for event in events:
                self.run(event)


_BY_EVENT: dict[type, list[_Handler]] = defaultdict(list)
_BY_NAME: dict[str, _Handler] = {}


def on(event: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Registers a handler; used in an app's `handlers.py`."""

    def register(run: Callable[[E], None]) -> Callable[[E], None]:
        _register(event, run, many=False)
        return run

    return register


def on_many(event: type[E]) -> Callable[[Callable[[list[E]], None]], Callable[[list[E]], None]]:
    """Registers a handler that gains from several events at once; it gets them in order, in one transaction."""

    def register(run: Callable[[list[E]], None]) -> Callable[[list[E]], None]:
        _register(event, run, many=True)
        return run

    return register


def _register(event: type, run: Callable[[Any], None], *, many: bool) -> None:
    handler = _Handler(name=f"{run.__module__}.{run.__qualname__}", event=event, run=run, many=many)
    _BY_EVENT[event].append(handler)
    _BY_NAME[handler.name] = handler


def publish(event: object) -> None:
    """Defers a job for each handler of this event. Events are frozen dataclasses of plain values."""
    publish_all([event])


def publish_all(events: Iterable[object], *, urgent: bool = False) -> None:
    """Publishes events in order with one statement; `urgent` ones overtake what waits, a flood lets others pass.

    Between calls no order is promised: several workers take the jobs.
    """
    from anlan.kit.jobs import handle_events

    found = list(events)
    jobs = list(_jobs(found))
    if jobs:
        usual = FLOOD if len(found) > TOGETHER else 0
        handle_events.configure(priority=URGENT if urgent else usual).batch_defer(*jobs)


def _jobs(events: Iterable[object]) -> Iterator[dict[str, Any]]:
    """A stretch of equal kind is cut into jobs; where the kind changes a new one begins, which keeps the order."""
    for kind, stretch in groupby(events, type):
        if not _BY_EVENT[kind]:
            continue
        packed = [[str(uuid.uuid4()), msgspec.to_builtins(event)] for event in stretch]
        for start in range(0, len(packed), TOGETHER):
            for handler in _BY_EVENT[kind]:
                yield {"handler": handler.name, "events": packed[start : start + TOGETHER]}


def handled_prune(*, older_than: timedelta = KEPT) -> int:
    """Forgets which events were handled long ago, when no job of them can come again; returns how many."""
    return HandledEvent.objects.filter(handled_at__lt=timezone.now() - older_than).delete()[0]


def deliver(handler_name: str, identity: str, payload: dict[str, Any]) -> bool:
    """Runs a handler once; False where this event was already handled."""
    handler = _BY_NAME[handler_name]
    with transaction.atomic():
        fresh = bool(_fresh(handler_name, [identity]))
        if fresh:
            handler.work([payload])
    return fresh


def deliver_all(handler_name: str, events: Sequence[tuple[str, dict[str, Any]]]) -> int:
    """Runs a handler for the events of one job that it has not seen; returns how many those were.

    A single event that fails raises, and its job is tried again; of several, each that fails goes on by itself.
    """
    handler = _BY_NAME[handler_name]
    if len(events) == 1:
        return int(deliver(handler_name, *events[0]))
    if not handler.many:
        return sum(_alone(handler_name, identity, payload) for identity, payload in events)
    try:
        return _together(handler, dict(events))
    except Exception:
        log.warning("%d events of %s are handled one by one", len(events), handler_name, exc_info=True)
        return sum(_alone(handler_name, identity, payload) for identity, payload in events)


@transaction.atomic
def _together(handler: _Handler, payloads: dict[str, dict[str, Any]]) -> int:
    fresh = _fresh(handler.name, list(payloads))
    if fresh:
        handler.work([payload for identity, payload in payloads.items() if identity in fresh])
    return len(fresh)


def _alone(handler_name: str, identity: str, payload: dict[str, Any]) -> bool:
    """One of several: where it fails it gets a job of its own, which is tried again without the others."""
    from anlan.kit.jobs import handle_events

    try:
        return deliver(handler_name, identity, payload)
    except Exception:
        log.warning("event %s of %s is tried again by itself", identity, handler_name, exc_info=True)
        handle_events.configure(schedule_in={"seconds": 2}).defer(handler=handler_name, events=[[identity, payload]])
        return False


def _fresh(handler_name: str, identities: list[str]) -> set[str]:
    """Takes these events for the handler; gives those that nobody had taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into kit_handledevent (event_id, handler, handled_at) select id, %s, now() from unnest(%s::uuid[]) id"
            " on conflict do nothing returning event_id::text",
            [handler_name, identities],
        )
        return {row[0] for row in cursor.fetchall()}
