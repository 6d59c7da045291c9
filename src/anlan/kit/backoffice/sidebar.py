"""The back office's own navigation and front page, made from the declarations."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.kit.entities import Entity, entities
from anlan.kit.rows import rows_visible

ICONS = {
    "area": "map",
    "enterprise": "factory",
    "team": "groups",
    "place": "place",
    "facility": "domain",
    "shelter": "night_shelter",
    "stock": "inventory_2",
    "device": "sensors",
    "camera": "videocam",
}
PLAIN = "table_rows"


def icon_of(entity: Entity) -> str:
    return entity.icon or ICONS.get(entity.layer.symbol if entity.layer else "", PLAIN)


def _groups(request: HttpRequest) -> list[tuple[str, list[Entity]]]:
    """The entities that this person may see, by part, in the order of the house."""
    found: dict[str, list[Entity]] = {}
    for entity in entities().values():
        held = admin.site._registry.get(entity.model)
        if held is not None and held.has_view_permission(request):
            found.setdefault(entity.model._meta.app_label, []).append(entity)
    return [(str(apps.get_app_config(label).verbose_name), found[label]) for label in found]


def _address(entity: Entity, page: str = "changelist") -> str:
    opts = entity.model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's sidebar."""
    home = {"title": _("概览"), "icon": "dashboard", "link": reverse("admin:index")}
    pages = {"title": _("业务页面"), "icon": "map", "link": reverse("onemap:map")}
    groups: list[dict[str, Any]] = [{"title": None, "items": [home, pages]}]
    for title, members in _groups(request):
        items = [
            {"title": str(e.model._meta.verbose_name_plural), "icon": icon_of(e), "link": _address(e)} for e in members
        ]
        groups.append({"title": title, "collapsible": True, "separator": True, "items": items})
    return groups


def front_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's dashboard: how many rows of each entity this person sees, and the ways to the usual jobs."""
    groups = [{"title": title, "cards": [_card(request, e) for e in members]} for title, members in _groups(request)]
    return context | {"title": _("概览"), "groups": groups}


def _card(request: HttpRequest, entity: Entity) -> dict[str, Any]:
    held: Any = admin.site._registry[entity.model]
    return {
        "title": entity.title,
        "icon": icon_of(entity),
        "count": rows_visible(entity.model, request.user).count(),
        "url": _address(entity),
        "add": _address(entity, "add") if held.has_add_permission(request) else "",
        "bring": _address(entity, "import") if held.has_import_permission(request) else "",
    }
