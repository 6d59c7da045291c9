"""Maintenance windows as their list shows them."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from anlan.monitoring.models import MaintenanceWindow

STANDINGS = ("now", "ahead", "over")


def windows_of(user: Any, standing: str = "") -> QuerySet[MaintenanceWindow]:
    """Current ones first, then those ahead by their start, then what is over; with how many alarms each hid."""
    now = timezone.now()
    rows = MaintenanceWindow.objects.visible_to(user).select_related(
        "device", "facility", "area", "made_by", "cancelled_by"
    )
    over = Q(ends_at__lte=now) | Q(cancelled_at__isnull=False)
    which = {"now": ~over & Q(starts_at__lte=now), "ahead": ~over & Q(starts_at__gt=now), "over": over}
    found = rows.filter(which[standing]) if standing in which else rows
    return found.annotate(
        hidden_count=Count("hides", distinct=True),
        active_count=Count("hides", filter=Q(hides__cleared_at=None, hides__released_at=None), distinct=True),
    ).order_by(*(["starts_at", "pk"] if standing == "ahead" else ["-starts_at", "-pk"]))


def windows_counts(user: Any) -> dict[str, int]:
    return {standing: windows_of(user, standing).count() for standing in STANDINGS}
