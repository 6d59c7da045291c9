"""Addresses of supervision."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.accounts.roles import Role
from anlan.kit.pages import NavItem
from anlan.supervision.views import hazards
from anlan.supervision.views.hazards import READERS

urlpatterns = [
    path("hazards/", hazards.hazards, name="hazards"),
    path("hazards/new/", hazards.hazard_new, name="hazard_new"),
    path("hazards/sites/", hazards.sites, name="hazard_sites"),
    path("hazards/photos/<int:pk>/", hazards.photo, name="hazard_photo"),
    path("hazards/<int:pk>/", hazards.hazard, name="hazard"),
    path("hazards/<int:pk>/phone/", hazards.phone, name="hazard_phone"),
    path("hazards/<int:pk>/<slug:step>/", hazards.hazard_step, name="hazard_step"),
]

FIELD = (Role.INSPECTOR, Role.ENTERPRISE, Role.COMMUNITY)
"""Whose first work hazards are: they find them before every heading."""

NAV = [
    NavItem(title=_("隐患治理"), url_name="supervision:hazards", icon="hazard", roles=FIELD, order=9),
    NavItem(
        title=_("隐患治理"),
        url_name="supervision:hazards",
        icon="hazard",
        roles=tuple(role for role in READERS if role not in FIELD),
        order=20,
        section=_("监督管理"),
    ),
]
