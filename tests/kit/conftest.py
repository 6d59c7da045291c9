"""A small district, and people who see all of it, half of it, or only read."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from anlan.accounts.models import Area, Organisation, User


@dataclass(frozen=True, kw_only=True)
class District:
    district: Area
    east: Area
    west: Area
    bureau: Organisation


@pytest.fixture
def district(db: None) -> District:
    top = Area.objects.create(code="990001", name="安澜区", level=Area.Level.DISTRICT)
    east = Area.objects.create(code="990001001", name="东街道", level=Area.Level.STREET, parent=top)
    west = Area.objects.create(code="990001002", name="西街道", level=Area.Level.STREET, parent=top)
    bureau = Organisation.objects.create(name="安澜区应急管理局", kind="bureau", area=top)
    return District(district=top, east=east, west=west, bureau=bureau)


def _person(name: str, role: str, area: Area, **more: Any) -> User:
    return User.objects.create(
        username=name, display_name=name, role=role, area=area, is_staff=True, is_active=True, **more
    )


@pytest.fixture
def admin(district: District) -> User:
    return _person("王管理", "administrator", district.district)


@pytest.fixture
def root(district: District) -> User:
    return _person("超级用户", "administrator", district.district, is_superuser=True)


@pytest.fixture
def east_clerk(district: District) -> User:
    """Writes the registry, in the east only; reads nothing in full."""
    return _person("李街道", "street", district.east)


@pytest.fixture
def reader(district: District) -> User:
    """Sees the whole district and changes nothing."""
    return _person("赵领导", "leader", district.district)


@pytest.fixture
def enter() -> Any:
    """Gives a browser in which this person is logged in."""

    def opened(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="anlan.accounts.backends.RoleBackend")
        return client

    return opened
