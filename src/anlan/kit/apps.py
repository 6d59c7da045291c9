"""Finds what the parts offer upward: each app's `handlers.py`, `figures.py`, `layers.py`, `entities.py`."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class KitConfig(AppConfig):
    name = "anlan.kit"
    verbose_name = _("公共底座")

    def ready(self) -> None:
        autodiscover_modules("entities", "handlers", "figures", "layers")
