"""What a sighting that a person confirmed becomes: one signal."""

from django.db import transaction
from django.utils import timezone

from anlan.command.kinds import EventType, Source
from anlan.command.models import Signal
from anlan.command.services.signals import signal_create
from anlan.monitoring.models import Becomes, Sighting
from anlan.monitoring.video.deciding import sighting_confirmed, sighting_text


@transaction.atomic
def signal_from_sighting(*, sighting_id: int) -> Signal | None:
    """The signal of a sighting, made where there is none, its clock running from the confirmation; None where no person
    confirmed it as one.
    """
    sighting = sighting_confirmed(sighting_id=sighting_id, becomes=Becomes.SIGNAL)
    if sighting is None:
        return None
    if (known := Signal.objects.filter(sighting=sighting).first()) is not None:
        return known
    return signal_create(None, sighting_text(sighting), sighting=sighting, **_fields_of(sighting))


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
