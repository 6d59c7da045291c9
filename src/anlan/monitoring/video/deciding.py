"""A person's word on a sighting: true, with where it goes; or not, with a reason."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.acts import clock_text, say
from anlan.kit.events import publish
from anlan.kit.flow import IllegalStep
from anlan.kit.live import live_publish
from anlan.monitoring.events import SightingConfirmed
from anlan.monitoring.models import Becomes, Sighting
from anlan.monitoring.video_flow import SIGHTING, SightingState, SightingStep

PERMISSION = "monitoring.decide_sighting"


def may_decide(user: Any) -> bool:
    return bool(user.has_perm(PERMISSION))


@transaction.atomic
def sighting_confirm(*, sighting: Sighting, becomes: str, by: Any) -> Sighting:
    """It is true. A signal or a hazard follows from the event that is published."""
    if becomes not in Becomes.values:
        raise ValidationError(_("请选择转警情或转隐患。"))
    row = _step(sighting, SightingStep.CONFIRM, by, becomes=becomes, decided_by=by, decided_at=timezone.now())
    publish(SightingConfirmed(sighting_id=row.pk, as_hazard=becomes == Becomes.HAZARD))
    return row


def sighting_confirmed(*, sighting_id: int, becomes: Becomes) -> Sighting | None:
    """The sighting, locked, where a person confirmed that it becomes this; None where nobody did."""
    rows = Sighting.objects.select_for_update(of=("self",)).filter(state=SightingState.CONFIRMED, becomes=becomes)
    things = ("camera__enterprise", "kind", "area", "organisation", "decided_by")
    return rows.exclude(decided_by=None).select_related(*things).filter(pk=sighting_id).first()


def sighting_text(sighting: Sighting) -> str:
    """A confirmed sighting in one sentence of the record."""
    return say(
        gettext_lazy("视频事件 %(kind)s：%(camera)s（%(at)s），%(who)s确认属实"),
        kind=sighting.kind,
        camera=sighting.camera,
        at=clock_text(sighting.at),
        who=sighting.decided_by,
    )


@transaction.atomic
def sighting_reject(*, sighting: Sighting, reason: str, by: Any) -> Sighting:
    """It is not true; never without a reason, from which algorithms are mended."""
    if not reason.strip():
        raise ValidationError(_("判为不实必须写明理由。"))
    words = reason.strip()[:200]
    return _step(sighting, SightingStep.REJECT, by, reason=words, decided_by=by, decided_at=timezone.now())


@transaction.atomic
def sighting_reopen(*, sighting: Sighting, by: Any) -> Sighting:
    """A rejection by mistake is taken back; the sighting waits again."""
    return _step(sighting, SightingStep.REOPEN, by, reason="", decided_by=None, decided_at=None)


def _step(sighting: Sighting, step: SightingStep, by: Any, **changes: Any) -> Sighting:
    if not may_decide(by):
        raise PermissionDenied(_("您的角色不能核实视频事件。"))
    row = Sighting.objects.select_for_update(of=("self",)).select_related("area", "decided_by").get(pk=sighting.pk)
    try:
        state = SIGHTING.after(SightingState(row.state), step)
    except IllegalStep:
        raise IllegalStep(_already(row)) from None
    for name, value in {**changes, "state": state}.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *changes])
    live_publish("sighting", area_path=row.area.path, id=row.pk, camera=row.camera_id, state=row.state)
    return row


def _already(row: Sighting) -> str:
    if row.decided_at is None:
        return _("该事件尚未核实,不能撤回。")
    at = timezone.localtime(row.decided_at)
    words = {"who": row.decided_by or "—", "at": f"{at:%m-%d %H:%M:%S}", "state": SightingState(row.state).label}
    return _("该事件已由%(who)s于 %(at)s 核实为“%(state)s”。") % words
