"""How numbers, levels and states look on the pages of monitoring."""

from typing import Any

from django import template
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.monitoring.deviations import deviation_title
from anlan.monitoring.models import Alarm, Outcome
from anlan.monitoring.models.device import LEVEL_COLOURS, Level
from anlan.monitoring.models.weather import SEVERITY_COLOURS
from anlan.monitoring.moments import moment
from anlan.monitoring.wording import error_title, source_title, unit_text

register = template.Library()

TONES = {
    "active": "red", "active_seen": "orange", "cleared": "blue", "cleared_seen": "neutral",
    "shelved": "yellow", "shelved_seen": "yellow", "hidden": "neutral", "hidden_cleared": "neutral",
    "notify": "orange", "hand_up": "red", "shelve": "neutral", "unshelve": "orange", "release": "red",
    "online": "green", "silent": "red", "never": "neutral",
    "standing": "orange", "hit": "green", "false": "orange", "miss": "red",
    "draft": "orange", "rehearsed": "blue", "live": "green", "rejected": "red", "withdrawn": "neutral",
    "queued": "orange", "sent": "blue", "answered": "green", "failed": "red", "expired": "red", "cancelled": "neutral",
    "offline": "red", "new": "orange", "confirmed": "red", "asked": "neutral",
    "raise": "red", "escalate": "red", "ease": "orange", "clear": "green", "acknowledge": "neutral",
}  # fmt: skip

register.filter("source_title", source_title)
register.filter("unit", unit_text)
register.filter("deviation_title", deviation_title)


@register.filter
def level_tone(level: int) -> str:
    return LEVEL_COLOURS.get(str(level), "neutral")


@register.filter
def level_words(level: int) -> str:
    return str(Level(level).label)


@register.filter
def without(query: str, names: str) -> str:
    """A query without some of its parameters."""
    found = QueryDict(query, mutable=True)
    for name in names.split(","):
        found.pop(name, None)
    return found.urlencode()


@register.filter
def toggled(query: str, key: int) -> str:
    """A query with a group opened where it is closed, and closed where it is open."""
    found = QueryDict(query, mutable=True)
    opened, word = found.getlist("open"), str(key)
    found.setlist("open", [one for one in opened if one != word] if word in opened else [*opened, word])
    return found.urlencode()


@register.filter
def tone(state: str) -> str:
    return TONES.get(str(state), "neutral")


@register.filter
def number(value: float | None) -> str:
    """Six significant digits; a dash where there is nothing."""
    return "—" if value is None else f"{value:.6g}"


@register.filter
def percent(share: float) -> str:
    """A share in parts of a hundred, one digit after the point."""
    return f"{100 * share:.1f}"


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
def kind_words(kind: int) -> str:
    return str(Alarm.Kind(kind).label)


@register.filter
def lasting(ms: int) -> str:
    """How long something lasted, in the two largest units."""
    minutes = int(ms) // 60_000
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return _("%(days)d 天 %(hours)d 小时") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d 小时 %(minutes)d 分") % {"hours": hours, "minutes": minutes % 60}
    return _("%d 分钟") % minutes


@register.filter
def outcome_words(name: str) -> str:
    return str(Outcome(name).label) if name in Outcome.values else name


@register.filter
def words(text: str) -> list[str]:
    return text.split()


@register.filter
def seconds(value: float | None) -> str:
    """A span of time to its two greatest units; a dash where there is none."""
    if value is None:
        return "—"
    whole = int(value)
    if whole < 60:
        return _("%d 秒") % whole
    if whole < 3600:
        return _("%(minutes)d 分 %(seconds)d 秒") % {"minutes": whole // 60, "seconds": whole % 60}
    return _("%(hours)d 小时 %(minutes)d 分") % {"hours": whole // 3600, "minutes": whole % 3600 // 60}


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
