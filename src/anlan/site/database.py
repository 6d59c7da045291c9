"""Where the database is: `DATABASE_URL`, else the private cluster under `var/`."""

import os
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from anlan.site import cluster


def is_private() -> bool:
    """True where the database is the private cluster, false where `DATABASE_URL` names another."""
    return not os.environ.get("DATABASE_URL")


def database_settings() -> dict[str, Any]:
    """Django's `DATABASES["default"]`."""
    settings: dict[str, Any] = {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
    if url := os.environ.get("DATABASE_URL"):
        return settings | _from_url(url)
    return settings | {"NAME": "anlan", "USER": "anlan", "HOST": str(cluster.socket_dir())}


def _from_url(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql", "postgis"}:
        raise ValueError("DATABASE_URL must begin with postgresql:// — Anlan runs on PostgreSQL with PostGIS")
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or parse_qs(parts.query).get("host", [""])[0],
        "PORT": str(parts.port or ""),
    }
