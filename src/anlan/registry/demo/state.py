"""Whether the demo is in the database, and whether it may be put there."""

from django.db import models
from django.utils.translation import gettext as _

from anlan.accounts.demo import LOGINS
from anlan.accounts.demo.names import PREFIX
from anlan.accounts.models import Area, Organisation, User
from anlan.registry.models import Enterprise, Facility, Person, Place, Shelter, Stock, Team

COUNTED: tuple[type[models.Model], ...] = (
    Area,
    Organisation,
    User,
    Enterprise,
    Place,
    Facility,
    Team,
    Person,
    Shelter,
    Stock,
)


class DemoRefused(RuntimeError):
    """The database holds rows that are not the demo's; the message says which."""


def demo_there() -> bool:
    """True where the enterprises of a demo are in the database: their codes carry a prefix that is not issued."""
    return Enterprise.objects.filter(credit_code__startswith=f"91440310{PREFIX}").exists()


def demo_counts() -> dict[str, tuple[str, int]]:
    """Model name → its title and number of rows."""
    return {
        str(model._meta.model_name): (str(model._meta.verbose_name), model._default_manager.count())
        for model in COUNTED
    }


def refuse_real_rows() -> None:
    """Raises `DemoRefused` where the demo would stand among real rows."""
    for model in (Enterprise, Area, Organisation):
        if number := model._default_manager.count():
            title = model._meta.verbose_name
            raise DemoRefused(_("库中已有%(title)s %(count)d 条,不再放入演示数据") % {"title": title, "count": number})
    if names := list(
        User.objects.filter(username__in=[post.username for post in LOGINS]).values_list("username", flat=True)
    ):
        raise DemoRefused(_("用户名 %(names)s 已被占用,不再放入演示数据") % {"names": "、".join(sorted(names))})
