"""The datums of coordinates met in China, and conversion between them, whole arrays at a time.

CGCS2000 (EPSG:4490) and WGS84 differ by centimetres and are treated as equal. GCJ-02 is the public
approximation of the offset that Chinese map services add; BD-09 is Baidu's further offset on top of it.
Degrees everywhere, longitude first; NaN stays NaN.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Degrees: TypeAlias = NDArray[np.float64]
Pair: TypeAlias = tuple[Degrees, Degrees]

WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
"""The rectangle in which GCJ-02 differs from WGS84, as map services draw it; it covers some neighbours."""

_AXIS = 6_378_245.0
_ECCENTRICITY = 0.00669342162296594323
_BAIDU_TURN = np.pi * 3000.0 / 180.0
_BAIDU_EAST, _BAIDU_NORTH = 0.0065, 0.006
_ROUNDS = 12


class Datum(StrEnum):
    WGS84 = "WGS84"
    CGCS2000 = "CGCS2000"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


def convert(lon: ArrayLike, lat: ArrayLike, source: Datum, target: Datum) -> Pair:
    """Coordinates of `source` in `target`, of the shape that `lon` and `lat` broadcast to.

    Forward and back again returns within 1e-9 degrees, except next to the edge of the rectangle.
    """
    pair = _broadcast(lon, lat)
    for step in (*_TO_GCJ02[source], *_FROM_GCJ02[target]) if _differ(source, target) else ():
        pair = step(*pair)
    return pair


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Unchanged outside the rectangle."""
    x, y = _broadcast(lon, lat)
    inside = in_china(x, y)
    east, north = _shift(x, y)
    return np.where(inside, x + east, x), np.where(inside, y + north, y)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """By fixed-point iteration. Unchanged outside the rectangle."""
    x, y = _broadcast(lon, lat)
    inside = in_china(x, y)
    back_x, back_y = _invert(_shift, x, y)
    return np.where(inside, back_x, x), np.where(inside, back_y, y)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    x, y = _broadcast(lon, lat)
    east, north = _baidu_shift(x, y)
    return x + east, y + north


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """By fixed-point iteration."""
    return _invert(_baidu_shift, *_broadcast(lon, lat))


def in_china(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Whether points lie in the rectangle where GCJ-02 has an offset; False for NaN."""
    x, y = _broadcast(lon, lat)
    return (x >= WEST) & (x <= EAST) & (y >= SOUTH) & (y <= NORTH)


def _broadcast(lon: ArrayLike, lat: ArrayLike) -> Pair:
    x, y = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    return x, y


def _differ(source: Datum, target: Datum) -> bool:
    earth = {Datum.WGS84, Datum.CGCS2000}
    return source != target and not (source in earth and target in earth)


def _invert(shift: Callable[[Degrees, Degrees], Pair], x: Degrees, y: Degrees) -> Pair:
    back_x, back_y = x, y
    for _ in range(_ROUNDS):
        east, north = shift(back_x, back_y)
        back_x, back_y = x - east, y - north
    return back_x, back_y


def _shift(lon: Degrees, lat: Degrees) -> Pair:
    """The offset of GCJ-02 from WGS84 in degrees."""
    east, north = _shift_metres(lon - 105.0, lat - 35.0)
    radians = np.radians(lat)
    magic = 1 - _ECCENTRICITY * np.sin(radians) ** 2
    north_degree = np.pi / 180 * _AXIS * (1 - _ECCENTRICITY) / (magic * np.sqrt(magic))
    east_degree = np.pi / 180 * _AXIS / np.sqrt(magic) * np.cos(radians)
    return east / east_degree, north / north_degree


def _shift_metres(x: Degrees, y: Degrees) -> Pair:
    wave = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    root = np.sqrt(np.abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north = north + (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north = north + (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east = east + (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east = east + (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    return east, north


def _baidu_shift(lon: Degrees, lat: Degrees) -> Pair:
    """The offset of BD-09 from GCJ-02 in degrees."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_TURN)
    return radius * np.cos(angle) + _BAIDU_EAST - lon, radius * np.sin(angle) + _BAIDU_NORTH - lat


_TO_GCJ02 = {
    Datum.WGS84: (wgs84_to_gcj02,),
    Datum.CGCS2000: (wgs84_to_gcj02,),
    Datum.GCJ02: (),
    Datum.BD09: (bd09_to_gcj02,),
}
_FROM_GCJ02 = {
    Datum.WGS84: (gcj02_to_wgs84,),
    Datum.CGCS2000: (gcj02_to_wgs84,),
    Datum.GCJ02: (),
    Datum.BD09: (gcj02_to_bd09,),
}
