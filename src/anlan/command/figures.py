"""Figures of the yearly summary that command counts."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from anlan.command.models import Incident
from anlan.kit.figures import Period, figure


@figure("events", title=_("统筹处置突发事件"), unit=_("宗"))
def events(user: Any, period: Period) -> QuerySet[Incident]:
    """Incidents opened on a day of the period, whatever became of them since."""
    return Incident.objects.visible_to(user).filter(opened_at__date__range=(period.start, period.end))
