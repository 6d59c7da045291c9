"""The cells of a list: one callable a column, sensitive values always masked, states as coloured words."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.utils.html import format_html
from django.utils.text import Truncator

from anlan.kit.display import field_of, lazy_label_of, shown_masked
from anlan.kit.entities import Entity

LONGEST = 60
TONES = {"red", "orange", "yellow", "blue", "green", "neutral"}


def cell(entity: Entity, name: str) -> Callable[[Any, models.Model], str]:
    """A `list_display` callable for one declared column."""
    colours = dict(entity.layer.colours) if entity.layer and entity.layer.colour_by == name else {}
    masked = frozenset(entity.sensitive)

    @admin.display(
        description=lazy_label_of(entity.model, name), ordering=name if field_of(entity.model, name) else None
    )
    def show(_self: Any, row: models.Model) -> str:
        text = Truncator(shown_masked(entity, row, name, masked)).chars(LONGEST)
        tone = colours.get(str(getattr(row, name)), "") if colours else ""
        return tag(text, tone) if tone and text else text or "—"

    return show


def tag(text: str, tone: str) -> str:
    """A word on a coloured ground; the word carries the meaning, the colour helps."""
    return format_html('<span class="al-tag al-tag--{}">{}</span>', tone if tone in TONES else "neutral", text)
