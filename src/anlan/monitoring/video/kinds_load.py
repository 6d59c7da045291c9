"""The kinds of sightings of `data/sighting_kinds.json`, put in after a migration; a kind that is there is left alone.

Names, levels and windows are this product's own proposal, for the bureau to change in the back office.
"""

import json
from pathlib import Path

from anlan.monitoring.models import SightingKind

FILE = Path(__file__).parents[1] / "data" / "sighting_kinds.json"


def kinds_load() -> int:
    """Adds what was never there; returns how many. What a person removed stays away."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))
    past = set(SightingKind.history.values_list("code", flat=True))  # type: ignore[attr-defined]
    known = past | set(SightingKind.objects.values_list("code", flat=True))
    missing = [SightingKind(**entry) for entry in entries if entry["code"] not in known]
    for kind in missing:
        kind.save()
    return len(missing)
