"""Background jobs that survive a restart: procrastinate in the same database."""

from typing import Any

from procrastinate import App, RetryStrategy
from procrastinate.contrib.django import app

RETRY = RetryStrategy(max_attempts=8, exponential_wait=2)


def on_app_ready(_app: App) -> None:
    """Called once procrastinate's app exists; the tasks below are then known to it."""
    from anlan.kit import notices  # noqa: F401


@app.task(name="anlan.handle_event", queue="events", retry=RETRY)
def handle_event(*, handler: str, identity: str, payload: dict[str, Any]) -> None:
    from anlan.kit.events import deliver

    deliver(handler, identity, payload)
