"""Areas: codes and names of the national statistics, borders invented."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from shapely import MultiPolygon, Polygon

from anlan.accounts.demo.data import accounts_data
from anlan.accounts.demo.tiling import Mesh, Seed, grow, halves, joined, mesh, outlines
from anlan.accounts.models import Area
from anlan.kit.demo import DemoWorld

NUMERALS = "零一二三四五六七八九"
SRID = 4490


def layout() -> Any:
    """Where areas start to grow, and their shares of firms and hills."""
    return accounts_data("demo_layout")


def areas_make(world: DemoWorld) -> None:
    leaves = _leaves(world)
    rows = [dict(row, boundary=_boundary(row["code"], leaves)) for row in _rows(sorted(leaves))]
    made: dict[str, Area] = {}
    for level in Area.Level.values:
        of_level = [_area(row, made) for row in rows if row["level"] == level]
        made |= {area.code: area for area in Area.objects.bulk_create(of_level)}
    world.progress(f"{Area._meta.verbose_name} {len(made)}")


def _leaves(world: DemoWorld) -> dict[str, Polygon]:
    """The polygons of the areas that have none below them, by code."""
    ground = mesh(layout()["outline"], world.rng("accounts/areas"))
    streets = grow(ground, range(len(ground.cells)), _seeds("", 9))
    cells: dict[str, Sequence[int]] = {}
    for street, members in streets.items():
        for community, inside in grow(ground, members, _seeds(street, 12)).items():
            cells |= _cut(ground, community, inside)
    return outlines(ground, cells)


def _seeds(parent: str, length: int) -> dict[str, Seed]:
    found = layout()["areas"].items()
    return {
        code: Seed(lon=a["lon"], lat=a["lat"], pull=a["pull"])
        for code, a in found
        if len(code) == length and code.startswith(parent)
    }


def _cut(ground: Mesh, community: str, inside: Sequence[int]) -> Mapping[str, Sequence[int]]:
    if community not in layout()["gridded"]:
        return {community: inside}
    seeds = halves(ground, inside, layout()["grids_each"])
    return {community + number: part for number, part in grow(ground, inside, seeds).items()}


def _rows(leaves: Sequence[str]) -> list[dict[str, Any]]:
    """Every area of the district as plain values, parents first."""
    source = accounts_data("divisions")
    district = source["district"]
    rows = [{"code": district["code"], "name": district["name"], "level": "district", "parent": None}]
    for street in source["streets"]:
        rows.append(_row(street, "street", district["code"]))
        for community in street["communities"]:
            rows.append(_row(community, "community", street["code"]))
            rows.extend(_grids(community, leaves))
    return rows


def _row(source: Mapping[str, str], level: str, parent: str) -> dict[str, Any]:
    start = source.get("valid_from")
    return {
        "code": source["code"],
        "name": source["name"],
        "level": level,
        "parent": parent,
        "valid_from": date.fromisoformat(start) if start else None,
    }


def _grids(community: Mapping[str, str], leaves: Sequence[str]) -> list[dict[str, Any]]:
    codes = [code for code in leaves if code.startswith(community["code"]) and code != community["code"]]
    short = community["name"].removesuffix("社区")
    named = [{"code": code, "name": f"{short}第{NUMERALS[int(code[-2:])]}网格"} for code in codes]
    return [_row(grid, "grid", community["code"]) for grid in named]


def _boundary(code: str, leaves: Mapping[str, Polygon]) -> MultiPolygon:
    return joined([polygon for leaf, polygon in leaves.items() if leaf.startswith(code)])


def _area(row: dict[str, Any], made: Mapping[str, Area]) -> Area:
    parent = made.get(row["parent"] or "")
    values = row | {"parent": parent, "boundary": GEOSGeometry(memoryview(row["boundary"].wkb), srid=SRID)}
    return Area(path=f"{parent.path if parent else ''}{row['code']}.", **values)
