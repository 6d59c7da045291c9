"""The map page, its layers as data, and each layer's table twin."""

from collections.abc import Callable
from hashlib import md5
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anlan.onemap import wording
from anlan.onemap.catalogue import catalogue
from anlan.onemap.drawing import Tile, geojson, tile
from anlan.onemap.selectors import LIMIT, DrawnLayer, layer_of, layers_of, rows_matching

PAGE = 50
FOUND = 6
"""Rows of a layer that the search box offers."""

View = Callable[..., HttpResponseBase]


def page(view: View) -> View:
    return require_safe(login_required(view))


@page
def map_page(request: HttpRequest) -> HttpResponse:
    """`?focus=<layer>:<id>` opens an object, `?incident=<id>` the view of an incident."""
    return render(request, "onemap/map.html")


@page
def layers_json(request: HttpRequest) -> HttpResponseBase:
    return _unless_known(request, JsonResponse(catalogue(request.user), json_dumps_params={"ensure_ascii": False}))


@page
def layer_geojson(request: HttpRequest, key: str) -> HttpResponseBase:
    drawn = _layer(request, key)
    if drawn.rows.count() > LIMIT:
        return _refused(_("该图层超过 %(limit)s 个要素,请改用矢量瓦片。") % {"limit": LIMIT})
    return _unless_known(request, HttpResponse(geojson(drawn), content_type="application/geo+json"))


@page
def layer_tile(request: HttpRequest, key: str, z: int, x: int, y: int) -> HttpResponseBase:
    drawn = _layer(request, key)
    try:
        at = Tile(z=z, x=x, y=y)
    except ValueError:
        return _refused(_("没有这个瓦片:%(z)s/%(x)s/%(y)s。") % {"z": z, "x": x, "y": y})
    return _unless_known(request, HttpResponse(tile(drawn, at), content_type="application/vnd.mapbox-vector-tile"))


@page
def layer_table(request: HttpRequest, key: str) -> HttpResponse:
    """The same rows as the layer's, for keyboard and screen reader."""
    drawn = _layer(request, key)
    words = request.GET.get("q", "").strip()
    shown = Paginator(rows_matching(drawn, words).order_by("pk"), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "onemap/table.html",
        {
            "layer": drawn,
            "layers": layers_of(request.user).values(),
            "names": [wording.name_of(drawn, name) for name in drawn.properties],
            "rows": list(wording.table_of(request.user, drawn, shown)),
            "page": shown,
            "words": words,
        },
    )


@page
def map_object(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """The card of one object, as a fragment; 404 where the person does not see it."""
    drawn = _layer(request, key)
    row = drawn.rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    point = _geometry(row, drawn).point_on_surface
    return render(
        request,
        "onemap/object.html",
        {
            "layer": drawn,
            "id": row.pk,
            "title": wording.title_of(drawn, row),
            "card": wording.card_of(drawn, row),
            "url": wording.address_of(request.user, drawn, row),
            "longitude": f"{point.x:.6f}",
            "latitude": f"{point.y:.6f}",
        },
    )


@page
def search_json(request: HttpRequest) -> JsonResponse:
    """Objects of all the person's layers that hold the words."""
    words = request.GET.get("q", "").strip()
    found = [hit for drawn in layers_of(request.user).values() for hit in _hits(drawn, words)] if words else []
    return JsonResponse({"found": found}, json_dumps_params={"ensure_ascii": False})


def _hits(drawn: DrawnLayer, words: str) -> list[dict[str, Any]]:
    return [
        {"key": drawn.key, "layer": str(drawn.title), "id": row.pk, "title": wording.title_of(drawn, row)}
        for row in rows_matching(drawn, words).order_by("pk")[:FOUND]
    ]


def _layer(request: HttpRequest, key: str) -> DrawnLayer:
    drawn = layer_of(request.user, key)
    if drawn is None:
        raise Http404
    return drawn


def _geometry(row: Any, drawn: DrawnLayer) -> Any:
    for part in drawn.layer.geometry.split("__"):
        row = getattr(row, part)
    return row


def _refused(sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=400, json_dumps_params={"ensure_ascii": False})


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """304 where the browser already holds exactly this content; it asks each time, so rights never go stale."""
    etag = quote_etag(md5(response.content, usedforsecurity=False).hexdigest())
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
