"""Background jobs that survive a restart: procrastinate in the same database.

A part's own jobs stand in its `jobs.py`, which is found by being there.
"""

from typing import Any

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

RETRY = RetryStrategy(max_attempts=8, exponential_wait=2)


@app.task(name="anlan.handle_event", queue="events", retry=RETRY)
def handle_event(*, handler: str, identity: str, payload: dict[str, Any]) -> None:
    """Runs one handler of one event."""
    from anlan.kit.events import deliver

    deliver(handler, identity, payload)


@app.task(name="anlan.deliver_notice", queue="notices", retry=RETRY)
def deliver_notice(*, notice_id: int) -> None:
    """Hands one message of the outbox to its channel."""
    from anlan.kit.notices import notice_deliver

    notice_deliver(notice_id=notice_id)
