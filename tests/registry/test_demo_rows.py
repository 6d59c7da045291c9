"""The demo's rows at full scale: the district's own figures, each thing where it says it is."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.gis.db.models import Model
from django.db import transaction
from django.db.models import Count, F, Sum
from pytest_django import DjangoDbBlocker

from anlan.accounts import demo as accounts_demo
from anlan.accounts.models import Organisation, User
from anlan.accounts.roles import Role
from anlan.kit.demo import DemoWorld
from anlan.registry import demo as registry_demo
from anlan.registry.demo.enterprises import KEY
from anlan.registry.industries import divisions
from anlan.registry.models import Enterprise, Facility, Person, Place, Shelter, Stock, Team
from anlan.vocab.codes import credit_fault

PLACED: list[type[Model]] = [Enterprise, Place, Facility, Team, Shelter, Stock]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[DemoWorld]:
    """The whole district, made once for this module and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = DemoWorld()
        accounts_demo.demo(made)
        registry_demo.demo(made)
        yield made
        transaction.set_rollback(True)


def test_enterprises_are_as_many_as_the_district_counts(world: DemoWorld) -> None:
    assert Enterprise.objects.count() == 20_571
    assert Enterprise.objects.filter(key_supervised=True).count() == KEY == 3_860
    assert Enterprise.objects.filter(hazardous_chemicals=True).count() == 30
    assert Enterprise.objects.filter(employees__gte=30).count() == 1_039
    assert not Enterprise.objects.filter(hazardous_chemicals=True, key_supervised=False).exists()


def test_teams_shelters_and_places_are_as_many_as_the_district_counts(world: DemoWorld) -> None:
    assert Team.objects.count() == 33
    assert Team.objects.aggregate(people=Sum("members"))["people"] == 1_581
    assert Person.objects.filter(team__isnull=False).count() == 1_581
    assert Shelter.objects.count() == 60
    assert Shelter.objects.aggregate(cameras=Sum("cameras"))["cameras"] == 154
    assert not Shelter.objects.filter(cameras=0).exists()
    sizes = dict(Place.objects.values_list("kind").annotate(number=Count("id")))
    assert (sizes["small_premises"], sizes["waterlogging"], sizes["hill"]) == (13_000, 28, 81)


def test_inspectors_and_safety_people_are_as_many_as_the_district_counts(world: DemoWorld) -> None:
    inspectors = Person.objects.filter(kind=Person.Kind.INSPECTOR)
    assert inspectors.count() == 170
    assert inspectors.values("area").distinct().count() == 20
    assert Person.objects.filter(kind=Person.Kind.COMMUNITY).count() == 315
    safety = Person.objects.filter(kind=Person.Kind.SAFETY_OFFICER)
    assert dict(safety.values_list("position").annotate(number=Count("id"))) == {"安全员": 5_942, "稽查员": 2_179}


def test_each_team_has_its_people_and_its_captain_among_them(world: DemoWorld) -> None:
    for team in Team.objects.prefetch_related("people"):
        assert team.people.count() == team.members
        assert team.people.filter(name=team.leader_name, position="队长").count() == 1


@pytest.mark.parametrize("model", PLACED)
def test_every_row_lies_inside_its_own_area(world: DemoWorld, model: type[Model]) -> None:
    rows = model._default_manager.all()
    assert rows.exists()
    assert not rows.filter(location=None).exists()
    assert not rows.exclude(area__boundary__contains=F("location")).exists()


def test_credit_codes_are_valid_and_each_belongs_to_one_body(world: DemoWorld) -> None:
    codes = list(Enterprise.objects.values_list("credit_code", flat=True))
    assert len(set(codes)) == len(codes)
    assert [code for code in codes if credit_fault(code)] == []
    bodies = Organisation.objects.exclude(kind="enterprise").values_list("credit_code", flat=True)
    assert set(bodies).isdisjoint(codes)
    assert [code for code in bodies if credit_fault(code or "")] == []


@pytest.mark.parametrize("model", [Enterprise, Place, Facility, Team, Shelter])
def test_no_two_rows_bear_the_same_name(world: DemoWorld, model: type[Model]) -> None:
    assert list(model._default_manager.values("name").annotate(n=Count("id")).filter(n__gt=1)) == []


def test_no_number_reaches_a_real_person(world: DemoWorld) -> None:
    for number in Person.objects.values_list("telephone", flat=True).distinct():
        assert number.startswith("1990000")
    assert not Person.objects.exclude(id_number="").exists()


def test_industries_are_divisions_of_the_standard(world: DemoWorld) -> None:
    used = set(Enterprise.objects.values_list("industry", flat=True))
    assert used <= set(divisions())
    assert len(divisions()) == 97
    assert len(used) > 40


def test_some_stock_is_short_and_some_has_expired(world: DemoWorld) -> None:
    stock = Stock.objects.all()
    assert 0.03 < stock.filter(quantity__lt=F("minimum")).count() / stock.count() < 0.15
    assert stock.filter(expires_on__lt=world.day).exists()
    assert stock.filter(expires_on__gt=world.day + timedelta(days=365)).exists()
    assert set(stock.values_list("holder", flat=True)) == {"government", "enterprise"}


def test_every_role_has_a_login_and_every_team_login_has_its_team(world: DemoWorld) -> None:
    assert set(User.objects.values_list("role", flat=True)) == set(Role.values)
    for user in User.objects.filter(role=Role.TEAM_LEADER):
        team = Team.objects.get(organisation=user.organisation)
        assert (team.leader_name, team.status) == (user.display_name, "standby")
    enterprise = User.objects.get(role=Role.ENTERPRISE)
    assert Enterprise.objects.visible_to(enterprise).get().organisation == enterprise.organisation


def test_every_printed_password_opens_its_login_and_no_two_are_alike(world: DemoWorld) -> None:
    assert len({login.password for login in world.logins}) == User.objects.count()
    first = world.logins[0]
    assert User.objects.get(username=first.username).check_password(first.password)
