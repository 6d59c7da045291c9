"""Background jobs that survive a restart: procrastinate in the same database.

A part's own jobs stand in its `jobs.py`, which is found by being there.
"""

from typing import Any

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

RETRY = RetryStrategy(max_attempts=8, exponential_wait=2)


@app.task(name="anlan.handle_event", queue="events", retry=RETRY)
def handle_event(*, handler: str, identity: str, payload: dict[str, Any]) -> None:
    """Runs one handler of one event: jobs that an earlier version left waiting."""
    from anlan.kit.events import deliver

    deliver(handler, identity, payload)


@app.task(name="anlan.handle_events", queue="events", retry=RETRY)
def handle_events(*, handler: str, events: list[tuple[str, dict[str, Any]]]) -> None:
    """Runs one handler of one event or of several."""
    from anlan.kit.events import deliver_all

    deliver_all(handler, events)


@app.task(name="anlan.deliver_notices", queue="notices", retry=RETRY)
def deliver_notices(*, address: str, notice_ids: list[int], waited: bool = False) -> None:
    """Hands messages to one address: by themselves, or as one where there are many; what has waited goes as it is."""
    from anlan.kit.bundles import notices_deliver

    notices_deliver(address=address, notice_ids=notice_ids, waited=waited)
