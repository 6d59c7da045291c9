"""The top floor as a Django app, for its templates, locale and commands."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "anlan.site"
    label = "anlan_site"
