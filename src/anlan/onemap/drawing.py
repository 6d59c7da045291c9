"""Rows as GeoJSON and as vector tiles, made inside the database from the person's own queryset."""

import math
from dataclasses import dataclass
from typing import Any

from django.contrib.gis.db.models.functions import AsGeoJSON
from django.contrib.gis.geos import Polygon
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import CharField, F, Func, TextField, Value
from django.db.models.functions import Cast

from anlan.onemap.colours import WARNING, colour_expression
from anlan.onemap.selectors import DrawnLayer

EMPTY = b'{"type":"FeatureCollection","features":[]}'
DEEPEST = 22
EXTENT = 4096
MARGIN = 64
GATHERED_BELOW = 14
CELLS = 8
"""Below zoom 14 points are gathered into 8 × 8 cells a tile."""
DECIMALS = 6


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A tile of the usual web-Mercator scheme; raises `ValueError` where there is none."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if self.z > DEEPEST or max(self.x, self.y) >= 1 << self.z:
            raise ValueError(f"no tile {self.z}/{self.x}/{self.y}")

    def envelope(self, margin: float) -> Polygon:
        """Its ground in degrees, with a margin in parts of its width."""
        west, north = self._degrees(self.x - margin, self.y - margin)
        east, south = self._degrees(self.x + 1 + margin, self.y + 1 + margin)
        box = Polygon.from_bbox((west, south, east, north))
        box.srid = 4490
        return box

    def _degrees(self, x: float, y: float) -> tuple[float, float]:
        side = float(1 << self.z)
        latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / side))))
        return max(-180.0, min(180.0, x / side * 360 - 180)), latitude


class TileGeometry(Func):
    """A geometry in a tile's own coordinates, or null where it does not touch the tile."""

    output_field = TextField()
    template = "ST_AsMVTGeom(ST_Transform(%(expressions)s, 3857), ST_TileEnvelope(%(z)s, %(x)s, %(y)s), %(extent)s, %(buffer)s, true)"


def geojson(drawn: DrawnLayer) -> bytes:
    """All features of a layer as one FeatureCollection; `_label` and `_colour` stand beside the properties."""
    try:
        inner, values = _inner(drawn, AsGeoJSON(drawn.layer.geometry, precision=DECIMALS))
    except EmptyResultSet:
        return EMPTY
    names = ["_label", "_colour", *drawn.columns]
    pairs = ", ".join(f"%s::text, {column}" for column in _columns(drawn))
    sql = f"""
        select '{{"type":"FeatureCollection","features":' || coalesce(json_agg(json_build_object(
            'type', 'Feature', 'id', map_id, 'geometry', map_geometry::json, 'properties', json_build_object({pairs})
        ) order by map_id)::text, '[]') || '}}' from ({inner}) as drawn"""
    return str(_one(sql, [*names, *values])).encode()


def tile(drawn: DrawnLayer, at: Tile) -> bytes:
    """One vector tile with a layer `rows`. Empty where no row touches it."""
    gathered = at.z < GATHERED_BELOW and drawn.of_points
    margin = 0 if gathered else MARGIN
    ground = at.envelope(margin / EXTENT)
    near = DrawnLayer(
        key=drawn.key,
        title=drawn.title,
        layer=drawn.layer,
        rows=drawn.rows.filter(**{f"{drawn.layer.geometry}__bboverlaps": ground}),
    )
    shape = TileGeometry(F(drawn.layer.geometry), z=at.z, x=at.x, y=at.y, extent=EXTENT, buffer=margin)
    try:
        inner, values = _inner(near, shape)
    except EmptyResultSet:
        return b""
    rows = _gathered(near, inner) if gathered else _single(near, inner)
    return bytes(_one(f"select ST_AsMVT(tile, 'rows', {EXTENT}, '_geometry', '_id') from ({rows}) as tile", values))


def _inner(drawn: DrawnLayer, geometry: Any) -> tuple[str, tuple[Any, ...]]:
    """The queryset's own SQL with columns named `map_…`, so that its row rules always hold."""
    columns = {f"map_p{i}": F(name) for i, name in enumerate(drawn.columns)}
    label = Cast(F(drawn.label), CharField()) if drawn.label else Value("", output_field=CharField())
    rows = drawn.rows.values(
        map_id=F("pk"), map_geometry=geometry, map_label=label, map_colour=colour_expression(drawn), **columns
    )
    sql, values = rows.query.sql_with_params()
    return sql, values


def _columns(drawn: DrawnLayer) -> list[str]:
    return ["map_label", "map_colour", *(f"map_p{i}" for i in range(len(drawn.columns)))]


def _named(drawn: DrawnLayer, template: str) -> str:
    names = ["_label", "_colour", *drawn.columns]
    quoted = (connection.ops.quote_name(name).replace("%", "%%") for name in names)
    return ", ".join(
        f"{template.format(column)} as {name}" for column, name in zip(_columns(drawn), quoted, strict=True)
    )


def _single(drawn: DrawnLayer, inner: str) -> str:
    return f"""
        select map_id as _id, map_geometry as _geometry, {_named(drawn, "{}")}
        from ({inner}) as drawn where map_geometry is not null"""


def _gathered(drawn: DrawnLayer, inner: str) -> str:
    """Points of one cell as one feature: `point_count` where more than one, `_worst` the most urgent colour."""
    side = EXTENT // CELLS
    urgency = f"array[{', '.join(repr(token) for token in WARNING)}]"
    alone = "case when count(*) = 1 then (array_agg({}))[1] end"
    return f"""
        select case when count(*) = 1 then min(map_id) end as _id,
            ST_MakePoint(avg(ST_X(map_geometry)), avg(ST_Y(map_geometry))) as _geometry,
            nullif(count(*), 1)::int as point_count,
            max(array_position({urgency}, map_colour))::int as _worst,
            {_named(drawn, alone)}
        from ({inner}) as drawn where map_geometry is not null
        group by floor(ST_X(map_geometry) / {side}), floor(ST_Y(map_geometry) / {side})"""


def _one(sql: str, values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row[0] if row else b""
