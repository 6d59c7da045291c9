"""Periodic jobs of the monitoring centre."""

from procrastinate.contrib.django import app


@app.periodic(cron="17 * * * *")
@app.task(name="monitoring.pictures_prune", queue="pruning", queueing_lock="monitoring.pictures_prune")
def sightings_each_hour(timestamp: int) -> None:
    """Deletes pictures of sightings whose time is over."""
    from django.utils import timezone

    from anlan.monitoring.video.keeping import claims_prune, pictures_prune

    pictures_prune(now=timezone.now())
    claims_prune(now=timezone.now())
