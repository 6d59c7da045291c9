"""Telling people of a role who answer for an area."""

from django.contrib.gis.db import models

from anlan.accounts.acts import say
from anlan.accounts.models import Area, User
from anlan.accounts.roles import Role
from anlan.kit.notices import notice_send

TITLE_LENGTH = 200


def duty_addresses(role: Role, area: Area) -> list[str]:
    """Addresses of a role in the areas above this one (and itself) where somebody holds it; else the district's.

    A notice to `role:x@code` reaches who is in that area or below it, so each is addressed where they sit.
    """
    codes = [code for code in area.path.split(".") if code]
    held = User.objects.filter(role=role, is_active=True, area__code__in=codes).values_list("area__code", flat=True)
    return [f"role:{role}@{code}" for code in sorted(set(held)) or codes[:1]]


def duty_tell(
    *,
    roles: tuple[Role, ...],
    area: Area,
    title: str,
    body: str = "",
    level: str = "info",
    url: str = "",
    about: models.Model,
) -> None:
    """One notice an address, to everybody of these roles who answers for the area."""
    for role in roles:
        for address in duty_addresses(role, area):
            notice_send(address=address, title=title[:TITLE_LENGTH], body=body, level=level, url=url, about=about)


def role_names(roles: tuple[Role, ...]) -> str:
    """The roles in words, for the timeline."""
    return "、".join(say(role.label) for role in roles)
