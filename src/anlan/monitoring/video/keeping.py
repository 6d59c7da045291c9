"""How long pictures of sightings are kept: the law row's days for what was not confirmed; what was confirmed stays.

A confirmed sighting has become a signal or a hazard, whose ground the picture is: nothing deletes it by itself.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from anlan.kit.law import law_value
from anlan.monitoring.models import Sighting, SightingClaim
from anlan.monitoring.video.pictures import picture_path
from anlan.monitoring.video_flow import SightingState

CLAIMS_KEPT = timedelta(days=62)
"""Longer than a claim may be late, so that what is sent again is still known."""
MOST = 5_000


def pictures_prune(*, now: datetime) -> int:
    """Deletes pictures whose time is over and says so in their rows; returns how many. Once more after a crash is no harm."""
    before = now - timedelta(days=law_value("sighting_picture_days", at=now))
    old = Sighting.objects.filter(arrived_at__lt=before, picture_deleted_at=None)
    old = old.exclude(picture="").exclude(state=SightingState.CONFIRMED).order_by("id")
    return sum(_delete(row, now) for row in old[:MOST])


@transaction.atomic
def _delete(row: Sighting, now: datetime) -> int:
    """The file goes only where no other sighting shows it."""
    fresh = Sighting.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if fresh.state == SightingState.CONFIRMED or fresh.picture_deleted_at is not None:
        return 0
    path = picture_path(fresh.picture, fresh.picture_type, fresh.arrived_at)
    same = Sighting.objects.filter(~Q(pk=fresh.pk), picture=fresh.picture, picture_deleted_at=None)
    if not any(picture_path(o.picture, o.picture_type, o.arrived_at) == path for o in same.order_by("id")[:MOST]):
        path.unlink(missing_ok=True)
    Sighting.objects.filter(pk=fresh.pk).update(picture_deleted_at=now)
    return 1


def claims_prune(*, now: datetime) -> int:
    """Forgets the ids of messages so old that they would be refused as too late."""
    return SightingClaim.objects.filter(arrived_at__lt=now - CLAIMS_KEPT).delete()[0]
