"""How often each algorithm is right on each camera, as people judged it, the worst first."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from anlan.monitoring.models import Sighting
from anlan.monitoring.video_flow import SightingState

Z = 1.959964
"""The normal quantile of a two-sided interval of 95 %."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Judged sightings of one algorithm on one camera; `low` and `high` bound the rate with 95 % confidence."""

    camera: int
    name: str
    code: str
    algorithm: str
    kind: str
    confirmed: int
    rejected: int
    low: float
    high: float

    @property
    def judged(self) -> int:
        return self.confirmed + self.rejected

    @property
    def value(self) -> float:
        return self.confirmed / self.judged


def wilson(confirmed: int, judged: int) -> tuple[float, float]:
    """E. B. Wilson, Probable Inference, 1927: the score interval of a share; `judged` is above 0."""
    share, z2 = confirmed / judged, Z * Z
    middle = share + z2 / (2 * judged)
    spread = Z * math.sqrt(share * (1 - share) / judged + z2 / (4 * judged * judged))
    whole = 1 + z2 / judged
    return min(share, max(0.0, (middle - spread) / whole)), max(share, min(1.0, (middle + spread) / whole))


def rates(user: Any, *, since: datetime | None, kind: str = "") -> list[Rate]:
    """Of all cameras that the person sees; first those whose rate is surely low (lowest upper bound)."""
    rows = Sighting.objects.visible_to(user).exclude(state=SightingState.NEW)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if kind:
        rows = rows.filter(kind__code=kind)
    grouped = rows.order_by().values("camera_id", "camera__name", "camera__code", "algorithm", "kind__name")
    counted = grouped.annotate(
        confirmed=Count("pk", filter=Q(state=SightingState.CONFIRMED)),
        rejected=Count("pk", filter=Q(state=SightingState.REJECTED)),
    )
    return sorted((_rate(row) for row in counted), key=lambda rate: (rate.high, rate.value, -rate.judged, rate.name))


def _rate(row: Any) -> Rate:
    low, high = wilson(row["confirmed"], row["confirmed"] + row["rejected"])
    return Rate(
        camera=row["camera_id"],
        name=row["camera__name"],
        code=row["camera__code"],
        algorithm=row["algorithm"],
        kind=row["kind__name"],
        confirmed=row["confirmed"],
        rejected=row["rejected"],
        low=low,
        high=high,
    )
