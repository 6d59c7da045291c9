"""`DATABASE_URL` points Anlan at an existing server."""

import pytest

from anlan.site import cluster
from anlan.site.database import database_settings


def test_without_an_address_the_private_cluster_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert database_settings()["HOST"] == str(cluster.socket_dir())


def test_an_address_names_server_and_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://duty%40desk:s%2Fecret@db.example:6432/bureau")
    found = database_settings()
    assert [found[k] for k in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "bureau", "duty@desk", "s/ecret", "db.example", "6432",
    ]  # fmt: skip


def test_a_socket_folder_may_stand_in_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://anlan@/bureau?host=/run/postgresql")
    assert (database_settings()["HOST"], database_settings()["NAME"]) == ("/run/postgresql", "bureau")


def test_another_kind_of_database_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://somewhere/else")
    with pytest.raises(ValueError, match="PostgreSQL with PostGIS"):
        database_settings()
