"""Background jobs of supervision."""

from procrastinate.contrib.django import app


@app.periodic(cron="*/10 * * * *")
@app.task(name="supervision.sightings_adopt", queue="events", queueing_lock="supervision.sightings_adopt")
def sightings_each_ten_minutes(timestamp: int) -> None:
    """Finds confirmed sightings that nobody heard of, and makes their hazards."""
    from anlan.supervision.services.sightings import sightings_adopt

    sightings_adopt()
