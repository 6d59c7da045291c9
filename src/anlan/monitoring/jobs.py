"""What the monitoring centre does by itself: packs the log of readings each minute, ages old months each night."""

from procrastinate.contrib.django import app

from anlan.kit.law import law_value
from anlan.monitoring import store
from anlan.monitoring.moments import now_ms

DAY = 86_400_000
LEAST, MINUTES = 500_000, 10.0
"""The log is packed when it holds so many readings, or its oldest have lain there for so long."""


@app.periodic(cron="* * * * *")
@app.task(name="anlan.store_tend", queue="store", queueing_lock="anlan.store_tend")
def store_tend(timestamp: int) -> None:
    """Packs the log where it is time."""
    store.tend(least=LEAST, minutes=MINUTES)


@app.periodic(cron="20 3 * * *")
@app.task(name="anlan.store_age", queue="store", queueing_lock="anlan.store_age")
def store_age(timestamp: int) -> None:
    """Moves the months that are over for longer than the row 监测读数在库天数 says into files."""
    store.age(before=now_ms() - int(law_value("readings_online_days")) * DAY)
