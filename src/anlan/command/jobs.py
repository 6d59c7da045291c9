"""Background jobs of command."""

import os

from procrastinate.contrib.django import app


@app.periodic(cron="* * * * *")
@app.task(name="command.demo_duty", queue="audit", queueing_lock="command.demo_duty")
def demo_duty_each_minute(timestamp: int) -> None:
    """While recorded traffic plays over and over, its signals do not pile up; nothing elsewhere."""
    if os.environ.get("ANLAN_DEMO_DUTY") != "1":
        return
    from django.utils import timezone

    from anlan.command.demo import signals_tidy
    from anlan.registry.demo.state import demo_there

    if demo_there():
        signals_tidy(now=timezone.now())
