"""The demo's cameras: inside their areas, the same for the same seed, with sightings that wait for a person."""

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from anlan.accounts import demo as accounts_demo
from anlan.kit.demo import DemoWorld
from anlan.monitoring.models import Camera, Sighting, VideoPlatform
from anlan.monitoring.video.demo import video_demo
from anlan.monitoring.video.pictures import picture_path
from anlan.registry import demo as registry_demo


def facts() -> list[tuple[Any, ...]]:
    return list(Camera.objects.order_by("code").values_list("code", "name", "area__code", "location", "status"))


@pytest.mark.django_db
def test_cameras_lie_inside_their_areas_and_sightings_wait_with_pictures(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    world = DemoWorld(scale=0.01)
    accounts_demo.demo(world)
    registry_demo.demo(world)
    with transaction.atomic():
        video_demo(world)
        first = facts()
        transaction.set_rollback(True)
    video_demo(world)
    assert facts() == first
    assert len(first) == 180
    assert not Camera.objects.exclude(area__boundary__contains=F("location")).exists()
    assert Camera.objects.values("status").distinct().count() == 3
    assert VideoPlatform.objects.count() == 7
    assert not any(platform.keys for platform in VideoPlatform.objects.all())
    assert Sighting.objects.filter(state="new").count() == 24
    row = Sighting.objects.first()
    assert row is not None
    assert picture_path(row.picture, row.picture_type, row.arrived_at).exists()
