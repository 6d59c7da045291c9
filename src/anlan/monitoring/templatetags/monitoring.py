"""How numbers, levels and states look on the pages of monitoring."""

from typing import Any

from django import template
from django.utils import timezone

from anlan.monitoring.models.device import LEVEL_COLOURS
from anlan.monitoring.models.weather import SEVERITY_COLOURS
from anlan.monitoring.moments import moment
from anlan.monitoring.wording import error_title, source_title, unit_text

register = template.Library()

TONES = {
    "active": "red", "active_seen": "orange", "cleared": "blue", "cleared_seen": "neutral",
    "online": "green", "silent": "red", "never": "neutral",
    "raise": "red", "escalate": "red", "ease": "orange", "clear": "green", "acknowledge": "neutral",
}  # fmt: skip

register.filter("source_title", source_title)
register.filter("unit", unit_text)


@register.filter
def level_tone(level: int) -> str:
    return LEVEL_COLOURS.get(str(level), "neutral")


@register.filter
def tone(state: str) -> str:
    return TONES.get(str(state), "neutral")


@register.filter
def number(value: float | None) -> str:
    """Six significant digits; a dash where there is nothing."""
    return "—" if value is None else f"{value:.6g}"


@register.filter
def get(table: Any, key: Any) -> Any:
    """A value of a mapping by key; None where there is none."""
    return table.get(key)


@register.filter
def clock(ms: int) -> str:
    """A moment in Beijing's time; a dash for one that no calendar has."""
    try:
        return f"{timezone.localtime(moment(ms)):%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "—"


@register.filter
def length_text(metres: float) -> str:
    """Metres or kilometres, as a scale says them."""
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"


@register.filter
def severity_tone(severity: str) -> str:
    """The colour of a warning's severity."""
    return SEVERITY_COLOURS.get(severity, "neutral")


@register.filter
def poll_error(said: str) -> str:
    """Why a poll failed, in words: "no_answer: 5 s" as 没有应答 · 5 s."""
    kind, _colon, detail = said.partition(": ")
    return f"{error_title(kind)} · {detail}" if detail else error_title(kind)
