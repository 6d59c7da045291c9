"""Finds what the parts offer upward: each app's `handlers.py`, `figures.py`, `layers.py`, `entities.py`."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class KitConfig(AppConfig):
    name = "anlan.kit"
    verbose_name = _("公共底座")

    def ready(self) -> None:
        from django.contrib import admin

        from anlan.kit.backoffice.admin import register_entities

        autodiscover_modules("entities", "handlers", "figures", "layers")
        register_entities(admin.site)
        post_migrate.connect(_law_after_migrate, sender=self)


def _law_after_migrate(**_kwargs: Any) -> None:
    from anlan.kit.law_load import law_load

    law_load()
