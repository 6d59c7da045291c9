"""A small district with the people that every centre needs; each centre's tests add their own to it."""

from dataclasses import dataclass
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from anlan.accounts.models import Area, Organisation, User
from anlan.accounts.roles import Role

BACKEND = "anlan.accounts.backends.RoleBackend"
SPOT = Point(114.35, 22.69, srid=4490)


@dataclass(kw_only=True)
class Town:
    """The district, two of its sub-districts, and who sits at the desk and in the first sub-district."""

    district: Area
    street: Area
    other_street: Area
    officer: User
    commander: User
    street_user: User


def town_rows() -> dict[str, Any]:
    """The rows of a `Town`, by its names."""
    district = _area("990310", "试验区", Area.Level.DISTRICT, None, square(114.30, 22.60, 0.2))
    street = _area("990310001", "东街道", Area.Level.STREET, district, square(114.30, 22.60, 0.1))
    return {
        "district": district,
        "street": street,
        "other_street": _area("990310002", "西街道", Area.Level.STREET, district, square(114.40, 22.60, 0.1)),
        "officer": person("officer", "周值班", Role.DUTY_OFFICER, district),
        "commander": person("commander", "郑指挥", Role.COMMANDER, district),
        "street_user": person("street", "东街道专干", Role.STREET, street),
    }


def person(username: str, name: str, role: Role, area: Area, organisation: Organisation | None = None) -> User:
    return User.objects.create(
        username=username, display_name=name, role=role, area=area, organisation=organisation, password="!"
    )


def square(west: float, south: float, side: float) -> MultiPolygon:
    east, north = west + side, south + side
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return MultiPolygon(Polygon(ring, srid=4490), srid=4490)


def _area(code: str, name: str, level: str, parent: Area | None, boundary: MultiPolygon) -> Area:
    return Area.objects.create(code=code, name=name, level=level, parent=parent, boundary=boundary)
