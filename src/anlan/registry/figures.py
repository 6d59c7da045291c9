"""Countable figures of the thematic database."""

from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from anlan.kit.figures import Period, figure
from anlan.registry.models import Enterprise, Shelter, Team


def _sum_of(name: str) -> Any:
    return lambda rows: rows.aggregate(total=Sum(name))["total"] or 0


@figure(
    "enterprises",
    title=_("企业"),
    unit=_("家"),
    definition=_("登记在册、经营状态不是“注销”的企业数,按查看时的登记情况计。"),
)
def enterprises(user: Any, period: Period) -> QuerySet[Enterprise]:
    return Enterprise.objects.visible_to(user).exclude(status=Enterprise.Status.CLOSED)


@figure(
    "key_enterprises",
    title=_("重点监管生产经营单位"),
    unit=_("家"),
    definition=_("标为“重点监管”、未注销的企业数。"),
)
def key_enterprises(user: Any, period: Period) -> QuerySet[Enterprise]:
    return enterprises(user, period).filter(key_supervised=True)


@figure("teams", title=_("应急救援队伍"), unit=_("支"), definition=_("登记在册的各类应急救援队伍数。"))
def teams(user: Any, period: Period) -> QuerySet[Team]:
    return Team.objects.visible_to(user)


@figure(
    "team_members",
    title=_("应急救援队员"),
    unit=_("人"),
    definition=_("登记在册的应急救援队伍编制人数之和。"),
    count=_sum_of("members"),
)
def team_members(user: Any, period: Period) -> QuerySet[Team]:
    return teams(user, period)


@figure("shelters", title=_("应急避难场所"), unit=_("处"), definition=_("登记在册的室内、室外应急避难场所数。"))
def shelters(user: Any, period: Period) -> QuerySet[Shelter]:
    return Shelter.objects.visible_to(user)


@figure(
    "shelter_cameras",
    title=_("避难场所监控镜头"),
    unit=_("个"),
    definition=_("登记在册的应急避难场所监控镜头数之和。"),
    count=_sum_of("cameras"),
)
def shelter_cameras(user: Any, period: Period) -> QuerySet[Shelter]:
    return shelters(user, period)
