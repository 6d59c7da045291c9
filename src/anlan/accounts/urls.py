"""Addresses of the log-in and of one's own account."""

from django.contrib.auth.views import LogoutView
from django.urls import path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from anlan.accounts import account_views, views
from anlan.accounts.roles import Role
from anlan.kit.pages import NavItem

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.LogIn.as_view(), name="login"),
    path("login/code/", views.code, name="code"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/", account_views.me, name="me"),
    path("account/password/", account_views.Password.as_view(), name="password"),
    path("account/second-factor/", account_views.second_factor, name="second_factor"),
    path("account/second-factor/off/", account_views.second_factor_off, name="second_factor_off"),
    path("admin/login/", views.backoffice_login, name="backoffice_login"),
    path("admin/logout/", LogoutView.as_view(), name="backoffice_logout"),
    path("admin/password_change/", RedirectView.as_view(url=reverse_lazy("accounts:password"))),
]

NAV = [
    NavItem(title=_("后台管理"), url_name="admin:index", icon="settings", roles=(Role.ADMINISTRATOR,), order=85),
    NavItem(title=_("我的账号"), url_name="accounts:me", icon="person", order=90),
]
