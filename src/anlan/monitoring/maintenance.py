"""Maintenance windows: planned, begun and ended by deadlines, never two at once for one thing."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Area
from anlan.accounts.roles import Role
from anlan.kit.constraints import sentence_of
from anlan.kit.deadlines import deadline_meet, deadline_set
from anlan.monitoring.folding import window_release
from anlan.monitoring.models import Device, Level, MaintenanceWindow, Suppression
from anlan.monitoring.models.maintenance import WINDOW_FAULTS
from anlan.registry.models import Facility

STARTS, ENDS = "maintenance.start", "maintenance.end"
PLANNERS = (Role.DUTY_OFFICER, Role.COMMANDER, Role.ADMINISTRATOR)
MOST_WEEKS = 53

_COVER = """
insert into monitoring_suppression (device_id, window_id, silence, level_to, since)
select d.id, w.id, true, w.level_to, w.starts_at
from monitoring_maintenancewindow w
join accounts_area scope on scope.id = w.area_id
join monitoring_device d on case
    when w.device_id is not null then d.id = w.device_id
    when w.facility_id is not null then d.facility_id = w.facility_id
    else exists (select 1 from accounts_area a where a.id = d.area_id and a.path like scope.path || '%%') end
where w.id = %s and not exists (
    select 1 from monitoring_suppression s where s.device_id = d.id and s.window_id = w.id)
"""


@dataclass(frozen=True, kw_only=True)
class WindowScope:
    """What a window covers: a device, else a facility, else an area."""

    device: Device | None = None
    facility: Facility | None = None
    area: Area | None = None

    def fields(self) -> dict[str, Any]:
        owner = self.device or self.facility
        area = owner.area if owner else self.area
        return {
            "device": self.device,
            "facility": None if self.device else self.facility,
            "area": area,
            "organisation": owner.organisation if owner else None,
        }


def may_plan(user: Any) -> bool:
    return bool(user.is_superuser or user.role in PLANNERS)


@transaction.atomic
def windows_plan(
    *,
    scope: WindowScope,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: Any,
    level_to: int = Level.RED,
    weekly_until: date | None = None,
) -> list[MaintenanceWindow]:
    """Plans a window, or one a week up to a day. Raises `ValidationError` with the sentence of what was refused."""
    if not may_plan(by):
        raise PermissionDenied(_("您的角色不能安排维护。"))
    starts = _weeks(starts_at, weekly_until)
    batch = uuid.uuid4() if len(starts) > 1 else None
    length = ends_at - starts_at
    rows = [
        MaintenanceWindow(
            **scope.fields(), starts_at=start, ends_at=start + length, reason=reason.strip(), level_to=level_to,
            batch=batch, made_by=by,
        )
        for start in starts
    ]  # fmt: skip
    return [_save(row) for row in rows]


def _weeks(first: datetime, until: date | None) -> list[datetime]:
    """The same local time each week, up to and including the day."""
    if until is None:
        return [first]
    local = timezone.localtime(first)
    weeks = max(0, (until - local.date()).days // 7)
    if weeks >= MOST_WEEKS:
        raise ValidationError(_("每周重复最多一年。"))
    return [first + timedelta(weeks=number) for number in range(weeks + 1)]


def _save(row: MaintenanceWindow) -> MaintenanceWindow:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ValidationError(_sentence(error)) from None
    now = timezone.now()
    deadline_set(kind=STARTS, subject=row, due_at=max(now, row.starts_at))
    deadline_set(kind=ENDS, subject=row, due_at=row.ends_at)
    if row.starts_at <= now:
        window_begin(window_id=row.pk)
    return row


def _sentence(error: IntegrityError) -> str:
    diagnosis: Any = getattr(error.__cause__, "diag", None)
    name = str(getattr(diagnosis, "constraint_name", "") or "")
    return str(WINDOW_FAULTS.get(name) or sentence_of(error, MaintenanceWindow))


@transaction.atomic
def window_begin(*, window_id: int) -> int:
    """Begins to hide what comes up on its devices, those added since as well; gives how many were new. Repeatable."""
    window = MaintenanceWindow.objects.select_for_update().filter(pk=window_id, cancelled_at=None).first()
    if window is None or not window.is_current():
        return 0
    deadline_meet(kind=STARTS, subject=window)
    with connection.cursor() as cursor:
        cursor.execute(_COVER, [window_id])
        return cursor.rowcount


@transaction.atomic
def window_end(*, window_id: int) -> list[int]:
    """Ends it: what is still active comes out. Gives the ids of those alarms."""
    window = MaintenanceWindow.objects.select_for_update().get(pk=window_id)
    if window.is_current():
        return []
    Suppression.objects.filter(window=window).delete()
    for kind in (STARTS, ENDS):
        deadline_meet(kind=kind, subject=window)
    return window_release(window_id=window_id)


@transaction.atomic
def windows_cancel(*, windows: Iterable[MaintenanceWindow], by: Any) -> int:
    """Calls off windows that are planned or under way; those that are over stay as they were."""
    if not may_plan(by):
        raise PermissionDenied(_("您的角色不能安排维护。"))
    now, done = timezone.now(), 0
    for window in MaintenanceWindow.objects.select_for_update().filter(pk__in=[w.pk for w in windows]):
        if window.cancelled_at is None and window.ends_at > now:
            window.cancelled_at, window.cancelled_by = now, by
            window.save(update_fields=["cancelled_at", "cancelled_by"])
            window_end(window_id=window.pk)
            done += 1
    return done
