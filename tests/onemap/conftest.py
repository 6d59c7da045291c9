"""A small district with rows of two sub-districts."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from map_rows import square

from anlan.accounts.models import Area, User

BACKEND = "anlan.accounts.backends.RoleBackend"


@pytest.fixture
def district(db: None) -> SimpleNamespace:
    whole = Area.objects.create(code="440310", name="坪山区", level="district", boundary=square(114.3, 22.6, 0.2))
    east = Area.objects.create(
        code="440310001", name="坪山街道", level="street", parent=whole, boundary=square(114.4, 22.6, 0.1)
    )
    west = Area.objects.create(
        code="440310002", name="马峦街道", level="street", parent=whole, boundary=square(114.3, 22.6, 0.1)
    )
    return SimpleNamespace(whole=whole, east=east, west=west)


@pytest.fixture
def person() -> Callable[..., User]:
    def make(area: Area, role: str = "duty_officer", **fields: Any) -> User:
        return User.objects.create(
            username=f"{role}-{area.code}", display_name="王建国", role=role, area=area, **fields
        )

    return make


@pytest.fixture
def browse() -> Callable[[User], Client]:
    """A client that the person is logged in with."""

    def open_client(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=BACKEND)
        return client

    return open_client
