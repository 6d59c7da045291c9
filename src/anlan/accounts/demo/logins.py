"""One log-in or more for each role of the page table, with passwords made at random."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time

from axes.utils import reset as axes_reset
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q

from anlan.accounts.audit import Action, audit_record
from anlan.accounts.demo.names import Names
from anlan.accounts.models import Organisation, User
from anlan.accounts.roles import Role
from anlan.accounts.services import password_random
from anlan.kit.demo import DemoWorld, Login


@dataclass(frozen=True, kw_only=True)
class Post:
    """A log-in to be made. `organisation` is a name; the person's area is the organisation's."""

    username: str
    role: Role
    organisation: str


def _post(username: str, role: Role, organisation: str) -> Post:
    return Post(username=username, role=role, organisation=organisation)


LOGINS = (
    _post("duty", Role.DUTY_OFFICER, "坪山区应急管理局"),
    _post("commander", Role.COMMANDER, "坪山区应急管理局"),
    _post("commander2", Role.COMMANDER, "坪山区应急管理局"),
    _post("leader", Role.LEADER, "坪山区应急管理局"),
    _post("inspector", Role.INSPECTOR, "坑梓街道办事处"),
    _post("team1", Role.TEAM_LEADER, "坪山区综合应急救援大队"),
    _post("team2", Role.TEAM_LEADER, "坪山区危险化学品应急救援队"),
    _post("team3", Role.TEAM_LEADER, "坪山区三防抢险救援队"),
    _post("team4", Role.TEAM_LEADER, "坪山区森林消防大队"),
    _post("team5", Role.TEAM_LEADER, "坪山区燃气抢险队"),
    _post("team6", Role.TEAM_LEADER, "坑梓街道应急救援队"),
    _post("enterprise", Role.ENTERPRISE, "深圳市坪山区澜禾特精细化工有限公司"),
    _post("department", Role.DEPARTMENT, "坪山区水务局"),
    _post("street1", Role.STREET, "坪山街道办事处"),
    _post("street2", Role.STREET, "坑梓街道办事处"),
    _post("community", Role.COMMUNITY, "坪山社区工作站"),
    _post("admin", Role.ADMINISTRATOR, "坪山区应急管理局"),
)


def logins_make(world: DemoWorld) -> None:
    names = Names(world.rng("accounts/logins"), series="1")
    places = {one.name: one for one in Organisation.objects.all()}
    since = datetime.combine(world.day, time(), UTC)
    users = [_user(post, places[post.organisation], names, since) for post in LOGINS]
    world.logins.extend(_give_passwords(users))
    world.insert(users)


def _user(post: Post, organisation: Organisation, names: Names, since: datetime) -> User:
    return User(
        username=post.username,
        role=post.role,
        display_name=names.person(),
        telephone=names.mobile(),
        organisation=organisation,
        area=organisation.area,
        is_staff=True,
        date_joined=since,
    )


@transaction.atomic
def passwords_reset() -> list[Login]:
    """Gives each log-in of the demo that still exists a new password, and ends its locks."""
    wanted = Q()
    for post in LOGINS:
        wanted |= Q(username=post.username, role=post.role, organisation__name=post.organisation)
    users = list(User.objects.filter(wanted).order_by("id"))
    logins = _give_passwords(users)
    User.objects.bulk_update(users, ["password"])
    for user in users:
        axes_reset(username=user.username)
    audit_record(action=Action.CHANGE, subject=User, fields={"passwords": len(users)})
    return logins


def _give_passwords(users: Sequence[User]) -> list[Login]:
    """Sets a fresh password on each user (not saved). Hashing is slow by design, so all processors share it."""
    fresh = [password_random() for _ in users]
    with ThreadPoolExecutor() as pool:
        hashes = list(pool.map(make_password, fresh))
    for user, hashed in zip(users, hashes, strict=True):
        user.password = hashed
    return [
        Login(role=str(Role(user.role).label), username=user.username, password=word, name=user.display_name)
        for user, word in zip(users, fresh, strict=True)
    ]
