"""Whom a hazard is told to: the responsible side, the person who took a step, those who answer for the area."""

from anlan.accounts.models import User
from anlan.accounts.roles import Role
from anlan.accounts.telling import TITLE_LENGTH, duty_tell
from anlan.kit.notices import notice_send
from anlan.supervision.models import Hazard

SUPERVISORS = (Role.INSPECTOR, Role.STREET)


def person_tell(hazard: Hazard, person: User | None, title: str, *, body: str = "", level: str = "info") -> None:
    if person is not None:
        notice_send(
            address=f"user:{person.pk}",
            title=title[:TITLE_LENGTH],
            body=body,
            level=level,
            url=hazard.get_absolute_url(),
            about=hazard,
        )


def responsible_tell(hazard: Hazard, title: str, *, body: str = "", level: str = "warn") -> None:
    """The people of the body that must rectify; where it has none who log in, the community and sub-district."""
    people = User.objects.filter(organisation_id=hazard.organisation_id or -1, is_active=True)
    for person in people:
        person_tell(hazard, person, title, body=body, level=level)
    if not people:
        area_tell(hazard, (Role.COMMUNITY, Role.STREET), title, body=body, level=level)


def area_tell(hazard: Hazard, roles: tuple[Role, ...], title: str, *, body: str = "", level: str = "info") -> None:
    url = hazard.get_absolute_url()
    duty_tell(roles=roles, area=hazard.area, title=title, body=body, level=level, url=url, about=hazard)
