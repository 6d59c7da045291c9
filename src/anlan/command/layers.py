"""Map layers of command: open signals and incidents."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from anlan.command.flows import OPEN_SIGNALS, IncidentState
from anlan.command.kinds import GRADE_COLOURS, LEVEL_COLOURS
from anlan.command.models import Incident, Signal
from anlan.kit.layers import Layer, layer


def _incidents(user: Any) -> QuerySet[Incident]:
    return Incident.objects.visible_to(user).exclude(state=IncidentState.CLOSED)


def _signals(user: Any) -> QuerySet[Signal]:
    return Signal.objects.visible_to(user).filter(state__in=OPEN_SIGNALS)


layer(
    Layer(
        key="command.incident",
        title=_("突发事件"),
        symbol="incident",
        colour_by="grade",
        colours=GRADE_COLOURS,
        properties=("title", "number", "grade", "event_type", "state", "address", "opened_at"),
        label="title",
        shown=True,
        live="incident",
        order=90,
        rows=_incidents,
        url=lambda row: f"/incidents/{row.pk}/",
    )
)
layer(
    Layer(
        key="command.signal",
        title=_("待办警情"),
        symbol="signal",
        colour_by="level",
        colours=LEVEL_COLOURS,
        properties=("title", "level", "event_type", "state", "address", "arrived_at"),
        label="title",
        shown=True,
        live="signal",
        order=85,
        rows=_signals,
        url=lambda row: f"/signals/{row.pk}/",
    )
)
