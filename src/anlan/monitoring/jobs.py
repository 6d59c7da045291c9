"""Periodic jobs of the monitoring centre."""

from procrastinate.contrib.django import app


@app.periodic(cron="* * * * *")
@app.task(name="anlan.alarms_audit", queue="audit", queueing_lock="anlan.alarms_audit")
def audit_each_minute(timestamp: int) -> None:
    """Audits the loop of alarms, then tells the watcher outside."""
    from anlan.monitoring.audit import alarms_audit
    from anlan.monitoring.health import heartbeat

    heartbeat(alarms_audit())


@app.periodic(cron="*/10 * * * *")
@app.task(name="anlan.blind_areas", queue="audit", queueing_lock="anlan.blind_areas")
def blind_areas_each_ten_minutes(timestamp: int) -> None:
    """Renews where the bureau does not see."""
    from anlan.monitoring.blind import blind_renew

    blind_renew()
