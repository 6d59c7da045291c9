"""The live stream as an ASGI application for the server."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
django.setup()

from anlan.accounts.live_stream import application  # noqa: E402

__all__ = ["application"]
