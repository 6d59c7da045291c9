"""Reads the data files of a part once."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def load(path: Path) -> Any:
    """The content of a JSON file, shared by all callers: not to be changed."""
    return json.loads(path.read_text(encoding="utf-8"))


def accounts_data(name: str) -> Any:
    return load(Path(__file__).parents[1] / "data" / f"{name}.json")
