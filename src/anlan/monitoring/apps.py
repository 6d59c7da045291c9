"""Names this part for Django, and puts its default rules in after a migration."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    name = "anlan.monitoring"
    verbose_name = _("监测预警")

    def ready(self) -> None:
        post_migrate.connect(_rules_after_migrate, sender=self)


def _rules_after_migrate(**_kwargs: Any) -> None:
    from anlan.monitoring.rules_load import rules_load
    from anlan.monitoring.video.kinds_load import kinds_load

    rules_load()
    kinds_load()
