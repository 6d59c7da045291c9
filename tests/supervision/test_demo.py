"""The demo's hazards are made by the services: of every state, quiet, and the same for the same seed."""

from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.accounts.models import Organisation
from anlan.accounts.roles import Role
from anlan.kit.demo import DemoWorld
from anlan.kit.models import Notice
from anlan.monitoring.models import Camera, Sighting
from anlan.monitoring.video.claims import Claim
from anlan.monitoring.video.sightings import sighting_report
from anlan.registry.models import Enterprise
from anlan.supervision.demo import demo
from anlan.supervision.flow import HazardState
from anlan.supervision.models import Hazard, HazardEntry

from .conftest import SPOT, District, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen(town: District) -> Sighting:
    person("department", "水务专员", Role.DEPARTMENT, town.district)
    Camera.objects.create(code="99031000001320000001", name="东门枪机", area=town.street, location=SPOT)
    now = timezone.now()
    claim = Claim(
        sender="ai:box", event_id="e1", camera="99031000001320000001", kind="no_helmet", at=now, algorithm="帽"
    )
    row = Sighting.objects.get(pk=sighting_report(claim=claim, now=now).sighting_id)
    row.state, row.becomes, row.decided_by = "confirmed", "hazard", town.officer
    row.decided_at = datetime(2026, 11, 1, 1, tzinfo=UTC)
    row.save()
    return row


def test_there_is_a_hazard_of_every_state_and_nobody_is_called_about_them(town: District, seen: Sighting) -> None:
    demo(DemoWorld())
    assert set(Hazard.objects.values_list("state", flat=True)) == set(HazardState)
    assert Hazard.objects.filter(sighting=seen).count() == 1
    assert Hazard.objects.overdue().count() == 1
    assert (Notice.objects.count(), ProcrastinateJob.objects.count()) == (0, 0)
    assert Hazard.objects.filter(returns=1).exists()
    assert all(row.photos.exists() for row in Hazard.objects.filter(sighting=None))


def test_the_same_seed_tells_the_same_stories(town: District, seen: Sighting) -> None:
    told = []
    for _turn in range(2):
        with transaction.atomic():
            demo(DemoWorld(seed=7))
            told.append(list(HazardEntry.objects.order_by("id").values_list("at", "step", "actor__username")))
            transaction.set_rollback(True)
    assert told[0] == told[1]


@pytest.mark.parametrize("missing", ["officer", "leader", "street_user", "firms"])
def test_a_district_that_lacks_somebody_has_no_demo_hazards(town: District, seen: Sighting, missing: str) -> None:
    if missing == "firms":
        Enterprise.objects.update(location=None)
    else:
        seen.delete()
        getattr(town, missing).delete()
    demo(DemoWorld())
    assert not Hazard.objects.exists()
    assert Organisation.objects.exists()
