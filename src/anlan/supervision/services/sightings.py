"""What a sighting that a person confirmed becomes: one hazard, with its own copy of the picture."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, say
from anlan.accounts.roles import Role
from anlan.kit.law import law_value
from anlan.monitoring.models import Becomes, Sighting
from anlan.monitoring.video.deciding import sighting_confirmed, sighting_text
from anlan.monitoring.video.pictures import picture_path
from anlan.monitoring.video_flow import SightingState
from anlan.supervision.kinds import FoundBy, Stage
from anlan.supervision.models import Hazard, HazardCategory
from anlan.supervision.services.finding import hazard_create, site_complete
from anlan.supervision.services.photos import photos_add
from anlan.supervision.services.steps import entry_add
from anlan.supervision.services.telling import SUPERVISORS, area_tell

OTHER = "other"


@transaction.atomic
def hazard_from_sighting(*, sighting_id: int) -> Hazard | None:
    """The hazard of a sighting, made where there is none; None where no person confirmed it as one."""
    sighting = sighting_confirmed(sighting_id=sighting_id, becomes=Becomes.HAZARD)
    if sighting is None or sighting.decided_by is None:
        return None
    if (known := Hazard.objects.filter(sighting=sighting).first()) is not None:
        return known
    act: Act = {"by": sighting.decided_by, "at": sighting.decided_at}
    text = say(_("%(what)s，转为隐患"), what=sighting_text(sighting))
    row = hazard_create(act, text, **_facts(sighting))
    _picture_copy(row, sighting, act)
    area_tell(row, (*SUPERVISORS, Role.DUTY_OFFICER), say(_("新隐患待交办：%(what)s"), what=row.brief))
    return row


def sightings_adopt() -> int:
    """Makes the hazards of confirmed sightings that have none; returns how many. The event's job makes them at once,
    this finds what was confirmed before there was anybody to hear it.
    """
    waiting = Sighting.objects.filter(state=SightingState.CONFIRMED, becomes=Becomes.HAZARD, hazard=None)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:500])
    return sum(hazard_from_sighting(sighting_id=pk) is not None for pk in ids)


def _facts(sighting: Sighting) -> dict[str, Any]:
    camera = sighting.camera
    facts: dict[str, Any] = {
        "sighting": sighting,
        "source": FoundBy.VIDEO,
        "description": f"{sighting.kind}：{camera}",
        "category": _category(sighting.kind.code, sighting.decided_at or timezone.now()),
        "area": sighting.area,
        "organisation": sighting.organisation,
        "enterprise": camera.enterprise,
        "address": camera.address,
        "location": sighting.location or camera.location,
    }
    site_complete(facts)
    return facts


def _category(kind: str, at: Any) -> HazardCategory:
    """What the law row names for this kind of sighting, while the bureau has that category."""
    wanted = law_value("hazard_of_sighting", at=at).get(kind, OTHER)
    known = {row.code: row for row in HazardCategory.objects.filter(code__in=[wanted, OTHER])}
    return known.get(wanted) or known.get(OTHER) or HazardCategory.objects.create(code=OTHER, name=say(_("其他")))


def _picture_copy(row: Hazard, sighting: Sighting, act: Act) -> None:
    """The sighting's own picture may be deleted when its days are over; what is missing already is said."""
    if not sighting.picture:
        return
    path = picture_path(sighting.picture, sighting.picture_type, sighting.arrived_at)
    try:
        photos_add(row, [path.read_bytes()], Stage.FOUND, act)
    except (OSError, ValidationError):
        entry_add(row, say(_("视频事件的图片已不在，未能留存为证据")), data={"picture": "missing"})
