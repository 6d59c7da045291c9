"""How states, levels and steps of a hazard look."""

from django import template

register = template.Library()

TONES = {
    "found": "orange", "ordered": "blue", "rectified": "yellow", "checked": "yellow", "closed": "green",
    "withdrawn": "neutral", "general": "yellow", "major": "orange", "overdue": "red",
    "send_back": "red", "list": "orange", "pass": "green", "check": "green", "release": "green", "withdraw": "neutral",
}  # fmt: skip


@register.filter
def hazard_tone(word: str) -> str:
    return TONES.get(word, "neutral")
