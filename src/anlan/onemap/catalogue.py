"""What the map page is told of its layers."""

from typing import Any

from django.apps import apps
from django.contrib.gis.db.models import Extent
from django.urls import reverse

from anlan.accounts.models import Area
from anlan.onemap.colours import choices_of, colours_of, legend_of
from anlan.onemap.selectors import LIMIT, DrawnLayer, layers_of
from anlan.onemap.wording import name_of

CHINA = (73.0, 18.0, 135.0, 54.0)


def catalogue(user: Any) -> dict[str, Any]:
    """Plain values, ready for JSON."""
    return {"bounds": _bounds(user), "layers": [_described(drawn) for drawn in layers_of(user).values()]}


def _bounds(user: Any) -> tuple[float, ...]:
    """West, south, east, north of what the person sees."""
    extent = Area.objects.visible_to(user).aggregate(extent=Extent("boundary"))["extent"]
    return extent or CHINA


def _described(drawn: DrawnLayer) -> dict[str, Any]:
    count = drawn.rows.count()
    layer = drawn.layer
    return {
        "key": drawn.key,
        "title": str(drawn.title),
        "group": str(layer.group or apps.get_app_config(drawn.model._meta.app_label).verbose_name),
        "symbol": layer.symbol,
        "colour_by": drawn.colour_by or "",
        "colours": colours_of(drawn),
        "legend": list(legend_of(drawn)),
        "properties": [_property(drawn, name) for name in drawn.columns],
        "label": drawn.label or "",
        "count": count,
        "points": drawn.of_points,
        "mode": "tiles" if count > LIMIT else "geojson",
        "shown": layer.shown,
        "live": layer.live,
        "data": reverse("onemap:geojson", args=[drawn.key]),
        "tiles": reverse("onemap:tile", args=[drawn.key, 0, 0, 0]).replace("0/0/0", "{z}/{x}/{y}"),
        "table": reverse("onemap:table", args=[drawn.key]),
    }


def _property(drawn: DrawnLayer, name: str) -> dict[str, Any]:
    values = {str(value): words for value, words in choices_of(drawn, name).items()}
    return {"name": name, "label": name_of(drawn, name), "values": values}
