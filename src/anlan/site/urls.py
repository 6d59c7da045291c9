"""Addresses: each part's own `urls.py` is found by being there."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from anlan.site.api import api


def _parts() -> list[URLResolver]:
    found = [part for part in settings.HOUSE if find_spec(f"anlan.{part}.urls")]
    return [path("", include((import_module(f"anlan.{part}.urls").urlpatterns, part))) for part in found]


urlpatterns: list[URLPattern | URLResolver] = [
    *_parts(),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("favicon.ico", RedirectView.as_view(url=static("kit/mark.svg"))),
]
