"""The navigation: what a role may open, the most urgent first, the rest under headings."""

import pytest
from django.test import Client

from anlan.accounts.models import Area, User
from anlan.kit.pages import navigation

pytestmark = pytest.mark.django_db
BACKEND = "anlan.accounts.backends.RoleBackend"


def person(role: str) -> User:
    area, _made = Area.objects.get_or_create(code="440310", defaults={"name": "坪山区", "level": "district"})
    return User.objects.create(username=role, role=role, area=area, is_staff=True)


def titles(user: User) -> list[list[str]]:
    return [[str(entry["title"]) for entry in section["entries"]] for section in navigation(user)]


def test_a_duty_officer_finds_desk_map_and_alarms_before_every_heading() -> None:
    first, *others = navigation(person("duty_officer"))
    assert first["title"] == ""
    assert [str(entry["title"]) for entry in first["entries"]][:3] == ["值班台", "一张图", "报警"]
    assert [section["title"] for section in others] == ["监督管理", "监测感知", "值守管理", ""]


def test_who_sees_nothing_of_a_section_sees_no_heading_of_it() -> None:
    assert [section["title"] for section in navigation(person("enterprise"))] == [""]


def test_who_works_in_the_street_or_in_a_firm_finds_hazards_first() -> None:
    for role in ("inspector", "enterprise", "community"):
        assert titles(person(role))[0][0] == "隐患治理"


def test_every_entry_of_the_navigation_opens_for_the_role_that_sees_it() -> None:
    for role in (
        "duty_officer",
        "leader",
        "inspector",
        "enterprise",
        "street",
        "community",
        "team_leader",
        "administrator",
    ):
        user = person(role)
        client = Client()
        client.force_login(user, backend=BACKEND)
        for section in navigation(user):
            for entry in section["entries"]:
                assert client.get(entry["url"]).status_code == 200, (role, entry["url"])


def test_only_an_administrator_is_led_to_the_back_office() -> None:
    assert any("后台管理" in section for section in titles(person("administrator")))
    assert not any("后台管理" in section for section in titles(person("street")))
