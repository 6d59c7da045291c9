"""Background jobs of the monitoring centre."""

from procrastinate.contrib.django import app

from anlan.kit.jobs import RETRY


@app.task(name="monitoring.rehearsal_run", queue="rehearsals", retry=RETRY)
def rehearsal_run(*, rehearsal_id: int) -> None:
    """Replays history for one proposed rule."""
    from anlan.monitoring.rehearsal.services import rehearsal_do

    rehearsal_do(rehearsal_id=rehearsal_id)
