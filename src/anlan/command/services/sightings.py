"""What a sighting that a person confirmed becomes: one signal."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import clock_text, say
from anlan.command.kinds import EventType, Source
from anlan.command.models import Signal
from anlan.command.services.signals import signal_create
from anlan.monitoring.models import Sighting


@transaction.atomic
def signal_from_sighting(*, sighting_id: int) -> Signal:
    """The signal of a sighting, made where there is none; its clock runs from the confirmation."""
    rows = Sighting.objects.select_for_update(of=("self",)).select_related("camera", "kind", "area", "decided_by")
    sighting = rows.get(pk=sighting_id)
    if (known := Signal.objects.filter(sighting=sighting).first()) is not None:
        return known
    return signal_create(None, _text(sighting), sighting=sighting, **_fields_of(sighting))


def _text(sighting: Sighting) -> str:
    return say(
        _("视频事件 %(kind)s：%(camera)s（%(at)s），%(who)s确认属实"),
        kind=sighting.kind,
        camera=sighting.camera,
        at=clock_text(sighting.at),
        who=sighting.decided_by,
    )


def _fields_of(sighting: Sighting) -> dict[str, object]:
    camera, kind = sighting.camera, sighting.kind
    return {
        "area": sighting.area,
        "organisation": sighting.organisation,
        "title": f"{camera} {kind}"[:120],
        "source": Source.VIDEO,
        "level": kind.level,
        "event_type": kind.event_type if kind.event_type in EventType.values else EventType.OTHER,
        "address": camera.address,
        "location": sighting.location or camera.location,
        "arrived_at": sighting.decided_at or timezone.now(),
    }
