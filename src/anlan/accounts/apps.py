"""Accounts: areas, organisations and people who log in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "anlan.accounts"
    verbose_name = _("账号与区划")

    def ready(self) -> None:
        from anlan.accounts import logins, trail

        trail.connect()
        logins.connect()
