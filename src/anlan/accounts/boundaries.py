"""Reads real boundaries from a file and gives them to the areas that they belong to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from django.contrib.gis.gdal import AxisOrder, CoordTransform, GDALException, OGRGeometry, SpatialReference
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from anlan.vocab.coordinates import Datum, convert

STORED = 4490
CODE_NAMES = ("code", "adcode", "qhdm", "区划代码", "代码")
NAME_NAMES = ("name", "mc", "名称", "区域名称")
GEOCENTRIC = frozenset({Datum.WGS84, Datum.CGCS2000})


class BoundaryError(ValueError):
    """The file as a whole cannot be used; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """One area's shape in EPSG:4490, with what the file calls it; either word may be empty."""

    code: str
    name: str
    shape: MultiPolygon


@dataclass(frozen=True, kw_only=True)
class BoundaryFile:
    """The shapes of a file, and the features that hold none."""

    found: tuple[Boundary, ...]
    problems: tuple[str, ...] = field(default=())


def boundaries_read(path: Path, *, datum: Datum, code_field: str = "", name_field: str = "") -> BoundaryFile:
    """GeoJSON, Shapefile, GeoPackage or whatever else GDAL reads; raises `BoundaryError`.

    Degrees are converted from `datum` once; a projected file must be WGS84 or CGCS2000. Parts that carry the same
    code and name become one shape; invalid rings are mended.
    """
    meta, shapes, columns = _read(path)
    codes = _column(columns, code_field, CODE_NAMES, len(shapes))
    names = _column(columns, name_field, NAME_NAMES, len(shapes))
    if not any(codes) and not any(names):
        raise BoundaryError(f"no column holds a code or a name; the file has: {', '.join(columns) or 'none'}")
    degrees = _to_degrees(shapes, meta.get("crs"), datum)
    return _gather(zip(codes, names, [_convert(shape, datum) for shape in degrees], strict=True))


def _read(path: Path) -> tuple[dict[str, Any], Sequence[BaseGeometry | None], dict[str, NDArray[Any]]]:
    try:
        meta, _fids, wkb, values = pyogrio.raw.read(path, force_2d=True)
    except (DataSourceError, DataLayerError, UnicodeDecodeError) as error:
        raise BoundaryError(f"{path.name} cannot be read: {error}") from None
    if wkb is None or not len(wkb):
        raise BoundaryError(f"{path.name} holds no shapes")
    return meta, shapely.from_wkb(wkb).tolist(), dict(zip(meta["fields"], values, strict=True))


def _column(columns: dict[str, NDArray[Any]], asked: str, usual: Iterable[str], length: int) -> list[str]:
    if asked and asked not in columns:
        raise BoundaryError(f"there is no column {asked}; the file has: {', '.join(columns)}")
    lower = {name.lower(): name for name in columns}
    chosen = asked or next((lower[name] for name in usual if name in lower), "")
    return [_word(value) for value in columns[chosen]] if chosen else [""] * length


def _word(value: Any) -> str:
    """A code that a spreadsheet made a number of is still a code."""
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return ""
    return str(int(value)) if isinstance(value, float | np.floating) and value == int(value) else str(value).strip()


def _to_degrees(shapes: Sequence[Any], crs: str | None, datum: Datum) -> list[Any]:
    reference = _reference(crs)
    if reference is not None and reference.projected:
        if datum not in GEOCENTRIC:
            raise BoundaryError(f"a projected file cannot be {datum}: its coordinates are metres")
        target = SpatialReference(STORED, axis_order=AxisOrder.TRADITIONAL)
        return [_project(shape, CoordTransform(reference, target)) for shape in shapes]
    west, south, east, north = shapely.total_bounds([shape for shape in shapes if shape is not None])
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise BoundaryError("the coordinates are not degrees, and the file does not say what else they are")
    return list(shapes)


def _reference(crs: str | None) -> SpatialReference | None:
    try:
        return SpatialReference(crs, axis_order=AxisOrder.TRADITIONAL) if crs else None
    except GDALException as error:
        raise BoundaryError(f"unknown coordinate system: {error}") from None


def _project(shape: BaseGeometry | None, change: CoordTransform) -> BaseGeometry | None:
    if shape is None:
        return None
    moved = OGRGeometry(memoryview(shapely.to_wkb(shape)))
    moved.transform(change)
    return shapely.from_wkb(bytes(moved.wkb))


def _convert(shape: BaseGeometry | None, datum: Datum) -> BaseGeometry | None:
    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(convert(points[:, 0], points[:, 1], datum, Datum.CGCS2000))

    return None if shape is None else shapely.transform(shape, move)


def _gather(rows: Iterable[tuple[str, str, BaseGeometry | None]]) -> BoundaryFile:
    parts: dict[tuple[str, str], list[Polygon]] = {}
    problems: list[str] = []
    for number, (code, name, shape) in enumerate(rows, start=1):
        polygons = _polygons(shape)
        if polygons and (code or name):
            parts.setdefault((code, name), []).extend(polygons)
        else:
            problems.append(
                f"feature {number} ({code or name or 'unnamed'}): {'no name' if polygons else 'no polygon'}"
            )
    joined = {key: shapely.unary_union(polygons) for key, polygons in parts.items()}
    found = [Boundary(code=c, name=n, shape=MultiPolygon(_polygons(s))) for (c, n), s in joined.items()]
    return BoundaryFile(found=tuple(found), problems=tuple(problems))


def _polygons(shape: BaseGeometry | None) -> list[Polygon]:
    """The polygons of a shape, mended; lines and points that mending leaves behind are dropped."""
    if shape is None or shape.is_empty:
        return []
    mended = shape if shape.is_valid else shapely.make_valid(shape)
    return [part for part in shapely.get_parts(mended, return_index=False).tolist() for part in _flat(part)]


def _flat(part: BaseGeometry) -> list[Polygon]:
    if isinstance(part, Polygon):
        return [] if part.is_empty else [part]
    return [inner for inner in part.geoms if isinstance(inner, Polygon)] if isinstance(part, MultiPolygon) else []
