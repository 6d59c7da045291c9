"""Figures of the yearly summary that command counts."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from anlan.command.models import Incident
from anlan.kit.figures import Period, figure


@figure(
    "events",
    title=_("统筹处置突发事件"),
    unit=_("宗"),
    definition=_("立案日期在统计时段内的突发事件数,不论后来如何处置。"),
)
def events(user: Any, period: Period) -> QuerySet[Incident]:
    """期内立案的突发事件宗数,不论其后结案与否。"""
    return Incident.objects.visible_to(user).filter(opened_at__date__range=(period.start, period.end))
