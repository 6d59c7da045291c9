"""The back office's look: the same colours as the pages of the roles."""

from typing import Any

from django.utils.translation import gettext_lazy as _

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("安澜后台"),
    "SITE_HEADER": _("安澜 · 后台管理"),
    "SITE_SYMBOL": "water",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "BORDER_RADIUS": "4px",
}
