"""The REST interface: each part's `api.py` offers a `router`."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from ninja import NinjaAPI
from ninja.security import django_auth

api = NinjaAPI(title="Anlan", version="1", urls_namespace="api", auth=django_auth, docs_url=None)

for _part in settings.HOUSE:
    if find_spec(f"anlan.{_part}.api"):
        api.add_router("", import_module(f"anlan.{_part}.api").router)
