"""Background jobs of the monitoring centre."""

from procrastinate.contrib.django import app

from anlan.kit.jobs import RETRY
from anlan.monitoring.moments import now_ms


@app.task(name="monitoring.rehearsal_run", queue="rehearsals", retry=RETRY)
def rehearsal_run(*, rehearsal_id: int) -> None:
    """Replays history for one proposed rule."""
    from anlan.monitoring.rehearsal.services import rehearsal_do

    rehearsal_do(rehearsal_id=rehearsal_id)


@app.periodic(cron="*/5 * * * *")
@app.task(
    name="monitoring.forecasts", queue="forecasts", lock="monitoring.forecasts", queueing_lock="monitoring.forecasts"
)
def forecasts(timestamp: int) -> None:
    """Forecasts every series that is asked for, and settles what has come."""
    from anlan.monitoring.forecasting.run import forecasts_run
    from anlan.monitoring.forecasting.score import forecasts_settle

    forecasts_settle(now=now_ms())
    forecasts_run(now=now_ms())


@app.periodic(cron="1 * * * *")
@app.task(name="monitoring.bounds", queue="forecasts", lock="monitoring.bounds", queueing_lock="monitoring.bounds")
def bounds(timestamp: int) -> None:
    """Puts each dynamic bound to what is usual at this hour."""
    from anlan.monitoring.forecasting.dynamic import bounds_renew

    bounds_renew(now=now_ms())


@app.periodic(cron="17 * * * *")
@app.task(name="monitoring.pictures_prune", queue="pruning", queueing_lock="monitoring.pictures_prune")
def sightings_each_hour(timestamp: int) -> None:
    """Deletes pictures of sightings whose time is over."""
    from django.utils import timezone

    from anlan.monitoring.video.keeping import claims_prune, pictures_prune

    pictures_prune(now=timezone.now())
    claims_prune(now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="anlan.alarms_audit", queue="audit", queueing_lock="anlan.alarms_audit")
def audit_each_minute(timestamp: int) -> None:
    """Audits the loop of alarms, then tells the watcher outside."""
    from anlan.monitoring.audit import alarms_audit
    from anlan.monitoring.health import heartbeat

    heartbeat(alarms_audit())


@app.periodic(cron="7 * * * *")
@app.task(name="monitoring.series_days", queue="audit", queueing_lock="monitoring.series_days")
def series_days_each_hour(timestamp: int) -> None:
    """Sums up each series' day, from which stuck, mute and drifting sensors are told."""
    from anlan.monitoring.series_days import days_sum

    days_sum(now=now_ms())


@app.periodic(cron="*/10 * * * *")
@app.task(name="anlan.blind_areas", queue="audit", queueing_lock="anlan.blind_areas")
def blind_areas_each_ten_minutes(timestamp: int) -> None:
    """Renews where the bureau does not see."""
    from anlan.monitoring.blind import blind_renew

    blind_renew()


@app.periodic(cron="* * * * *")
@app.task(name="monitoring.readings_pack", queue="store", queueing_lock="monitoring.readings_pack")
def readings_pack_each_minute(timestamp: int) -> None:
    """Packs the log of readings where it is long or old enough."""
    from anlan.monitoring.keeping import readings_pack

    readings_pack(now=now_ms())


@app.periodic(cron="20 3 * * *")
@app.task(name="monitoring.readings_age", queue="store", queueing_lock="monitoring.readings_age")
def readings_age_each_night(timestamp: int) -> None:
    """Moves months that have been over for long enough into files, and checks files; fails where any is damaged."""
    from anlan.monitoring.keeping import readings_age, readings_check
    from anlan.monitoring.store import StoreError

    failed = readings_age(now=now_ms()).failed
    damaged = readings_check(now=now_ms())
    if failed or damaged:
        raise StoreError(f"{failed} files could not be written, damaged or missing: {[one.path for one in damaged]}")


@app.task(name="monitoring.broker_files", queue="broker", retry=RETRY, queueing_lock="monitoring.broker_files")
def broker_files() -> None:
    """Writes the broker's files after a change of credentials."""
    from anlan.monitoring.life.broker import broker_files_renew

    broker_files_renew()


@app.periodic(cron="*/10 * * * *")
@app.task(name="monitoring.broker_files_again", queue="broker", queueing_lock="monitoring.broker_files_again")
def broker_files_each_ten_minutes(timestamp: int) -> None:
    """Writes them again, for devices that were deleted or given another code, and after a write that failed."""
    from anlan.monitoring.life.broker import broker_files_renew

    broker_files_renew()
