"""Divides an invented outline into areas that tile it exactly.

A mesh of small irregular cells is grown into regions from seeds, level by level, so that every region is one piece
and every border is made of cell edges. Borders are then smoothed arc by arc: two neighbours share each arc, so
there is no gap and no overlap. Coordinates are degrees, longitude first, rounded to 1e-6.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

SPACING = 0.0016
DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Seed:
    """Where a region starts, and how willingly it grows (1 is usual, less stays small)."""

    lon: float
    lat: float
    pull: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """Small cells that tile the outline; `neighbours[i]` are the cells that share an edge with cell i."""

    cells: np.ndarray
    centres: np.ndarray
    neighbours: tuple[tuple[int, ...], ...]
    cost: tuple[float, ...]


def mesh(outline: Sequence[Sequence[float]], rng: Random) -> Mesh:
    """The cells whose centre lies inside the outline."""
    shape = Polygon(outline)
    points = _scattered(shape.bounds, rng)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points)))
    centres = shapely.get_coordinates(shapely.centroid(cells))
    inside = shapely.contains_xy(shape, centres)
    kept = cells[inside]
    return Mesh(
        cells=kept,
        centres=centres[inside],
        neighbours=_neighbours(kept),
        cost=_cost(centres[inside], rng),
    )


def _cost(centres: np.ndarray, rng: Random) -> tuple[float, ...]:
    """How hard it is to grow over each cell: hills and valleys some 2 km wide, roughened cell by cell."""
    hills = np.zeros(len(centres))
    for _ in range(6):
        turn, phase, wave = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi), 2 * np.pi / rng.uniform(0.012, 0.04)
        hills += np.sin(centres @ (np.cos(turn), np.sin(turn)) * wave + phase)
    return tuple(float(np.exp(0.3 * hill)) * rng.uniform(0.6, 1.4) for hill in hills)


def _scattered(bounds: tuple[float, float, float, float], rng: Random) -> np.ndarray:
    west, south, east, north = bounds
    return np.array(
        [
            (x + rng.uniform(-0.42, 0.42) * SPACING, y + rng.uniform(-0.42, 0.42) * SPACING)
            for x in np.arange(west - 2 * SPACING, east + 2 * SPACING, SPACING)
            for y in np.arange(south - 2 * SPACING, north + 2 * SPACING, SPACING)
        ]
    )


def _neighbours(cells: np.ndarray) -> tuple[tuple[int, ...], ...]:
    left, right = shapely.STRtree(cells).query(cells, predicate="touches")
    shared = shapely.length(shapely.intersection(cells[left], cells[right])) > 0
    found: list[list[int]] = [[] for _ in cells]
    for a, b in zip(left[shared].tolist(), right[shared].tolist(), strict=True):
        found[a].append(b)
    return tuple(tuple(sorted(one)) for one in found)


def grow(ground: Mesh, members: Sequence[int], seeds: Mapping[str, Seed]) -> dict[str, list[int]]:
    """Shares `members` (cells in one piece) among the seeds: each cell goes to the seed that reaches it first."""
    pool, owner = set(members), dict[int, str]()
    heap = [(0.0, key, _nearest(ground, members, seed)) for key, seed in seeds.items()]
    heapq.heapify(heap)
    while heap:
        spent, key, cell = heapq.heappop(heap)
        if cell in owner:
            continue
        owner[cell] = key
        for other in ground.neighbours[cell]:
            if other in pool and other not in owner:
                heapq.heappush(heap, (spent + _step(ground, cell, other) / seeds[key].pull, key, other))
    return {key: sorted(c for c, k in owner.items() if k == key) for key in seeds}


def _nearest(ground: Mesh, members: Sequence[int], seed: Seed) -> int:
    away = np.hypot(*(ground.centres[list(members)] - (seed.lon, seed.lat)).T)
    return members[int(away.argmin())]


def _step(ground: Mesh, cell: int, other: int) -> float:
    return float(np.hypot(*(ground.centres[cell] - ground.centres[other]))) * ground.cost[other]


def halves(ground: Mesh, members: Sequence[int], count: int) -> dict[str, Seed]:
    """Seeds that cut a region into `count` pieces along its longer side, keyed "01", "02" …"""
    spots = ground.centres[list(members)]
    axis = int(np.ptp(spots, axis=0).argmax())
    ordered = spots[spots[:, axis].argsort(kind="stable")]
    picked = [ordered[int(len(ordered) * (i + 0.5) / count)] for i in range(count)]
    return {f"{i + 1:02}": Seed(lon=float(x), lat=float(y)) for i, (x, y) in enumerate(picked)}


def outlines(ground: Mesh, regions: Mapping[str, Sequence[int]]) -> dict[str, Polygon]:
    """A smoothed polygon for each region; together they tile what the regions' cells covered."""
    raw = {key: shapely.coverage_union_all(ground.cells[list(cells)]) for key, cells in regions.items()}
    lines = shapely.line_merge(shapely.union_all(shapely.boundary(list(raw.values()))))
    smooth = [_smoothed(shapely.get_coordinates(arc)) for arc in shapely.get_parts(lines)]
    faces = shapely.get_parts(shapely.polygonize([shapely.LineString(arc) for arc in smooth]))
    inner = {key: _heart(ground, cells) for key, cells in regions.items()}
    return {key: _face(faces, spot) for key, spot in inner.items()}


def _smoothed(arc: np.ndarray) -> np.ndarray:
    """Cuts the corners of an arc once, keeping its ends; a closed arc keeps its first point."""
    if len(arc) < 3:
        return arc.round(DIGITS)
    a, b = arc[:-1], arc[1:]
    cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
    return np.vstack([arc[:1], cut, arc[-1:]]).round(DIGITS)


def _heart(ground: Mesh, cells: Sequence[int]) -> shapely.Point:
    """The centre of the cell that lies deepest inside its region."""
    region = set(cells)
    deep = [c for c in cells if set(ground.neighbours[c]) <= region]
    deeper = [c for c in deep if set(ground.neighbours[c]) <= set(deep)]
    return shapely.Point(ground.centres[(deeper or deep or list(cells))[0]])


def _face(faces: np.ndarray, spot: shapely.Point) -> Polygon:
    (face,) = faces[shapely.contains(faces, spot)]
    return face


def joined(parts: Sequence[Polygon]) -> MultiPolygon:
    """The parent of parts that tile it."""
    return MultiPolygon(list(shapely.get_parts(shapely.coverage_union_all(list(parts)))))
