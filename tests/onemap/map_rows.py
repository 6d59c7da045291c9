"""Rows to draw."""

from typing import Any

from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from anlan.accounts.models import Area
from anlan.registry.models import Enterprise, Shelter


def square(west: float, south: float, side: float) -> MultiPolygon:
    return MultiPolygon(Polygon.from_bbox((west, south, west + side, south + side)), srid=4490)


def point(longitude: float, latitude: float) -> Point:
    return Point(longitude, latitude, srid=4490)


def shelter(
    area: Area, name: str = "中心小学避难场所", at: tuple[float, float] = (114.41, 22.65), **fields: Any
) -> Shelter:
    values = {"category": "indoor", "capacity": 300, "manager_phone": "13800000001", **fields}
    return Shelter.objects.create(area=area, name=name, location=point(*at), **values)


def enterprises(area: Area, number: int) -> None:
    """Many rows, spread over the sub-district's square."""
    west, south, east, north = area.boundary.extent
    Enterprise.objects.bulk_create(
        Enterprise(
            area=area,
            name=f"第{i}厂",
            credit_code=f"{i:018d}",
            contact_phone="13911112222",
            key_supervised=i % 50 == 0,
            location=point(west + (i % 141) / 141 * (east - west), south + (i // 141) / 145 * (north - south)),
        )
        for i in range(number)
    )
