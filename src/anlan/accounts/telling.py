"""Telling people of a role who answer for an area."""

from dataclasses import dataclass

from django.contrib.gis.db import models

from anlan.accounts.acts import say
from anlan.accounts.models import Area, User
from anlan.accounts.roles import Role
from anlan.kit.notices import Message, notices_send

TITLE_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class Word:
    """What everybody of these roles who answers for the area is told of a row; the rest as in `Message`.

    One with a `tag` is a reminder: many leave as one, and it is taken back when the row needs it no more.
    """

    roles: tuple[Role, ...]
    area: Area
    about: models.Model
    title: str
    body: str = ""
    level: str = "info"
    url: str = ""
    tag: str = ""
    urgent: bool = False

    def to(self, address: str) -> Message:
        return Message(
            address=address, about=self.about, title=self.title[:TITLE_LENGTH], body=self.body, level=self.level,
            url=self.url, tag=self.tag, place=str(self.area), urgent=self.urgent,
        )  # fmt: skip


def duty_tell(*words: Word) -> None:
    """One notice of each an address: where somebody of the role sits, in the word's area or above it; else the district.

    A notice to `role:x@code` reaches who is in that area or below it. Many words cost as few statements as one.
    """
    codes = {code for word in words for code in _codes(word.area)}
    people = User.objects.filter(role__in={role for word in words for role in word.roles}, is_active=True)
    seats = set(people.filter(area__code__in=codes).values_list("role", "area__code"))
    messages = []
    for word in words:
        above = _codes(word.area)
        for role in word.roles:
            held = [code for code in above if (role, code) in seats]
            messages += [word.to(f"role:{role}@{code}") for code in held or above[:1]]
    notices_send(messages)


def _codes(area: Area) -> list[str]:
    """Of the district first, of the area itself last."""
    return [code for code in area.path.split(".") if code]


def role_names(roles: tuple[Role, ...]) -> str:
    """The roles in words, for the timeline."""
    return "、".join(say(role.label) for role in roles)
