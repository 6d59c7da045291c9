"""Nearest teams, shelters and goods: the suitable first, each with its reasons."""

from datetime import date

import pytest
from django.contrib.gis.geos import Point
from django.db import connection

from anlan.accounts.models import Area, Organisation, User
from anlan.accounts.roles import Role
from anlan.registry.models import Shelter, Stock, Team
from anlan.registry.selectors import by_distance, nearest_shelters, nearest_stock, nearest_teams

pytestmark = pytest.mark.django_db
HERE = Point(114.35, 22.69, srid=4490)
DAY = date(2026, 11, 1)


def north(kilometres: float) -> Point:
    return Point(114.35, 22.69 + kilometres / 110.75, srid=4490)


@pytest.fixture
def district() -> Area:
    return Area.objects.create(code="440310", name="坪山区", level="district")


@pytest.fixture
def street(district: Area) -> Area:
    return Area.objects.create(code="440310001", name="坪山街道", level="street", parent=district)


@pytest.fixture
def duty(district: Area) -> User:
    return User.objects.create(username="duty", role=Role.DUTY_OFFICER, area=district)


def team(area: Area, name: str, away: float, discipline: str = "hazchem", status: str = "standby") -> Team:
    return Team.objects.create(
        area=area, name=name, discipline=discipline, status=status, location=north(away), members=20
    )


def test_a_team_of_the_right_discipline_comes_before_a_nearer_one_of_another(district: Area, duty: User) -> None:
    team(district, "近而不对口", 0.5, discipline="flood")
    team(district, "远而对口", 4)
    first, second = nearest_teams(point=HERE, disciplines=["hazchem"], limit=5, user=duty)
    assert (first.row.name, first.suitable, second.suitable) == ("远而对口", True, False)
    assert first.reasons == ("距离 4.0 公里", "专业对口:危化救援", "当前备勤", "在编 20 人")
    assert second.reasons[:2] == ("距离 500 米", "专业不对口:防汛抢险")


def test_a_team_that_is_out_is_not_suitable(district: Area, duty: User) -> None:
    team(district, "已出动", 1, status="dispatched")
    (only,) = nearest_teams(point=HERE, disciplines=["hazchem"], limit=5, user=duty)
    assert not only.suitable
    assert "当前出动" in only.reasons


def test_without_a_discipline_the_nearest_standing_by_is_first(district: Area, duty: User) -> None:
    team(district, "二", 2, discipline="flood")
    team(district, "一", 1, discipline="gas")
    found = nearest_teams(point=HERE, disciplines=[], limit=1, user=duty)
    assert [one.row.name for one in found] == ["一"]
    assert not any("对口" in reason for reason in found[0].reasons)


def test_the_distance_is_that_on_the_ellipsoid(district: Area, duty: User) -> None:
    Team.objects.create(area=district, name="东", discipline="gas", location=Point(114.36, 22.69, srid=4490))
    (only,) = nearest_teams(point=HERE, disciplines=[], limit=1, user=duty)
    assert only.distance_m == pytest.approx(1027.7, abs=1)


def test_east_and_north_are_ranked_by_metres_not_by_degrees(district: Area, duty: User) -> None:
    Team.objects.create(area=district, name="东", discipline="gas", location=Point(114.36, 22.69, srid=4490))
    Team.objects.create(area=district, name="北", discipline="gas", location=Point(114.35, 22.6996, srid=4490))
    found = nearest_teams(point=HERE, disciplines=[], limit=1, user=duty)
    assert [one.row.name for one in found] == ["东"]


def test_a_person_is_offered_only_what_the_person_may_see(district: Area, street: Area) -> None:
    team(district, "区队", 1)
    team(street, "街道队", 2)
    local = User.objects.create(username="street", role=Role.STREET, area=street)
    found = nearest_teams(point=HERE, disciplines=[], limit=5, user=local)
    assert [one.row.name for one in found] == ["街道队"]


def test_a_shelter_without_room_is_not_suitable(district: Area, duty: User) -> None:
    for name, away, occupancy in (("满的", 1, 790), ("空的", 3, 0)):
        Shelter.objects.create(
            area=district, name=name, category="indoor", capacity=800, occupancy=occupancy, location=north(away)
        )
    first, second = nearest_shelters(point=HERE, limit=5, user=duty, people=50)
    assert (first.row.name, second.row.name, second.suitable) == ("空的", "满的", False)
    assert first.reasons == ("距离 3.0 公里", "可容纳 800 人,剩余 800 人", "室内场所,未启用")
    assert "容不下所需的 50 人" in second.reasons


def goods(area: Area, name: str, away: float, **values: object) -> Stock:
    usual = {"item": "吸油毡", "category": "hazchem", "unit": "千克", "quantity": 120, "minimum": 100}
    return Stock.objects.create(area=area, name=name, location=north(away), **(usual | values))


def test_goods_that_have_expired_or_run_out_are_not_suitable(district: Area, duty: User) -> None:
    goods(district, "过期", 1, expires_on=date(2026, 10, 1))
    goods(district, "用完", 2, quantity=0)
    goods(district, "可用", 3, expires_on=date(2027, 1, 1))
    found = nearest_stock(point=HERE, categories=["hazchem"], limit=5, user=duty, on=DAY)
    assert [(one.row.name, one.suitable) for one in found] == [("可用", True), ("过期", False), ("用完", False)]
    assert found[0].reasons == (
        "距离 3.0 公里",
        "物资对口:危化处置物资",
        "库存 120 千克,不低于最低储备",
        "有效期至 2027-01-01",
    )
    assert "已于 2026-10-01 过期" in found[1].reasons
    assert "库存 0 千克,低于最低储备 100 千克" in found[2].reasons


def test_goods_of_another_category_come_last(district: Area, duty: User) -> None:
    goods(district, "沙袋", 1, category="flood")
    goods(district, "吸油毡", 2)
    found = nearest_stock(point=HERE, categories=["hazchem"], limit=5, user=duty, on=DAY)
    assert [(one.row.name, one.suitable) for one in found] == [("吸油毡", True), ("沙袋", False)]


def test_a_firm_is_offered_only_its_own_goods(district: Area) -> None:
    firm = Organisation.objects.create(name="甲厂", kind="enterprise", area=district)
    goods(district, "甲厂库", 1, organisation=firm)
    goods(district, "政府库", 1)
    user = User.objects.create(username="firm", role=Role.ENTERPRISE, area=district, organisation=firm)
    found = nearest_stock(point=HERE, categories=[], limit=5, user=user, on=DAY)
    assert [one.row.name for one in found] == ["甲厂库"]


def test_the_nearest_are_found_by_walking_the_spatial_index(district: Area) -> None:
    rows = [
        Stock(area=district, name="库", item="x", category="fire", quantity=1, unit="件", location=north(n / 100))
        for n in range(2000)
    ]
    Stock.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("analyze registry_stock")
    plan = by_distance(Stock.objects.all(), HERE)[:5].explain()
    assert "Index Scan using registry_stock_location" in plan
    assert "Order By: (location <->" in plan
