"""Domain events: news that travels up.

`publish` inside a transaction defers one durable job a handler in that same transaction: the news exists exactly
when the change does. A handler runs in its own transaction, once for each event, however often the job is repeated.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from django.db import transaction
from django.utils import timezone

from anlan.kit.models import HandledEvent

E = TypeVar("E")
KEPT = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class _Handler:
    name: str
    event: type
    run: Callable[[Any], None]


_BY_EVENT: dict[type, list[_Handler]] = defaultdict(list)
_BY_NAME: dict[str, _Handler] = {}


def on(event: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Registers a handler; used in an app's `handlers.py`."""

    def register(run: Callable[[E], None]) -> Callable[[E], None]:
        handler = _Handler(name=f"{run.__module__}.{run.__qualname__}", event=event, run=run)
        _BY_EVENT[event].append(handler)
        _BY_NAME[handler.name] = handler
        return run

    return register


def publish(event: object) -> None:
    """Defers a job for each handler of this event. Events are frozen dataclasses of plain values."""
    from anlan.kit.jobs import handle_event

    payload = msgspec.to_builtins(event)
    identity = str(uuid.uuid4())
    for handler in _BY_EVENT[type(event)]:
        handle_event.defer(handler=handler.name, identity=identity, payload=payload)


def handled_prune(*, older_than: timedelta = KEPT) -> int:
    """Forgets which events were handled long ago, when no job of them can come again; returns how many."""
    return HandledEvent.objects.filter(handled_at__lt=timezone.now() - older_than).delete()[0]


def deliver(handler_name: str, identity: str, payload: dict[str, Any]) -> bool:
    """Runs a handler once; False where this event was already handled."""
    handler = _BY_NAME[handler_name]
    with transaction.atomic():
        _, fresh = HandledEvent.objects.get_or_create(event_id=identity, handler=handler_name)
        if fresh:
            handler.run(msgspec.convert(payload, handler.event))
    return fresh
