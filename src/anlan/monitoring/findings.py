"""What was wrong in the loop of alarms: noted once, counted while it lasts, told to the administrators."""

from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Area
from anlan.accounts.roles import Role
from anlan.kit.notices import notice_send
from anlan.monitoring.models import Alarm, AlarmFinding
from anlan.monitoring.wording import say

PAGE = "/alarms/audit/"


def finding_note(
    *, kind: str, now: datetime, alarm: Alarm | None = None, subject: str = "", mended: bool = False
) -> AlarmFinding:
    """Adds to the open finding of the same kind and subject, or opens one and tells of it."""
    row, fresh = AlarmFinding.objects.get_or_create(
        kind=kind,
        alarm=alarm,
        subject=subject[:160],
        closed_at=None,
        defaults={"first_at": now, "last_at": now, "mended": mended},
    )
    if fresh:
        _tell(row)
    else:
        AlarmFinding.objects.filter(pk=row.pk).update(times=F("times") + 1, last_at=now, mended=mended)
    return row


def _tell(row: AlarmFinding) -> None:
    about = str(row.alarm or row.subject)
    kind = AlarmFinding.Kind(row.kind).label
    title = say(_("报警审计:%(kind)s · %(about)s"), kind=kind, about=about)[:200]
    body = say(_("已自动修复。")) if row.mended else say(_("须人工处理。"))
    for code in Area.objects.filter(level=Area.Level.DISTRICT).values_list("code", flat=True):
        for role in (Role.ADMINISTRATOR, Role.DUTY_OFFICER) if not row.mended else (Role.ADMINISTRATOR,):
            notice_send(address=f"role:{role}@{code}", title=title, body=body, level="warn", url=PAGE, about=row)
