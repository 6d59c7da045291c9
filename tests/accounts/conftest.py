"""Small rows and helpers that the tests of accounts share."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from anlan.accounts.models import Area, AuditEntry, Organisation, User


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def new_entries(db: None) -> Callable[[], list[AuditEntry]]:
    """Entries that joined the chain since the fixture was set up, as a commit would have it; oldest first."""
    start = _last()

    def read() -> list[AuditEntry]:
        _settle()
        return list(AuditEntry.objects.filter(seq__gt=start).order_by("seq"))

    return read


def _settle() -> None:
    """Lets the entries of this transaction join the chain, as its commit would."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate; set constraints all deferred")


@pytest.fixture
def settle(db: None) -> Callable[[], None]:
    return _settle


def _last() -> int:
    newest = AuditEntry.objects.order_by("-seq").first()
    return newest.seq if newest else 0


@pytest.fixture
def areas(db: None) -> dict[str, Area]:
    """A district of two streets; the first has two communities, whose first has two grids."""
    rows: dict[str, Area] = {}
    plan = [
        ("d", "district", None, "440310"), ("s1", "street", "d", "440310001"), ("s2", "street", "d", "440310002"),
        ("c1", "community", "s1", "440310001001"), ("c2", "community", "s1", "440310001002"),
        ("g1", "grid", "c1", "44031000100101"), ("g2", "grid", "c1", "44031000100102"),
    ]  # fmt: skip
    for key, level, parent, code in plan:
        rows[key] = Area.objects.create(
            code=code, name=f"区域{key}", level=level, parent=rows[parent] if parent else None
        )
    return rows


@pytest.fixture
def organisation(areas: dict[str, Area]) -> Organisation:
    return Organisation.objects.create(name="坪山区应急管理局", kind="bureau", area=areas["d"], telephone="0755-1234")


@pytest.fixture
def person(areas: dict[str, Area]) -> Callable[..., User]:
    """Makes a person who logs in; `area` is a key of `areas`."""

    def make(role: str, *, area: str | None = "d", password: str | None = None, **more: Any) -> User:
        username = more.pop("username", f"{role}{User.objects.count()}")
        return User.objects.create_user(
            username=username,
            password=password,
            display_name=more.pop("display_name", "王平安"),
            role=role,
            area=areas[area] if area else None,
            **more,
        )

    return make
