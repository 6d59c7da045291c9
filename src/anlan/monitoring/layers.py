"""Map layers of active alarms and of where nobody sees."""

from collections.abc import Callable
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from anlan.kit.layers import Layer, layer
from anlan.monitoring.models import Alarm, BlindArea, BlindSpot, Device
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

BLIND: Any = _("监测盲区")

layer(
    Layer(
        key="monitoring.blind_spot",
        title=_("监测盲点"),
        group=BLIND,
        symbol="eye",
        colour_by="kind",
        colours=BLIND_COLOURS,
        properties=("name", "kind", "since", "detail"),
        order=72,
        rows=lambda user: BlindSpot.objects.visible_to(user),
        url=lambda row: f"/devices/{row.device_id}/" if row.device_id else "",
    )
)


def _uncovered(kinds: tuple[str, ...]) -> Callable[[Any], QuerySet[BlindArea]]:
    return lambda user: BlindArea.objects.visible_to(user).filter(kind__in=kinds)


def _blind_layer(key: str, title: Any, kinds: tuple[str, ...], colour: str, order: int) -> None:
    layer(
        Layer(
            key=f"monitoring.blind_area.{key}",
            title=title,
            group=BLIND,
            symbol="hatch",
            colour_by="kind",
            colours=dict.fromkeys(kinds, colour),
            geometry="boundary",
            properties=("name", "kind", "uncovered", "uncovered_km2", "radius", "working", "computed_at"),
            order=order,
            rows=_uncovered(kinds),
        )
    )


COVERS = {
    Device.Kind.RAIN: _("雨量站未覆盖"),
    Device.Kind.LEVEL: _("水位站未覆盖"),
    Device.Kind.GAS: _("气体监测未覆盖"),
    Device.Kind.WATER_QUALITY: _("水质监测未覆盖"),
}
for _place, (_kind, _title) in enumerate(COVERS.items(), 1):
    _blind_layer(_kind.value, _title, (_kind.value,), f"kind{_place}", 4)
_blind_layer("other", _("其他设备未覆盖"), tuple(kind.value for kind in Device.Kind if kind not in COVERS), "kind8", 4)
