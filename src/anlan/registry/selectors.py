"""Who and what is nearest: teams, shelters and goods, each with the reason for its place in the list.

The suitable come first, then the others, each nearest first. Rows are those that the person may see.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar, cast

from django.contrib.gis.db.models import PointField
from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point
from django.db.models import F, FloatField, Func, Q, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.rows import PlacedRow
from anlan.registry.models import Discipline, Shelter, Stock, Team

R = TypeVar("R", bound=PlacedRow)
SPARE = 2
KILOMETRE = 1000


@dataclass(frozen=True, kw_only=True)
class Suggestion(Generic[R]):
    """A row, how far it is (metres on the ellipsoid), whether it fits, and why, in sentences for people."""

    row: R
    distance_m: float
    suitable: bool
    reasons: tuple[str, ...]


class _Near(Func):
    """PostGIS's nearest-first operator: an index walk when ordered by, in degrees."""

    template = "%(expressions)s"
    arg_joiner = " <-> "
    output_field = FloatField()

    def __init__(self, point: Point) -> None:
        super().__init__(F("location"), Value(point, output_field=PointField(srid=4490)))


def nearest_teams(*, point: Point, disciplines: Collection[str], limit: int, user: Any) -> list[Suggestion[Team]]:
    """Suitable: trained for one of the disciplines (any where none is asked for) and standing by."""
    fits = Q(status=Team.Status.STANDBY)
    if disciplines:
        fits &= Q(discipline__in=disciplines)
    return _nearest(Team.objects.visible_to(user), point, limit, fits, lambda row: _team_reasons(row, disciplines))


def _team_reasons(row: Team, disciplines: Collection[str]) -> tuple[str, ...]:
    trained = _("专业对口:%(what)s") if row.discipline in disciplines else _("专业不对口:%(what)s")
    what = trained % {"what": Discipline(row.discipline).label} if disciplines else ""
    status = _("当前%(status)s") % {"status": Team.Status(row.status).label}
    return (*filter(None, [what]), status, _("在编 %(count)d 人") % {"count": row.members})


def nearest_shelters(*, point: Point, limit: int, user: Any, people: int = 1) -> list[Suggestion[Shelter]]:
    """Suitable: not full, and with room for `people` more."""
    fits = ~Q(status=Shelter.Status.FULL) & Q(capacity__gte=F("occupancy") + people)
    return _nearest(Shelter.objects.visible_to(user), point, limit, fits, lambda row: _shelter_reasons(row, people))


def _shelter_reasons(row: Shelter, people: int) -> tuple[str, ...]:
    room = row.capacity - row.occupancy
    space = _("可容纳 %(capacity)d 人,剩余 %(room)d 人") % {"capacity": row.capacity, "room": room}
    short = _("容不下所需的 %(people)d 人") % {"people": people} if room < people else ""
    kind = _("%(category)s场所,%(status)s") % {
        "category": Shelter.Category(row.category).label,
        "status": Shelter.Status(row.status).label,
    }
    return (space, *filter(None, [short]), kind)


def nearest_stock(
    *, point: Point, categories: Collection[str], limit: int, user: Any, on: date | None = None
) -> list[Suggestion[Stock]]:
    """Suitable: of one of the categories (any where none is asked for), in store, and not expired on the day."""
    day = on or timezone.localdate()
    fits = Q(quantity__gt=0) & (Q(expires_on=None) | Q(expires_on__gte=day))
    if categories:
        fits &= Q(category__in=categories)
    return _nearest(
        Stock.objects.visible_to(user), point, limit, fits, lambda row: _stock_reasons(row, categories, day)
    )


def _stock_reasons(row: Stock, categories: Collection[str], day: date) -> tuple[str, ...]:
    kind = _("物资对口:%(what)s") if row.category in categories else _("物资不对口:%(what)s")
    what = kind % {"what": Stock.Category(row.category).label} if categories else ""
    return (*filter(None, [what]), _amount(row), *filter(None, [_life(row, day)]))


def _amount(row: Stock) -> str:
    if row.quantity >= row.minimum:
        text = _("库存 %(quantity)d %(unit)s,不低于最低储备")
    else:
        text = _("库存 %(quantity)d %(unit)s,低于最低储备 %(minimum)d %(unit)s")
    return text % {"quantity": row.quantity, "unit": row.unit, "minimum": row.minimum}


def _life(row: Stock, day: date) -> str:
    if row.expires_on is None:
        return ""
    text = _("已于 %(day)s 过期") if row.expires_on < day else _("有效期至 %(day)s")
    return text % {"day": row.expires_on.isoformat()}


def by_distance(rows: QuerySet[R], point: Point) -> QuerySet[R]:
    """Nearest first, in degrees, by walking the spatial index; rows without a location are left out."""
    return rows.exclude(location=None).order_by(_Near(point))


def _nearest(
    rows: QuerySet[R], point: Point, limit: int, fits: Q, reasons: Callable[[R], tuple[str, ...]]
) -> list[Suggestion[R]]:
    """Degrees are shorter to the east than to the north, so a few more are drawn by the index than are kept."""
    measured = rows.annotate(away=Distance("location", point, spheroid=True))
    near = by_distance(cast("QuerySet[R]", measured), point)
    good = list(near.filter(fits)[: limit * SPARE])
    rest = [] if len(good) >= limit else list(near.exclude(pk__in=[row.pk for row in good])[: limit * SPARE])
    found = [_suggestion(row, True, reasons) for row in good] + [_suggestion(row, False, reasons) for row in rest]
    return sorted(found, key=lambda one: (not one.suitable, one.distance_m, one.row.pk))[:limit]


def _suggestion(row: R, suitable: bool, reasons: Callable[[R], tuple[str, ...]]) -> Suggestion[R]:
    metres = float(row.away.m)  # type: ignore[attr-defined]
    return Suggestion(row=row, distance_m=metres, suitable=suitable, reasons=(_distance(metres), *reasons(row)))


def _distance(metres: float) -> str:
    if metres < KILOMETRE:
        return _("距离 %(metres)d 米") % {"metres": round(metres)}
    return _("距离 %(kilometres).1f 公里") % {"kilometres": metres / KILOMETRE}
