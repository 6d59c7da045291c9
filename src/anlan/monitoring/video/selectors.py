"""What the pages of video read, always as far as the person sees."""

from typing import Any

from django.db.models import Count, QuerySet

from anlan.monitoring.models import Camera, Sighting, VideoPlatform, VideoState
from anlan.monitoring.models.camera import URGENCY
from anlan.monitoring.video_flow import SightingState


def cameras_of(user: Any) -> QuerySet[Camera]:
    """Offline ones first, each state by name."""
    return Camera.objects.visible_to(user).select_related("area", "platform").order_by(URGENCY, "name", "pk")


def cameras_standing(user: Any) -> dict[str, int]:
    counted = Camera.objects.visible_to(user).values("status").order_by().annotate(number=Count("pk"))
    found = {row["status"]: row["number"] for row in counted}
    return {"all": sum(found.values()), **{str(state): found.get(state, 0) for state in VideoState}}


def platform_names(user: Any) -> list[tuple[int, str]]:
    """Choices of a filter; to count their cameras would take longer than the page."""
    return list(VideoPlatform.objects.visible_to(user).order_by("name", "pk").values_list("pk", "name"))


def platforms_of(user: Any) -> QuerySet[VideoPlatform]:
    rows = VideoPlatform.objects.visible_to(user).select_related("area").order_by("name", "pk")
    return rows.annotate(camera_count=Count("cameras"))


def sightings_of(user: Any) -> QuerySet[Sighting]:
    rows = Sighting.objects.visible_to(user)
    return rows.select_related("camera", "kind", "area", "source", "decided_by").order_by("-at", "-pk")


def sightings_waiting(user: Any) -> QuerySet[Sighting]:
    """The queue: the gravest first, of these the one that waits longest."""
    return sightings_of(user).filter(state=SightingState.NEW).order_by("-kind__level", "arrived_at", "pk")


def sightings_standing(user: Any) -> dict[str, int]:
    counted = Sighting.objects.visible_to(user).values("state").order_by().annotate(number=Count("pk"))
    found = {row["state"]: row["number"] for row in counted}
    return {str(state): found.get(state, 0) for state in SightingState}
