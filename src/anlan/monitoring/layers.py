"""Map layer of active alarms."""

from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from anlan.kit.layers import Layer, layer
from anlan.monitoring.models import Alarm
from anlan.monitoring.models.device import LEVEL_COLOURS


def _active(user: Any) -> QuerySet[Alarm]:
    return Alarm.objects.visible_to(user).open().shown().annotate(name=F("device__name"))


layer(
    Layer(
        key="monitoring.alarm",
        title=_("未解除报警"),
        symbol="alarm",
        colour_by="level",
        colours={level: token for level, token in LEVEL_COLOURS.items() if level != "0"},
        properties=("name", "level", "kind", "raised_at", "acknowledged_at"),
        shown=True,
        live="alarm",
        order=90,
        rows=_active,
        url=lambda row: f"/alarms/{row.pk}/",
    )
)
