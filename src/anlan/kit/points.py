"""Form fields for places: a point as "longitude, latitude" with its datum, an outline as GeoJSON."""

import json
from typing import Any

from django import forms
from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import GEOSException, GEOSGeometry, MultiPolygon, Point, Polygon
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from anlan.vocab.coordinates import Datum, convert

SRID = 4490
DATUMS = [
    (Datum.CGCS2000.value, _("CGCS2000 国家大地坐标")),
    (Datum.WGS84.value, _("WGS84 卫星定位")),
    (Datum.GCJ02.value, _("GCJ-02 高德、腾讯")),
    (Datum.BD09.value, _("BD-09 百度")),
]


def point_of(lon: float, lat: float, datum: str = Datum.CGCS2000) -> Point:
    """A stored point; converted once, here. Raises `ValidationError` outside the globe or for an unknown datum."""
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValidationError(_("经度须在 -180 至 180 之间,纬度须在 -90 至 90 之间。"))
    if datum not in set(Datum):
        raise ValidationError(_("坐标系只能是 CGCS2000、WGS84、GCJ02 或 BD09。"))
    x, y = convert(lon, lat, Datum(datum), Datum.CGCS2000)
    return Point(float(x), float(y), srid=SRID)


def point_parsed(text: str, datum: str = Datum.CGCS2000) -> Point:
    """Reads "114.34, 22.69"; a full-width comma or a space will do."""
    parts = text.replace(",", " ").replace("，", " ").split()
    try:
        lon, lat = (float(part) for part in parts)
    except ValueError:
        raise ValidationError(_("请填写“经度, 纬度”,例如 114.346200, 22.690800。")) from None
    return point_of(lon, lat, datum)


class PointWidget(forms.MultiWidget):
    template_name = "backoffice/point.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        text = forms.TextInput({"class": "al-input", "placeholder": "114.346200, 22.690800", "inputmode": "decimal"})
        super().__init__([text, forms.Select({"class": "al-input"}, choices=DATUMS)], attrs)

    def decompress(self, value: Any) -> list[Any]:
        if isinstance(value, Point):
            return [f"{value.x:.6f}, {value.y:.6f}", Datum.CGCS2000.value]
        return ["", Datum.CGCS2000.value]


class PointField(forms.MultiValueField):
    """Gives a point in EPSG:4490. One that nobody touched keeps all its digits."""

    widget = PointWidget

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("require_all_fields", False)
        fields = (forms.CharField(required=False), forms.ChoiceField(choices=DATUMS, required=False))
        super().__init__(fields, **kwargs)

    def compress(self, data_list: Any) -> Point | None:
        if not data_list or not data_list[0]:
            return None
        return point_parsed(data_list[0], data_list[1] or Datum.CGCS2000)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(data or ["", ""]) != PointWidget().decompress(initial)


class OutlineField(forms.CharField):
    """A polygon or multi-polygon as GeoJSON text; gives a multi-polygon in EPSG:4490."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget = forms.Textarea({"class": "al-input", "rows": 5, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return value.geojson if isinstance(value, GEOSGeometry) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, GEOSGeometry) or value in self.empty_values:
            return value or None
        return outline_parsed(value)


def outline_parsed(text: str) -> MultiPolygon:
    """Reads a GeoJSON geometry; raises `ValidationError` in words."""
    try:
        told = json.loads(text)
        if not isinstance(told, dict) or told.get("type") not in {"Polygon", "MultiPolygon"}:
            raise ValidationError(_("须为 Polygon 或 MultiPolygon。"))
        shape = GEOSGeometry(json.dumps(told), srid=None)
    except (ValueError, GDALException, GEOSException):
        raise ValidationError(_("不是有效的 GeoJSON 几何。")) from None
    if isinstance(shape, Polygon):
        shape = MultiPolygon(shape)
    if not isinstance(shape, MultiPolygon):
        raise ValidationError(_("须为 Polygon 或 MultiPolygon。"))
    if not shape.valid:
        raise ValidationError(_("边界自相交或不闭合。"))
    return MultiPolygon(list(shape), srid=SRID)
