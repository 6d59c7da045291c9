"""Names this part for Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupervisionConfig(AppConfig):
    name = "anlan.supervision"
    verbose_name = _("监督管理")
