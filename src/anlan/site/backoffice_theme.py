"""The back office's look: the same colours as the pages of the roles."""

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

PRIMARY = {
    "50": "#eff6ff",
    "100": "#dceafd",
    "200": "#bdd7fb",
    "300": "#8fbaf7",
    "400": "#5b96ee",
    "500": "#3176dd",
    "600": "#1459b8",
    "700": "#0f4896",
    "800": "#103d7a",
    "900": "#123566",
    "950": "#0b2144",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("安澜后台"),
    "SITE_HEADER": _("安澜 · 后台管理"),
    "SITE_SYMBOL": "water",
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "4px",
    "COLORS": {"primary": PRIMARY},
    "STYLES": [lambda request: static("backoffice/backoffice.css")],
    "DASHBOARD_CALLBACK": "anlan.kit.backoffice.sidebar.front_page",
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "anlan.kit.backoffice.sidebar.navigation",
    },
}
