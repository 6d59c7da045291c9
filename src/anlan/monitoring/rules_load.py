"""The default rules of `data/rules.json`, put in after a migration. What a person changed or removed stays so."""

import json
from pathlib import Path
from typing import Any

from anlan.monitoring.models import ThresholdRule

FILE = Path(__file__).parent / "data" / "rules.json"
REASON = "default rule"
LEVELS = ("blue", "yellow", "orange", "red")


def rules_load(file: Path = FILE) -> dict[str, int]:
    """Adds what was never there, renews what nobody touched; returns how many were added, renewed and kept."""
    counts = {"added": 0, "renewed": 0, "kept": 0}
    for entry in json.loads(file.read_text(encoding="utf-8")):
        counts[_load(rule_values(entry))] += 1
    return counts


def rule_values(entry: dict[str, Any]) -> dict[str, Any]:
    """Fields of the row; a level is [raised at, cleared at], each a number or, for a band, [low, high]."""
    values = {name: value for name, value in entry.items() if name not in LEVELS}
    for level in LEVELS:
        raised, cleared = (_ends(end) for end in entry.get(level) or (None, None))
        values[f"{level}_raise_low"], values[f"{level}_raise"] = raised
        values[f"{level}_clear_low"], values[f"{level}_clear"] = cleared
    return values


def _ends(end: Any) -> tuple[float | None, float | None]:
    return (end[0], end[1]) if isinstance(end, list) else (None, end)


def _load(values: dict[str, Any]) -> str:
    scope = {"device": None, "area": None, "device_kind": values["device_kind"], "key": values["key"]}
    past = ThresholdRule.history.filter(**scope)  # type: ignore[attr-defined]
    row = ThresholdRule.objects.filter(**scope).first()
    if past.exclude(history_change_reason=REASON).exists() or (row is None and past.exists()):
        return "kept"
    if row is None:
        _save(ThresholdRule(**values))
        return "added"
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        _save(row)
    return "renewed" if changed else "kept"


def _save(row: ThresholdRule) -> None:
    row._change_reason = REASON  # type: ignore[attr-defined]
    row.save()
