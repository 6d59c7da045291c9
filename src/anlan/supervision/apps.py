"""Names this part for Django, and puts its categories in after a migration."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SupervisionConfig(AppConfig):
    name = "anlan.supervision"
    verbose_name = _("监督管理")

    def ready(self) -> None:
        post_migrate.connect(_categories_after_migrate, sender=self)


def _categories_after_migrate(**_kwargs: Any) -> None:
    from anlan.supervision.categories_load import categories_load

    categories_load()
