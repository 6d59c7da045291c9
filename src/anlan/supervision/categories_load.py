"""The categories of `data/hazard_categories.json`, put in after a migration; one that is there is left alone."""

import json
from pathlib import Path

from anlan.supervision.models import HazardCategory

FILE = Path(__file__).parent / "data" / "hazard_categories.json"
SOURCE = "安澜默认值，未见公开依据，须本单位确认"


def categories_load() -> int:
    """Adds what was never there; returns how many. What a person removed stays away."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))
    past = set(HazardCategory.history.values_list("code", flat=True))  # type: ignore[attr-defined]
    known = past | set(HazardCategory.objects.values_list("code", flat=True))
    missing = [HazardCategory(source=SOURCE, **entry) for entry in entries if entry["code"] not in known]
    for category in missing:
        category.save()
    return len(missing)
