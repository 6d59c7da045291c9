"""The words of a rules file: each gives a value or says what is wrong and where."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from anlan.rules.states import Level

COLOURS = {level.name.lower(): level for level in Level if level}
UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
Object = Mapping[str, Any]


class RulesFileError(ValueError):
    """What is wrong in a rules file, and where: `series.P-3.high.raise`."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}" if where else what)


def an_object(told: Any, where: str) -> Object:
    if not isinstance(told, dict):
        raise RulesFileError(where, f"is an object, not {told!r:.60}")
    return told


def known(told: Object, keys: tuple[str, ...], where: str) -> None:
    for key in told:
        if key not in keys:
            raise RulesFileError(f"{where}.{key}", f"unknown; there are {', '.join(keys)}")


def needed(told: Object, key: str, where: str) -> Any:
    if told.get(key) is None:
        raise RulesFileError(f"{where}.{key}", "is missing")
    return told[key]


def number(told: Any, where: str) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float) or abs(told) > 1e308 or not isfinite(told):
        raise RulesFileError(where, f"is a finite number, not {told!r:.60}")
    return float(told)


def count(told: Any, where: str) -> int:
    if isinstance(told, bool) or not isinstance(told, int):
        raise RulesFileError(where, f"is a whole number, not {told!r:.60}")
    return told


def duration(told: Any, where: str) -> int:
    """ms as a number, or "90s", "10m", "1.5h", "1d"."""
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|min|m|h|d)?", told.strip()) if isinstance(told, str) else None
    if not found:
        raise RulesFileError(where, f'is a time in ms or such as "90s", "10m", "6h", "1d", not {told!r:.60}')
    return round(float(found[1]) * UNITS[found[2] or "ms"])


def pair(told: Any, where: str) -> tuple[float, float]:
    if not isinstance(told, list) or len(told) != 2:
        raise RulesFileError(where, f"is [low, high], not {told!r:.60}")
    return number(told[0], where), number(told[1], where)


def level(told: Object, otherwise: str, where: str) -> Level:
    name = otherwise if told.get("level") is None else told["level"]
    if not isinstance(name, str) or name not in COLOURS:
        raise RulesFileError(f"{where}.level", f"is {', '.join(COLOURS)}, not {name!r:.60}")
    return COLOURS[name]


def two(told: Any, mark: str, where: str) -> tuple[int, int]:
    """Two numbers of two digits: "08:30", "04-15"."""
    found = re.fullmatch(rf"(\d\d){mark}(\d\d)", told) if isinstance(told, str) else None
    if not found or (mark == ":" and int(found[2]) > 59):
        raise RulesFileError(where, f"{told!r:.60} is no {'HH:MM' if mark == ':' else 'MM-DD'}")
    return int(found[1]), int(found[2])
