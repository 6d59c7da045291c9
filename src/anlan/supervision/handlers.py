"""What supervision listens to: confirmed sightings, and deadlines that passed."""

from anlan.kit.bundles import PAGES
from anlan.kit.deadlines import DeadlinePassed
from anlan.kit.events import on, on_many
from anlan.monitoring.events import SightingConfirmed
from anlan.supervision.models import Hazard
from anlan.supervision.services.overdue import hazard_clock_ran_out
from anlan.supervision.services.sightings import hazard_from_sighting

PAGES[Hazard._meta.label_lower] = "/hazards/?notice="


@on(SightingConfirmed)
def sighting_becomes_hazard(event: SightingConfirmed) -> None:
    if event.as_hazard:
        hazard_from_sighting(sighting_id=event.sighting_id)


@on_many(DeadlinePassed)
def clock_of_hazards_ran_out(events: list[DeadlinePassed]) -> None:
    """Other parts' deadlines are not ours."""
    for event in events:
        if event.subject == Hazard._meta.label_lower:
            hazard_clock_ran_out(hazard_id=event.subject_id, kind=event.kind, due_at=event.due_at)
