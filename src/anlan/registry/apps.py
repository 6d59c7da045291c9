"""Names this part for Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    name = "anlan.registry"
    verbose_name = _("专题库")
