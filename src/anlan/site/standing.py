"""What a command needs before it can ask the database: the cluster up, Django ready, somebody to act as."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from anlan.site import cluster
from anlan.site.database import is_private


class NoSuchPerson(ValueError):
    """There is no log-in of this name."""


class Operator:
    """Who sits at the machine: sees every row, reads sensitive fields masked, has no log-in."""

    pk = id = None
    username = "operator"
    role = ""
    area = organisation = area_id = organisation_id = None
    is_active = is_authenticated = is_superuser = is_staff = True
    is_anonymous = False

    def __str__(self) -> str:
        return self.username

    def get_username(self) -> str:
        return self.username

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return not perm.partition(".")[2].startswith("reveal_")


def database_up() -> None:
    """Starts the private cluster where that is the database."""
    if is_private():
        cluster.start()


@contextmanager
def database_as_found() -> Iterator[None]:
    """Leaves the private cluster running or stopped, as it was before."""
    stopped_before = is_private() and not cluster.running()
    try:
        yield
    finally:
        if stopped_before:
            cluster.stop()


def stand_up() -> None:
    """The database, then Django."""
    import django

    database_up()
    django.setup()


def person(username: str | None) -> Any:
    """The log-in of this name, or the operator; raises `NoSuchPerson`."""
    from anlan.accounts.models import User

    if username is None:
        return Operator()
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NoSuchPerson(f"there is no log-in {username}")
    return user
