"""`form_key`: a number of its own for each form, so that one sent twice does its work once; colours; aspects."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

from anlan.accounts.templatetags.steps import form_key
from anlan.command.kinds import GRADE_COLOURS, LEVEL_COLOURS

register = template.Library()
register.simple_tag(form_key)

STATE_TONES = {
    "waiting": "red", "watched": "orange", "judged": "yellow", "verified": "blue", "opened": "blue",
    "dismissed": "neutral", "merged": "neutral", "responding": "orange", "controlled": "green", "closing": "yellow",
    "closed": "neutral", "sent": "red", "received": "yellow", "arrived": "blue", "done": "green", "unable": "red",
    "withdrawn": "neutral", "standby": "green", "dispatched": "orange", "resting": "neutral",
}  # fmt: skip


@register.filter
def level_tone(level: int) -> str:
    return LEVEL_COLOURS.get(str(level), "neutral")


@register.filter
def grade_tone(grade: int) -> str:
    return GRADE_COLOURS.get(str(grade), "neutral")


@register.filter
def state_tone(state: str) -> str:
    return STATE_TONES.get(state, "neutral")


@register.filter
def metres(distance: float) -> str:
    """A distance in words."""
    return _("%s 米") % round(distance) if distance < 1000 else _("%s 公里") % f"{distance / 1000:.1f}"


@register.filter
def get(table: Any, key: Any) -> Any:
    """A value of a mapping by key; None where there is none."""
    return table.get(key)


@register.filter
def grouped(number: int) -> str:
    """A large number with its thousands apart."""
    return f"{number:,}"
