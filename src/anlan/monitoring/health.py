"""How the loop of alarms is, for a watcher outside: the last audit, what is overdue, how late readings come."""

import os
import urllib.request
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.error import URLError

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from anlan.kit.models import Deadline
from anlan.monitoring.models import Alarm, AlarmFinding, AuditRun, Device

AUDIT_LATE = 180
"""Seconds after which an audit that has not come again means that no worker works."""
OVERDUE_LATE = 120
PING_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Health:
    """Seconds are None where there is nothing to measure yet. `ok` is what an outside watcher alarms on."""

    ok: bool
    audit_at: datetime | None
    audit_age_s: float | None
    overdue_s: float
    waiting_jobs_s: float
    ingest_lag_s: float | None
    open_alarms: int
    open_findings: int

    def plain(self) -> dict[str, object]:
        return asdict(self)


def health(*, now: datetime | None = None) -> Health:
    at = now or timezone.now()
    audit_at, age = last_audit(), audit_age(at)
    overdue, jobs = _overdue(at), _waiting_jobs()
    heard = Device.objects.aggregate(at=Max("last_seen_at"))["at"]
    return Health(
        ok=age is not None and age < AUDIT_LATE and overdue < OVERDUE_LATE and jobs < OVERDUE_LATE,
        audit_at=audit_at,
        audit_age_s=age,
        overdue_s=overdue,
        waiting_jobs_s=jobs,
        ingest_lag_s=None if heard is None else max(0.0, (at - heard).total_seconds()),
        open_alarms=Alarm.objects.open().count(),
        open_findings=AlarmFinding.objects.filter(closed_at=None).count(),
    )


def last_audit() -> datetime | None:
    return AuditRun.objects.order_by("-pk").values_list("at", flat=True).first()


def audit_age(now: datetime) -> float | None:
    """Seconds since the last audit, None where there was none; one of the future, before a clock was set back, is old."""
    last = last_audit()
    return None if last is None else abs((now - last).total_seconds())


def _overdue(now: datetime) -> float:
    first = Deadline.objects.filter(met_at=None, passed_at=None, due_at__lt=now).order_by("due_at").first()
    return (now - first.due_at).total_seconds() if first else 0.0


def _waiting_jobs() -> float:
    """How long the oldest job of news or notices waits for its first try."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(max(extract(epoch from clock_timestamp() - e.at)), 0)::float8 from procrastinate_jobs j"
            " join procrastinate_events e on e.job_id = j.id and e.type = 'deferred'"
            " where j.status = 'todo' and j.attempts = 0 and j.scheduled_at is null"
        )
        row = cursor.fetchone()
    return float(row[0]) if row else 0.0


def heartbeat(run: AuditRun, url: str | None = None) -> bool:
    """Tells the outside watcher at `ANLAN_HEARTBEAT_URL` that the audit ran; false where it could not, which is kept."""
    address = os.environ.get("ANLAN_HEARTBEAT_URL", "") if url is None else url
    if not address:
        return False
    try:
        with urllib.request.urlopen(address, timeout=PING_SECONDS) as answer:
            run.pinged = 200 <= answer.status < 300
    except (URLError, OSError, ValueError) as error:
        run.pinged, run.ping_error = False, str(error)[:200]
    run.save(update_fields=["pinged", "ping_error"])
    return bool(run.pinged)
