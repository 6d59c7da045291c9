"""The demo's past is made by the services: whole, closed, quiet, and the same for the same seed."""

import pytest
from django.contrib.gis.geos import Point
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.command.demo import demo
from anlan.command.models import Entry, Incident, Order, Report, Signal
from anlan.kit.deadlines import deadlines_sweep
from anlan.kit.demo import DemoWorld
from anlan.kit.models import Notice
from anlan.registry.models import Enterprise

from .conftest import District

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(town: District) -> Enterprise:
    return Enterprise.objects.create(
        area=town.street,
        name="东街电子厂",
        credit_code="91440300MA5G00001X",
        location=Point(114.351, 22.691, srid=4490),
    )


def test_the_past_is_whole_and_asks_nothing_of_anybody_today(town: District, firm: Enterprise) -> None:
    demo(DemoWorld(scale=0.01))
    assert set(Incident.objects.values_list("state", flat=True)) == {"closed"}
    assert set(Signal.objects.values_list("state", flat=True)) == {"opened", "dismissed"}
    assert set(Order.objects.values_list("state", flat=True)) == {"done"}
    assert Report.objects.count() == 3 * Incident.objects.count()
    assert (Notice.objects.count(), ProcrastinateJob.objects.count(), deadlines_sweep()) == (0, 0, 0)


def test_the_same_seed_gives_the_same_past(town: District, firm: Enterprise) -> None:
    from django.db import transaction

    seen = []
    for _turn in range(2):
        with transaction.atomic():
            demo(DemoWorld(scale=0.01, seed=7))
            seen.append(list(Entry.objects.order_by("id").values_list("at", "text")))
            transaction.set_rollback(True)
    strip = [[(at, text.split("校验值")[0]) for at, text in one] for one in seen]
    assert strip[0] == strip[1]


def test_a_district_without_a_desk_has_no_past(db: None) -> None:
    demo(DemoWorld(scale=0.01))
    assert not Incident.objects.exists()
