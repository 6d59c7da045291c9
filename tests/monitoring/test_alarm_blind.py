"""Where the bureau does not see is drawn as a hazard itself, and disappears when it sees again."""

import math
from datetime import timedelta

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.utils import timezone

from anlan.accounts.models import Area
from anlan.kit.models import LawRule
from anlan.monitoring.blind import areas_renew, blind_renew, spots_renew
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, BlindArea, BlindSpot, Device, Series
from anlan.monitoring.moments import now_ms
from anlan.onemap.drawing import geojson
from anlan.onemap.selectors import layer_of

from .alarming import DeviceMaker, person
from .frames import frame

pytestmark = pytest.mark.django_db
DAY = 86_400_000


def kinds() -> dict[str, str]:
    return {spot.kind: spot.name for spot in BlindSpot.objects.all()}


def test_each_kind_of_blindness_is_found_and_goes_when_it_is_over(device: DeviceMaker, area: Area) -> None:
    device("silent", status="silent", last_seen_at=timezone.now() - timedelta(hours=3))
    device("gone", status="silent", life="retired")
    device("nan"), device("good")
    flat, drifting = device("flat", status="online"), device("drift", status="online")
    readings_store(batch=[frame([("39", now_ms(), math.nan)], code="nan"), frame([("39", now_ms(), 1.0)], code="good")])
    for one, kind in ((flat, Alarm.Kind.FLAT), (drifting, Alarm.Kind.DRIFT)):
        series = Series.objects.create(device=one, key="39", last_time=now_ms())
        Alarm.objects.create(
            device=one, series=series, area=area, kind=kind, level=1, highest_level=1,
            raised_at=timezone.now(), arrived_at=timezone.now(), announced_at=timezone.now(),
        )  # fmt: skip
    blind_renew()
    assert kinds() == {"silent": "站silent", "invalid": "站nan", "flat": "站flat", "drift": "站drift"}
    first = BlindSpot.objects.get(kind="flat").pk
    Device.objects.filter(code="silent").update(status="online")
    readings_store(batch=[frame([("39", now_ms() + 1, 1.0)], code="nan")], now=now_ms() + 2000)
    Alarm.objects.filter(kind=Alarm.Kind.DRIFT).update(cleared_at=timezone.now())
    blind_renew()
    assert kinds() == {"flat": "站flat"}
    assert BlindSpot.objects.get().pk == first


def test_a_sensor_that_once_was_right_and_has_sent_nothing_valid_for_a_day_is_blind(device: DeviceMaker) -> None:
    one = device(status="online")
    Series.objects.create(device=one, key="39", last_time=now_ms() - 2 * DAY)
    spots_renew(timezone.now())
    assert kinds() == {"invalid": one.name}


@pytest.fixture
def square(area: Area) -> Area:
    """About 10.3 km by 11.1 km."""
    area.boundary = MultiPolygon(Polygon.from_bbox((114.3, 22.6, 114.4, 22.7)), srid=4490)
    area.save()
    LawRule.objects.filter(code="sensor_cover_radius").update(value={"level": 2000, "rain": 500, "gas": 0})
    return area


def test_what_no_working_sensor_covers_is_the_area_without_their_circles(square: Area, device: DeviceMaker) -> None:
    device("a", status="online", location=Point(114.33, 22.65, srid=4490))
    device("b", status="online", location=Point(114.37, 22.65, srid=4490))
    device("dead", status="silent", location=Point(114.35, 22.68, srid=4490))
    blind_renew()
    bare = BlindArea.objects.get()
    whole = 10.27 * 11.07
    assert bare.uncovered_km2 == pytest.approx(whole - 2 * math.pi * 4, rel=0.01)
    assert bare.uncovered == pytest.approx(100 * (whole - 2 * math.pi * 4) / whole, rel=0.01)
    assert (bare.kind, bare.working, bare.radius) == ("level", 2, 2000)
    assert bare.boundary.contains(Point(114.35, 22.68, srid=4490))
    assert not bare.boundary.contains(Point(114.33, 22.65, srid=4490))


def test_overlapping_circles_and_those_across_the_border_count_once(square: Area, device: DeviceMaker) -> None:
    device("a", status="online", location=Point(114.3, 22.65, srid=4490))
    device("same", status="online", location=Point(114.3, 22.65, srid=4490))
    device("outside", status="online", location=Point(114.29, 22.65, srid=4490))
    areas_renew(timezone.now())
    covered = 10.27 * 11.07 * (100 - BlindArea.objects.get().uncovered) / 100
    assert covered == pytest.approx(math.pi * 4 / 2, rel=0.02)


def test_an_area_that_is_wholly_covered_is_not_drawn_and_a_kind_nobody_has_neither(
    square: Area, device: DeviceMaker
) -> None:
    LawRule.objects.filter(code="sensor_cover_radius").update(value={"level": 20_000, "rain": 500})
    device("a", status="online", location=Point(114.35, 22.65, srid=4490))
    assert areas_renew(timezone.now()) == 0


def test_the_layers_are_the_person_s_own_and_the_ground_is_hatched(square: Area, device: DeviceMaker) -> None:
    device("a", status="silent", location=Point(114.35, 22.65, srid=4490))
    blind_renew()
    other = Area.objects.create(code="440311", name="别区", level="district")
    for key in ("monitoring.blind_spot", "monitoring.blind_area.level"):
        mine, theirs = layer_of(person(square), key), layer_of(person(other, name="外人"), key)
        assert mine is not None
        assert theirs is not None
        assert (mine.rows.count(), theirs.rows.count()) == (1, 0)
        assert b'"_colour"' in geojson(mine)
    assert mine.layer.symbol == "hatch"
