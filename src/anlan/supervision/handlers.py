"""What supervision listens to: confirmed sightings, and deadlines that passed."""

from anlan.kit.deadlines import DeadlinePassed
from anlan.kit.events import on
from anlan.monitoring.events import SightingConfirmed
from anlan.supervision.models import Hazard
from anlan.supervision.services.overdue import hazard_clock_ran_out
from anlan.supervision.services.sightings import hazard_from_sighting


@on(SightingConfirmed)
def sighting_becomes_hazard(event: SightingConfirmed) -> None:
    if event.as_hazard:
        hazard_from_sighting(sighting_id=event.sighting_id)


@on(DeadlinePassed)
def clock_of_hazards_ran_out(event: DeadlinePassed) -> None:
    """Other parts' deadlines are not ours."""
    if event.subject == Hazard._meta.label_lower:
        hazard_clock_ran_out(hazard_id=event.subject_id, kind=event.kind, due_at=event.due_at)
