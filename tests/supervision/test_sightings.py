"""A confirmed sighting becomes a hazard exactly once, and the hazard keeps the picture."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from anlan.accounts.models import User
from anlan.command.models import Signal
from anlan.command.services.sightings import signal_from_sighting
from anlan.kit.events import deliver
from anlan.kit.models import Notice
from anlan.monitoring.models import Camera, Sighting
from anlan.monitoring.video.claims import Claim
from anlan.monitoring.video.deciding import sighting_confirm
from anlan.monitoring.video.keeping import pictures_prune
from anlan.monitoring.video.pictures import picture_path
from anlan.monitoring.video.sightings import sighting_report
from anlan.supervision.models import Hazard, HazardCategory, HazardEntry
from anlan.supervision.services.sightings import hazard_from_sighting, sightings_adopt

from .conftest import SPOT, District

pytestmark = pytest.mark.django_db
HANDLER = "anlan.supervision.handlers.sighting_becomes_hazard"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (96, 54), (90, 90, 200)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def sighting(town: District) -> Sighting:
    Camera.objects.create(
        code="99031000001320000001", name="东门枪机", area=town.street, location=SPOT, enterprise=town.firm,
        address="东街18号东门",
    )  # fmt: skip
    claim = Claim(
        sender="ai:box", event_id="e1", camera="99031000001320000001", kind="blocked_exit", at=timezone.now(),
        algorithm="通道V1", picture=picture(),
    )  # fmt: skip
    return Sighting.objects.get(pk=sighting_report(claim=claim, now=timezone.now()).sighting_id)


def test_a_confirmed_sighting_is_one_hazard_however_often_its_news_comes(
    town: District, sighting: Sighting, run_jobs: Callable[[], int]
) -> None:
    sighting_confirm(sighting=sighting, becomes="hazard", by=town.officer)
    run_jobs()
    news = {"sighting_id": sighting.pk, "as_hazard": True}
    again = str(uuid4())
    for identity in (again, again, str(uuid4())):
        deliver(HANDLER, identity, news)
    sightings_adopt()
    row = Hazard.objects.get()
    assert (row.sighting, row.source, row.state, row.found_by) == (sighting, "video", "found", town.officer)
    assert (row.enterprise, row.organisation, row.area) == (town.firm, town.firm.organisation, town.street)
    assert (row.description, row.category.code) == ("安全出口堵塞：东门枪机", "evacuation")
    assert (row.contact_name, row.address) == ("李安全", "东街18号东门")
    assert not Signal.objects.exists()
    assert HazardEntry.objects.get().text.endswith("周值班确认属实，转为隐患")
    assert Notice.objects.filter(address="role:inspector@990310001", title__startswith="新隐患").count() == 1


def test_one_that_becomes_a_signal_is_no_hazard(
    town: District, sighting: Sighting, run_jobs: Callable[[], int]
) -> None:
    sighting_confirm(sighting=sighting, becomes="signal", by=town.officer)
    run_jobs()
    assert (Signal.objects.count(), Hazard.objects.count()) == (1, 0)
    assert hazard_from_sighting(sighting_id=sighting.pk) is None


def test_one_that_becomes_a_hazard_or_waits_for_a_person_is_no_signal(town: District, sighting: Sighting) -> None:
    assert signal_from_sighting(sighting_id=sighting.pk) is None
    sighting_confirm(sighting=sighting, becomes="hazard", by=town.officer)
    assert signal_from_sighting(sighting_id=sighting.pk) is None
    assert not Signal.objects.exists()


def test_the_hazard_keeps_its_own_picture_when_the_sightings_is_gone(
    town: District, sighting: Sighting, run_jobs: Callable[[], int], browse: Callable[[User], Client]
) -> None:
    sighting_confirm(sighting=sighting, becomes="hazard", by=town.officer)
    run_jobs()
    kept = picture_path(sighting.picture, sighting.picture_type, sighting.arrived_at)
    content = kept.read_bytes()
    kept.unlink()
    pictures_prune(now=timezone.now() + timedelta(days=400))
    photo = Hazard.objects.get().photos.get()
    assert photo.sha256 == sighting.picture
    answer = browse(town.inspector).get(f"/hazards/photos/{photo.pk}/")
    assert answer.content == content


def test_a_picture_that_is_missing_is_said_and_loses_no_hazard(
    town: District, sighting: Sighting, run_jobs: Callable[[], int]
) -> None:
    Path(picture_path(sighting.picture, sighting.picture_type, sighting.arrived_at)).unlink()
    sighting_confirm(sighting=sighting, becomes="hazard", by=town.officer)
    run_jobs()
    assert not Hazard.objects.get().photos.exists()
    assert HazardEntry.objects.filter(data__picture="missing").count() == 1


def test_what_was_confirmed_before_anybody_listened_is_found(town: District, sighting: Sighting) -> None:
    HazardCategory.objects.all().delete()
    sighting_confirm(sighting=sighting, becomes="hazard", by=town.officer)
    assert (sightings_adopt(), sightings_adopt()) == (1, 0)
    assert Hazard.objects.get().category.code == "other"


def test_the_sightings_page_leads_to_its_hazard_and_back(
    town: District, sighting: Sighting, run_jobs: Callable[[], int], browse: Callable[[User], Client]
) -> None:
    client: Any = browse(town.officer)
    client.post(f"/sightings/{sighting.pk}/confirm/", {"becomes": "hazard"})
    assert "正在转隐患" in client.get(f"/sightings/{sighting.pk}/").content.decode()
    run_jobs()
    row = Hazard.objects.get()
    page = client.get(f"/sightings/{sighting.pk}/").content.decode()
    assert f'href="/hazards/{row.pk}/"' in page
    assert f'href="/sightings/{sighting.pk}/"' in client.get(f"/hazards/{row.pk}/").content.decode()
