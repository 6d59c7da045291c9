"""Whom a hazard is told to: the responsible side, the person who took a step, those who answer for the area."""

from collections.abc import Iterable
from typing import TypedDict, Unpack

from anlan.accounts.models import User
from anlan.accounts.roles import Role
from anlan.accounts.telling import TITLE_LENGTH, Word, duty_tell
from anlan.kit.notices import Message, notices_send
from anlan.supervision.models import Hazard

SUPERVISORS = (Role.INSPECTOR, Role.STREET)


class How(TypedDict, total=False):
    """As in `Message`. With a `tag` it is a reminder: many leave as one, and what has not left is taken back."""

    body: str
    level: str
    tag: str


def person_tell(hazard: Hazard, person: User | None, title: str, **how: Unpack[How]) -> None:
    if person is not None:
        _people_tell(hazard, [person], title, how)


def responsible_tell(hazard: Hazard, title: str, **how: Unpack[How]) -> None:
    """The people of the body that must rectify; where it has none who log in, the community and sub-district."""
    usual: How = {"level": "warn", **how}
    people = list(User.objects.filter(organisation_id=hazard.organisation_id or -1, is_active=True))
    _people_tell(hazard, people, title, usual)
    if not people:
        area_tell(hazard, (Role.COMMUNITY, Role.STREET), title, **usual)


def area_tell(hazard: Hazard, roles: tuple[Role, ...], title: str, **how: Unpack[How]) -> None:
    duty_tell(Word(roles=roles, area=hazard.area, title=title, url=hazard.get_absolute_url(), about=hazard, **how))


def _people_tell(hazard: Hazard, people: Iterable[User], title: str, how: How) -> None:
    url, place, short = hazard.get_absolute_url(), str(hazard.area), title[:TITLE_LENGTH]
    notices_send(
        Message(address=f"user:{person.pk}", title=short, url=url, about=hazard, place=place, **how)
        for person in people
    )
