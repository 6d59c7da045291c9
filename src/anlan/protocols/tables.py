"""Reading the code tables in `data/`."""

import csv
import json
from importlib.resources import files
from typing import Any

from anlan.vocab import units

_DATA = files(__package__) / "data"


def load_json(name: str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((_DATA / name).read_text("utf-8"))
    return table


def load_csv(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((_DATA / name).read_text("utf-8").splitlines()))


def unit(text: str) -> str:
    """The canonical symbol of a unit in a table, where "no unit" means dimensionless."""
    return units.symbol(text) if text else units.DIMENSIONLESS
