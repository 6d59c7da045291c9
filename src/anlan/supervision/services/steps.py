"""What every step of a hazard shares: the lock, the table, the timeline, the clocks, the open pages."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts import acts
from anlan.accounts.acts import Act, moment, say
from anlan.kit.live import live_publish
from anlan.supervision.flow import ENDED, HAZARD, HazardStep
from anlan.supervision.models import Hazard, HazardEntry
from anlan.supervision.services.clocks import clocks_follow


def hazard_locked(hazard: Hazard, act: Act, step: HazardStep) -> Hazard:
    """The row as it is now, locked, with the step known to be possible. Raises `AlreadyDone`, `IllegalStep`,
    `PermissionDenied`.
    """
    row = acts.locked(hazard, act, HazardEntry.objects.all())
    HAZARD.take(row.state, step, act["by"])
    if not Hazard.objects.visible_to(act["by"]).filter(pk=row.pk).exists():
        raise PermissionDenied(gettext("这条隐患不在您的管辖范围内。"))
    return row


def hazard_write(row: Hazard, step: HazardStep, text: str, act: Act, **changes: Any) -> Hazard:
    """Takes the step on a locked row: the changes, the next state, the clocks, one line of the timeline."""
    before = (row.state, row.due_at)
    for name, value in changes.items():
        setattr(row, name, value)
    row.state = HAZARD.take(row.state, step, act["by"]).to
    row.clean_fields()
    row.validate_constraints()
    row.save()
    clocks_follow(row, before=before, at=moment(act))
    entry_add(row, text, act=act, step=step, data=_where(act))
    hazard_announce(row)
    return row


def entry_add(
    hazard: Hazard,
    text: str,
    *,
    act: Act | None = None,
    at: datetime | None = None,
    step: str = "",
    data: dict[str, Any] | None = None,
) -> HazardEntry:
    """Appends to the timeline; without `act` it is the system that speaks."""
    return HazardEntry.objects.create(
        hazard=hazard,
        at=at or (moment(act) if act else timezone.now()),
        actor=act["by"] if act else None,
        key=act.get("key") if act else None,
        step=step,
        text=text,
        data=data or {},
    )


def _where(act: Act) -> dict[str, Any]:
    position = act.get("position")
    return {"lon": position.x, "lat": position.y} if position else {}


def late_record(row: Hazard, at: datetime) -> None:
    """What came after the deadline is recorded as late even where no sweep has seen it; for a locked row, saved later."""
    if row.due_at and at > row.due_at and row.overdue_at is None:
        row.overdue_at = row.due_at
        text = say(_("逾期未整改：时限 %(due)s"), due=day_text(row.due_at))
        entry_add(row, text, at=max(row.due_at, at - timedelta(seconds=1)), data={"overdue": True})


def hazard_announce(row: Hazard) -> None:
    """Tells the open pages that a hazard is new or different; the map drops one that has ended."""
    spot = {"lon": row.location.x, "lat": row.location.y} if row.location else {}
    gone = {"gone": True} if row.state in ENDED else {}
    live_publish(
        "hazard",
        area_path=row.area.path,
        id=row.pk,
        description=row.brief,
        level=row.level,
        urgency="overdue" if row.late else row.level,
        state=row.state,
        **spot,
        **gone,
    )


def day_text(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
