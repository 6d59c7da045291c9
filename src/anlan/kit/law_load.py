"""Loads each part's `law.json` after a migration. A row that a person has changed is never written over."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder

from anlan.kit.models import LawRule

KEYS = ("name", "value", "unit", "valid_to", "source", "clause", "verified")


def law_files() -> list[Path]:
    """The `law.json` of every part that has one."""
    found = [Path(config.path) / "law.json" for config in apps.get_app_configs() if config.name.startswith("anlan.")]
    return [path for path in found if path.exists()]


def law_load(files: list[Path] | None = None) -> dict[str, int]:
    """Adds what is missing, renews what nobody touched; returns how many were added, renewed and kept."""
    counts = {"added": 0, "renewed": 0, "kept": 0}
    for path in law_files() if files is None else files:
        for entry in json.loads(path.read_text(encoding="utf-8")):
            counts[_load(entry)] += 1
    return counts


def _load(entry: dict[str, Any]) -> str:
    values = {name: entry.get(name) for name in KEYS} | {
        "unit": entry.get("unit", ""),
        "clause": entry.get("clause", ""),
    }
    values["valid_to"] = date.fromisoformat(entry["valid_to"]) if entry.get("valid_to") else None
    row = LawRule.objects.filter(code=entry["code"], valid_from=entry["valid_from"]).first()
    if row is None:
        LawRule.objects.create(code=entry["code"], valid_from=entry["valid_from"], shipped=_print(values), **values)
        return "added"
    if row.shipped == _print(values) or row.shipped != _print({name: getattr(row, name) for name in KEYS}):
        return "kept"
    for name, value in values.items():
        setattr(row, name, value)
    row.shipped = _print(values)
    row.save()
    return "renewed"


def _print(values: dict[str, Any]) -> str:
    text = json.dumps({name: values[name] for name in KEYS}, cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
