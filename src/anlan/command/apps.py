"""Names this part for Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommandConfig(AppConfig):
    name = "anlan.command"
    verbose_name = _("指挥救援")
