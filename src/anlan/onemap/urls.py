"""Addresses of the map."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kit.pages import NavItem
from anlan.onemap import views

urlpatterns = [
    path("map/", views.map_page, name="map"),
    path("map/layers.json", views.layers_json, name="layers"),
    path("map/search.json", views.search_json, name="search"),
    path("map/layers/<str:key>.geojson", views.layer_geojson, name="geojson"),
    path("map/layers/<str:key>/", views.layer_table, name="table"),
    path("map/tiles/<str:key>/<int:z>/<int:x>/<int:y>.mvt", views.layer_tile, name="tile"),
    path("map/object/<str:key>/<int:pk>/", views.map_object, name="object"),
]

NAV = [NavItem(title=_("一张图"), url_name="onemap:map", icon="map", order=11)]
