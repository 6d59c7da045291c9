"""Where things can stand: the areas that have none below them, and the hubs that firms and shops gather round."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Self

import shapely
from django.contrib.gis.geos import Point

from anlan.accounts.demo.areas import layout
from anlan.accounts.models import Area
from anlan.accounts.rows import PlacedRow

NEAR_HUB = 0.75
DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A grid, or a community that has no grids. `work` and `hills` are its shares of firms and of hills."""

    area: Area
    community: Area
    polygon: shapely.MultiPolygon
    work: float
    hills: float

    @property
    def street(self) -> str:
        return str(self.community.parent)


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place to stand: degrees, longitude first, inside `leaf`; `hub` names what it stands beside, if anything."""

    leaf: Leaf
    lon: float
    lat: float
    hub: str = ""

    @property
    def point(self) -> Point:
        return Point(self.lon, self.lat, srid=4490)


@dataclass(kw_only=True)
class Ground:
    leaves: list[Leaf]
    hubs: dict[int, list[Spot]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls) -> Self:
        """From the areas in the database."""
        rows = {area.pk: area for area in Area.objects.select_related("parent__parent").order_by("path")}
        parents = {area.parent_id for area in rows.values()}
        leaves = [area for pk, area in rows.items() if pk not in parents]
        return cls(leaves=[_leaf(area, leaves) for area in leaves])

    def at(self, row: PlacedRow) -> Spot:
        """Where a row of the demo stands. ValueError for a row without a location or outside the leaves."""
        leaf = next((one for one in self.leaves if one.area.pk == row.area_id), None)
        if leaf is None or row.location is None:
            raise ValueError(f"{row} stands nowhere")
        return Spot(leaf=leaf, lon=row.location.x, lat=row.location.y, hub=row.name)

    def within(self, code: str) -> list[Leaf]:
        """The leaves of an area, by its code."""
        return [leaf for leaf in self.leaves if leaf.area.code.startswith(code)]

    def add_hub(self, hub: Spot) -> None:
        self.hubs[hub.leaf.area.pk].append(hub)

    def spots(
        self, count: int, rng: Random, *, by: str = "work", spread: float = 0, leaves: Sequence[Leaf] = ()
    ) -> list[Spot]:
        """`count` spots, shared among the leaves by their weight; with a `spread` (degrees) most stand near a hub."""
        pool = list(leaves or self.leaves)
        drawn = rng.choices(pool, [getattr(leaf, by) for leaf in pool], k=count)
        ready = {
            leaf.area.pk: iter(self._inside(leaf, sum(one is leaf for one in drawn), rng, spread)) for leaf in pool
        }
        return [next(ready[leaf.area.pk]) for leaf in drawn]

    def _inside(self, leaf: Leaf, count: int, rng: Random, spread: float) -> list[Spot]:
        hubs = self.hubs[leaf.area.pk] if spread else []
        found: list[Spot] = []
        while len(found) < count:
            tries = [_throw(leaf, hubs, rng, spread) for _ in range(2 * (count - len(found)) + 8)]
            inside = shapely.contains_xy(leaf.polygon, [(one.lon, one.lat) for one in tries])
            found += [one for one, good in zip(tries, inside, strict=True) if good]
        return found[:count]


def _leaf(area: Area, leaves: Sequence[Area]) -> Leaf:
    community = area.parent if area.level == Area.Level.GRID and area.parent else area
    sisters = sum(other.code.startswith(community.code) for other in leaves)
    weights = layout()["areas"][community.code]
    polygon = _polygon(area)
    return Leaf(
        area=area,
        community=community,
        polygon=polygon,
        work=weights["work"] / sisters,
        hills=weights["hills"] / sisters,
    )


def _polygon(area: Area) -> shapely.MultiPolygon:
    """Ready for many questions. ValueError for an area without a border."""
    if area.boundary is None:
        raise ValueError(f"{area.code} has no boundary")
    polygon = shapely.MultiPolygon(list(shapely.get_parts(shapely.from_wkb(bytes(area.boundary.wkb)))))
    shapely.prepare(polygon)
    return polygon


def _throw(leaf: Leaf, hubs: Sequence[Spot], rng: Random, spread: float) -> Spot:
    if hubs and rng.random() < NEAR_HUB:
        hub = rng.choice(hubs)
        lon, lat, name = rng.gauss(hub.lon, spread), rng.gauss(hub.lat, spread), hub.hub
    else:
        west, south, east, north = leaf.polygon.bounds
        lon, lat, name = rng.uniform(west, east), rng.uniform(south, north), ""
    return Spot(leaf=leaf, lon=round(lon, DIGITS), lat=round(lat, DIGITS), hub=name)
