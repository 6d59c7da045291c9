"""The divisions of GB/T 4754-2017, by their two digits."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

FILE = Path(__file__).parent / "data" / "gbt4754_2017_divisions.json"


@cache
def divisions() -> dict[str, str]:
    """Code → Chinese name, all 97 in order."""
    sections = json.loads(FILE.read_text(encoding="utf-8"))["sections"]
    return {one["code"]: one["name"] for section in sections for one in section["divisions"]}


@cache
def industry_choices() -> tuple[tuple[str, Any], ...]:
    """The divisions as a field's choices, named in the reader's language."""
    return tuple((code, _(name)) for code, name in divisions().items())
