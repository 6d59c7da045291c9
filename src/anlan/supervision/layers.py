"""Map layer of supervision: hazards that nobody has closed, the late ones before all others."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from anlan.kit.layers import Layer, layer
from anlan.supervision.kinds import URGENCY_COLOURS
from anlan.supervision.models import Hazard


def _standing(user: Any) -> QuerySet[Hazard]:
    return Hazard.objects.visible_to(user).standing().with_urgency()


layer(
    Layer(
        key="supervision.hazard",
        title=_("未销号隐患"),
        symbol="hazard",
        colour_by="urgency",
        colours=URGENCY_COLOURS,
        properties=("description", "number", "level", "state", "address", "due_at"),
        label="description",
        shown=True,
        live="hazard",
        order=70,
        rows=_standing,
        url=lambda row: row.get_absolute_url(),
    )
)
