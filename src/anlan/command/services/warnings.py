"""What severe warnings of other offices become: one signal for a chain of messages, and again only when it gets worse."""

from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import say
from anlan.accounts.models import Area
from anlan.command.kinds import EventClass, EventType, Source
from anlan.command.models import Signal
from anlan.command.services.signals import signal_create
from anlan.monitoring.models import Level, WeatherWarning

LEVELS = {"Severe": Level.ORANGE, "Extreme": Level.RED}
TYPES = (("暴雨", EventType.WATERLOGGING), ("内涝", EventType.WATERLOGGING), ("森林火险", EventType.FOREST_FIRE))
"""What a word in a warning's event points to before a person has judged it."""


@transaction.atomic
def signal_from_warning(*, warning_id: int) -> Signal | None:
    """None for what is mild, has run out or was replaced, lies elsewhere, or is no worse than what it updates."""
    warning = WeatherWarning.objects.in_force().filter(pk=warning_id).first()
    level = LEVELS.get(warning.severity) if warning else None
    if warning is None or level is None or level <= _told_before(warning):
        return None
    area = _area(warning)
    if area is None:
        return None
    who, what = warning.sender_name or warning.sender, warning.headline or warning.event
    text = say(_("收到%(who)s预警：%(what)s"), who=who, what=what)
    return signal_create(None, text, area=area, level=level, location=_point(warning, area), **_fields_of(warning))


def _fields_of(warning: WeatherWarning) -> dict[str, object]:
    words = warning.event + warning.headline
    return {
        "title": str(warning)[:120],
        "source": Source.DEPARTMENT,
        "event_type": next((kind for word, kind in TYPES if word in words), EventType.OTHER),
        "event_class": EventClass.NATURAL,
        "description": warning.description,
        "address": warning.area_text[:200],
        "arrived_at": warning.received_at,
    }


def _point(warning: WeatherWarning, area: Area) -> Point | None:
    """A point of the warning's outline, where it lies in our area."""
    point = warning.geometry.point_on_surface if warning.geometry else None
    return point if point and (area.boundary is None or area.boundary.contains(point)) else None


def _told_before(warning: WeatherWarning) -> int:
    """The highest level of the messages that this one updates, directly or over others; 0 where there is none."""
    worst, known, latest = 0, {warning.pk}, {warning.pk}
    while latest:
        before = dict(WeatherWarning.objects.filter(replaced_by__in=latest).values_list("pk", "severity"))
        worst = max([worst, *(LEVELS.get(severity, 0) for severity in before.values())])
        latest = before.keys() - known
        known |= latest
    return worst


def _area(warning: WeatherWarning) -> Area | None:
    """The smallest area of ours that holds the whole warning, the district where it reaches beyond; None elsewhere."""
    districts = Area.objects.filter(level=Area.Level.DISTRICT, valid_to=None)
    if warning.geometry is None:
        return districts.order_by("path").first()
    holding = Area.objects.filter(valid_to=None, boundary__contains=warning.geometry).order_by("-path")
    touched = districts.filter(boundary__intersects=warning.geometry) | districts.filter(boundary=None)
    return max(holding, key=lambda area: area.path.count("."), default=None) or touched.order_by("path").first()
