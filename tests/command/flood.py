"""Floods: many alarms of one moment, and what came of events told one by one or together."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.geos import Point
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.accounts.models import Area
from anlan.command.models import Entry, Signal
from anlan.kit.events import publish, publish_all
from anlan.kit.models import Deadline, Notice
from anlan.monitoring.models import Alarm, Device, Series

SPOT = Point(114.35, 22.69, srid=4490)


def alarms_raise(area: Area, number: int, *, at: datetime | None = None, red: int = 0) -> list[Alarm]:
    """So many alarms of one moment, each of a device of its own; the last `red` ones are red, the others yellow."""
    now, before = at or timezone.now(), Device.objects.count()
    devices = Device.objects.bulk_create(
        Device(area=area, name=f"站{before + n}", code=f"Z{before + n:06}", protocol="sl651", kind="level")
        for n in range(number)
    )
    series = Series.objects.bulk_create(Series(device=device, key="39", name="水位", unit="m") for device in devices)
    return Alarm.objects.bulk_create(
        Alarm(area=area, device=row.device, series=row, kind=0, value=5.0, raised_at=now, arrived_at=now,
              announced_at=now, level=level, highest_level=level)
        for row, level in zip(series, [2] * (number - red) + [4] * red, strict=True)
    )  # fmt: skip


def alarms_of_every_sort(area: Area, other: Area) -> list[Alarm]:
    """Alarms that differ in all that a signal is made of: kind, level, value, place, body, day, a bit of a panel."""
    rows, now = [], timezone.now()
    sorts = [(kind, level) for kind in Alarm.Kind for level in (1, 4)]
    for n, (kind, level) in enumerate(sorts):
        device = Device.objects.create(
            area=other if n % 3 else area, name=f"异{n}", code=f"Y{n}", protocol="sl651", address=f"{n}号",
            kind=["rain", "gas", "fire_panel", "vehicle", "other"][n % 5], location=SPOT if n % 2 else None,
        )  # fmt: skip
        key, unit = ("part-1-3-9:fire", "1") if n % 4 == 0 else ("39", "m")
        series = Series.objects.create(device=device, key=key, unit=unit)
        at = now - timedelta(days=n % 2, seconds=n)
        rows.append(
            Alarm.objects.create(
                area=device.area, device=device, series=series, kind=kind, level=level, highest_level=level,
                value=None if n % 5 == 0 else n / 3, raised_at=at - timedelta(seconds=2), arrived_at=at,
                announced_at=at, location=None if n % 3 else SPOT,
            )
        )  # fmt: skip
    return rows


def one_by_one(events: Sequence[object]) -> None:
    for event in events:
        publish(event)


def command_hears() -> None:
    """Runs what waits for command's own handlers, which those that run all jobs afterwards find done."""
    for job in ProcrastinateJob.objects.filter(args__handler__startswith="anlan.command").order_by("id"):
        app.tasks[job.task_name].func(**job.args)


def outcome(tell: Callable[[Sequence[object]], None], events: Sequence[object], run_jobs: Callable[[], int]) -> Any:
    """What these events leave behind, without the numbers of rows; the database is as before afterwards."""
    with transaction.atomic():
        tell(events)
        run_jobs()
        left = _left()
        transaction.set_rollback(True)
    return left


def together_told(events: Sequence[object]) -> None:
    publish_all(events)


def _left() -> dict[str, list[Any]]:
    alarm_of = dict(Signal.objects.values_list("pk", "alarm_id"))
    entries = Entry.objects.order_by("pk").values_list("signal_id", "kind", "step", "aspect", "text", "data")
    deadlines = Deadline.objects.values_list("subject", "subject_id", "kind", "due_at", "met_at")
    notices = Notice.objects.filter(about="command.signal")
    return {
        "signals": sorted(repr([_plain(value) for value in row]) for row in Signal.objects.values_list(*_facts())),
        "timelines": [repr((alarm_of[pk], *rest)) for pk, *rest in sorted(entries, key=lambda row: alarm_of[row[0]])],
        "deadlines": sorted(repr((alarm_of.get(pk), subject, *rest)) for subject, pk, *rest in deadlines),
        "notices": sorted(map(repr, notices.values_list("address", "title", "body", "level", "tag", "place"))),
        "audit": sorted(f"{alarm_of[pk]} {net}" for pk, net in _audit().items()),
    }


def _audit() -> dict[int, dict[str, Any]]:
    """By the signal: what the audit log says of each field, before and after all that happened."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select subject_id, fields from accounts_audit_waiting where subject = 'command.signal' order by id"
        )
        rows = [(int(pk), json.loads(fields)) for pk, fields in cursor.fetchall()]
    net: dict[int, dict[str, Any]] = {}
    for pk, fields in rows:
        known = net.setdefault(pk, {})
        for name, (before, after) in fields.items():
            known[name] = [known.get(name, [before])[0], after]
    return net


def _plain(value: Any) -> Any:
    return value.wkt if isinstance(value, Point) else value


def _facts() -> list[str]:
    return [field.attname for field in Signal._meta.concrete_fields if not field.primary_key]
