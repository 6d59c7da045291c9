"""What every page of a role shows around its own content."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, kw_only=True)
class NavItem:
    """An entry of the navigation, declared as `NAV = [NavItem(…)]` in an app's `urls.py`.

    Empty `roles`: everybody. Neighbours in order that name the same `section` stand under its heading.
    """

    title: Any
    url_name: str
    icon: str
    roles: tuple[str, ...] = ()
    order: int = 50
    section: Any = ""


def navigation(user: Any) -> list[dict[str, Any]]:
    """The sections with the entries that this person's role sees, in order; the title may be empty."""
    if not user.is_authenticated:
        return []
    items = [item for item in _declared() if not item.roles or user.is_superuser or user.role in item.roles]
    sections = groupby(sorted(items, key=lambda i: i.order), key=lambda i: str(i.section))
    return [{"title": title, "entries": _entries(members)} for title, members in sections]


def _entries(items: Iterable[NavItem]) -> list[dict[str, Any]]:
    entries = []
    for item in items:
        try:
            entries.append({"title": item.title, "url": reverse(item.url_name), "icon": item.icon})
        except NoReverseMatch:
            continue
    return entries


def _declared() -> list[NavItem]:
    found: list[NavItem] = []
    for config in apps.get_app_configs():
        module = f"{config.name}.urls"
        if config.name.startswith("anlan.") and config.name != "anlan.site" and find_spec(module):
            found.extend(getattr(import_module(module), "NAV", []))
    return found


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: navigation and the address of the live stream."""
    return {
        "navigation": navigation(request.user) if hasattr(request, "user") else [],
        "live_url": settings.ANLAN_LIVE_URL,
        "live_port": settings.ANLAN_LIVE_PORT,
    }
