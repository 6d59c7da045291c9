"""Which colour token a row is drawn in."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, CharField, Value, When
from django.db.models.expressions import Combinable
from django.utils.translation import gettext as _

from anlan.onemap.selectors import DrawnLayer, field_of

WARNING = ("neutral", "green", "blue", "yellow", "orange", "red")
"""From least to most urgent: a cluster shows the most urgent of its rows."""

KINDS = ("kind1", "kind2", "kind3", "kind4", "kind5", "kind6", "kind7", "kind8")
"""For values that are kinds of things and warn of nothing."""

PLAIN = "plain"


def choices_of(drawn: DrawnLayer, name: str) -> dict[Any, str]:
    """Value → words of a field with choices, or of an annotation that carries some."""
    field = field_of(drawn.model, name) or getattr(drawn.rows.query.annotations.get(name), "output_field", None)
    return {value: str(words) for value, words in getattr(field, "flatchoices", None) or ()}


def colours_of(drawn: DrawnLayer) -> dict[str, str]:
    """Value, as text, → token. Choices without declared colours get those of kinds, in order."""
    if not drawn.colour_by:
        return {}
    if drawn.layer.colours:
        return dict(drawn.layer.colours)
    return {str(value): KINDS[i % len(KINDS)] for i, value in enumerate(choices_of(drawn, drawn.colour_by))}


def legend_of(drawn: DrawnLayer) -> Iterator[dict[str, str]]:
    """What each colour means, in words."""
    words = {str(value): text for value, text in choices_of(drawn, drawn.colour_by or "").items()}
    for value, colour in colours_of(drawn).items():
        yield {"value": value, "colour": colour, "words": words.get(value) or _of_boolean(drawn, value)}


def colour_expression(drawn: DrawnLayer) -> Combinable:
    """The token of a row as a column."""
    cases = [
        When(**{drawn.colour_by: value}, then=Value(token))
        for value, token in colours_of(drawn).items()
        if drawn.colour_by and _fits(drawn, value)
    ]
    return Case(*cases, default=Value(PLAIN), output_field=CharField())


def _of_boolean(drawn: DrawnLayer, value: str) -> str:
    name = str(getattr(field_of(drawn.model, drawn.colour_by or ""), "verbose_name", ""))
    answer = {"True": _("是"), "False": _("否")}.get(value)
    return f"{name}:{answer}" if answer else value


def _fits(drawn: DrawnLayer, value: str) -> bool:
    field = field_of(drawn.model, drawn.colour_by or "")
    try:
        return field is None or field.to_python(value) is not None
    except ValidationError:
        return False
