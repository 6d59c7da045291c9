"""Names this part for Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OnemapConfig(AppConfig):
    name = "anlan.onemap"
    verbose_name = _("一张图")
