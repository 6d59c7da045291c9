"""Map layers of active alarms and of where nobody sees."""

from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from anlan.kit.layers import Layer, layer
from anlan.monitoring.models import Alarm, BlindArea, BlindSpot
from anlan.monitoring.models.blind import BLIND_COLOURS
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

layer(
    Layer(
        key="monitoring.blind_spot",
        title=_("监测盲点"),
        symbol="eye",
        colour_by="kind",
        colours=BLIND_COLOURS,
        properties=("name", "kind", "since", "detail"),
        order=72,
        rows=lambda user: BlindSpot.objects.visible_to(user),
        url=lambda row: f"/devices/{row.device_id}/" if row.device_id else "",
    )
)
layer(
    Layer(
        key="monitoring.blind_area",
        title=_("未覆盖区域"),
        symbol="hatch",
        colour_by="kind",
        geometry="boundary",
        properties=("name", "kind", "uncovered", "uncovered_km2", "radius", "working", "computed_at"),
        order=5,
        rows=lambda user: BlindArea.objects.visible_to(user),
    )
)
