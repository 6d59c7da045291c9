"""The kinds of sightings and the words of protocols for them, put in after a migration; what is there is left alone.

Names, levels, windows, and which word means which kind, are this product's own proposal, for the bureau to change in the
back office.
"""

import json
from pathlib import Path
from typing import Any

from anlan.monitoring.models import SightingKind, SightingWord

FOLDER = Path(__file__).parents[1] / "data"


def _entries(name: str) -> list[dict[str, Any]]:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def kinds_load() -> int:
    """Adds what was never there; returns how many kinds. What a person removed stays away."""
    past = set(SightingKind.history.values_list("code", flat=True))  # type: ignore[attr-defined]
    known = past | set(SightingKind.objects.values_list("code", flat=True))
    missing = [SightingKind(**entry) for entry in _entries("sighting_kinds.json") if entry["code"] not in known]
    for kind in missing:
        kind.save()
    _words_load()
    return len(missing)


def _words_load() -> None:
    """A word whose kind a person removed is not added."""
    kinds = {kind.code: kind for kind in SightingKind.objects.all()}
    past = SightingWord.history.values_list("protocol", "code")  # type: ignore[attr-defined]
    known = set(past) | set(SightingWord.objects.values_list("protocol", "code"))
    for entry in _entries("sighting_words.json"):
        if (entry["protocol"], entry["code"]) not in known and entry["kind"] in kinds:
            SightingWord(**{**entry, "kind": kinds[entry["kind"]]}).save()
