"""Lists, details and forms: rows within reach, sensitive values covered, two writers told apart."""

from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.test import Client
from django.urls import reverse

from anlan.accounts.models import User
from anlan.kit.signals import sensitive_read
from anlan.registry.models import Enterprise, Stock, Team

from .conftest import District

pytestmark = pytest.mark.django_db

PHONE = "13812345678"


@pytest.fixture
def east_team(district: District) -> Team:
    place = Point(114.3456789012, 22.6912345678, srid=4490)
    return Team.objects.create(
        name="东队", area=district.east, discipline="fire", members=12, leader_phone=PHONE, location=place
    )


@pytest.fixture
def west_team(district: District) -> Team:
    return Team.objects.create(name="西队", area=district.west, discipline="water", members=8, leader_phone=PHONE)


@pytest.fixture
def readings() -> Any:
    """Every reading of a sensitive field that was told."""
    told: list[tuple[str, list[Any], list[str]]] = []

    def note(sender: Any, user: Any, ids: list[Any], fields: list[str], action: str, **_more: Any) -> None:
        told.append((action, ids, fields))

    sensitive_read.connect(note)
    yield told
    sensitive_read.disconnect(note)


def page(name: str, *arguments: Any) -> str:
    return reverse(f"admin:registry_team_{name}", args=arguments)


def form_of(client: Client, team: Team) -> dict[str, Any]:
    """What a browser would send back untouched."""
    form = client.get(page("change", team.pk)).context["adminform"].form
    data: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        if name == "location":
            data["location_0"], data["location_1"] = form.fields[name].widget.decompress(value)
        else:
            data[name] = "" if value is None else value
    return data


def test_a_list_holds_only_the_rows_of_ones_area(
    east_team: Team, west_team: Team, east_clerk: User, admin: User, enter: Any
) -> None:
    assert "西队" in enter(admin).get(page("changelist")).content.decode()
    text = enter(east_clerk).get(page("changelist")).content.decode()
    assert "东队" in text
    assert "西队" not in text


@pytest.mark.parametrize("name", ["detail", "change", "history", "delete"])
def test_the_pages_of_another_areas_row_are_not_found(
    name: str, west_team: Team, east_clerk: User, root: User, enter: Any
) -> None:
    assert enter(root).get(page(name, west_team.pk)).status_code == 200
    assert enter(east_clerk).get(page(name, west_team.pk)).status_code in {403, 404}
    assert "西队" not in enter(east_clerk).get(page(name, west_team.pk)).content.decode()


def test_an_old_version_of_another_areas_row_is_not_found(west_team: Team, east_clerk: User, enter: Any) -> None:
    version = west_team.history.get().history_id  # type: ignore[attr-defined]
    assert enter(east_clerk).get(f"{page('history', west_team.pk)}{version}/").status_code == 404


def test_the_query_bar_finds_an_area_with_all_below_it(
    east_team: Team, west_team: Team, admin: User, district: District, enter: Any
) -> None:
    client = enter(admin)
    assert client.get(page("changelist"), {"area": district.district.pk}).context["cl"].result_count == 2
    assert client.get(page("changelist"), {"area": district.east.pk}).context["cl"].result_count == 1
    assert client.get(page("changelist"), {"q": "西"}).context["cl"].result_count == 1
    assert client.get(page("changelist"), {"discipline": "nonsense"}).status_code == 200


def test_a_page_size_is_remembered_and_a_page_can_be_jumped_to(district: District, admin: User, enter: Any) -> None:
    Team.objects.bulk_create(Team(name=f"队{n}", area=district.east, discipline="fire", members=1) for n in range(120))
    client = enter(admin)
    client.get(page("changelist"), {"size": 50})
    found = client.get(page("changelist"), {"p": 3}).context["cl"]
    assert (found.list_per_page, found.page_num, len(found.result_list)) == (50, 3, 20)
    assert client.get(page("changelist"), {"p": 99}).context["cl"].page_num == 1
    assert client.get(page("changelist"), {"size": 7}).context["cl"].list_per_page == 50


def test_lists_always_cover_sensitive_values_and_details_by_role(
    east_team: Team, admin: User, east_clerk: User, enter: Any, readings: list[Any]
) -> None:
    assert "138****5678" in enter(east_clerk).get(page("detail", east_team.pk)).content.decode()
    assert readings == []
    assert PHONE in enter(admin).get(page("detail", east_team.pk)).content.decode()
    assert readings == [("detail", [east_team.pk], ["leader_phone"])]
    assert PHONE not in enter(admin).get(page("changelist")).content.decode()


def test_history_covers_sensitive_values_by_role(east_team: Team, admin: User, east_clerk: User, enter: Any) -> None:
    east_team.leader_phone = "13900000000"
    east_team.save()
    covered = enter(east_clerk).get(page("history", east_team.pk)).content.decode()
    assert PHONE not in covered
    assert "138****5678" in covered
    assert PHONE in enter(admin).get(page("history", east_team.pk)).content.decode()


def test_a_covered_value_that_comes_back_untouched_does_not_replace_the_real_one(
    east_team: Team, east_clerk: User, enter: Any
) -> None:
    client = enter(east_clerk)
    data = form_of(client, east_team)
    assert data["leader_phone"] == "138****5678"
    assert client.post(page("change", east_team.pk), data | {"members": 30}).status_code == 302
    east_team.refresh_from_db()
    assert (east_team.members, east_team.leader_phone) == (30, PHONE)
    assert east_team.location is not None
    assert (east_team.location.x, east_team.location.y) == (114.3456789012, 22.6912345678)


def test_a_covered_value_can_be_replaced(east_team: Team, east_clerk: User, enter: Any) -> None:
    client = enter(east_clerk)
    data = form_of(client, east_team) | {"leader_phone": "13700000000"}
    client.post(page("change", east_team.pk), data)
    east_team.refresh_from_db()
    assert east_team.leader_phone == "13700000000"


def test_the_second_of_two_writers_is_told(east_team: Team, admin: User, east_clerk: User, enter: Any) -> None:
    first, second = enter(admin), enter(east_clerk)
    one, two = form_of(first, east_team), form_of(second, east_team)
    assert first.post(page("change", east_team.pk), one | {"members": 50}).status_code == 302
    answer = second.post(page("change", east_team.pk), two | {"members": 60})
    assert "他人已修改过这条记录" in answer.content.decode()
    east_team.refresh_from_db()
    assert east_team.members == 50


def test_a_row_cannot_be_moved_out_of_ones_area(
    east_team: Team, east_clerk: User, district: District, enter: Any
) -> None:
    client = enter(east_clerk)
    data = form_of(client, east_team) | {"area": district.west.pk}
    assert client.post(page("change", east_team.pk), data).status_code == 200
    east_team.refresh_from_db()
    assert east_team.area == district.east


def test_a_place_in_another_datum_is_converted_once(east_team: Team, admin: User, enter: Any) -> None:
    client = enter(admin)
    data = form_of(client, east_team) | {"location_0": "114.351, 22.6885", "location_1": "GCJ02"}
    client.post(page("change", east_team.pk), data)
    east_team.refresh_from_db()
    assert east_team.location is not None
    assert 300 < abs(east_team.location.x - 114.351) * 100_000 < 700


@pytest.mark.parametrize("text", ["114.3", "东经114度", "22.69, 114.34", "999, 1"])
def test_a_place_that_is_none_is_refused_in_words(text: str, east_team: Team, admin: User, enter: Any) -> None:
    client = enter(admin)
    data = form_of(client, east_team) | {"location_0": text}
    answer = client.post(page("change", east_team.pk), data)
    assert "经度" in str(answer.context["adminform"].form.errors["location"])


def test_one_who_may_only_read_is_shown_the_detail_and_no_way_to_write(
    east_team: Team, reader: User, enter: Any
) -> None:
    client = enter(reader)
    assert client.get(page("change", east_team.pk)).headers["Location"] == page("detail", east_team.pk)
    text = client.get(page("changelist")).content.decode()
    assert page("add") not in text
    assert page("import") not in text
    assert client.get(page("import")).status_code == 403
    version = east_team.history.get().history_id  # type: ignore[attr-defined]
    assert client.post(f"{page('history', east_team.pk)}{version}/", {"name": "x"}).status_code == 403


def test_rows_can_be_deleted_together_but_only_within_reach(
    east_team: Team, west_team: Team, admin: User, enter: Any
) -> None:
    client = enter(admin)
    data = {"action": "delete_selected", "_selected_action": [east_team.pk, west_team.pk]}
    assert "东队" in client.post(page("changelist"), data).content.decode()
    client.post(page("changelist"), data | {"post": "yes"})
    assert not Team.objects.exists()


def test_picked_rows_are_changed_together_or_not_at_all(
    east_team: Team, west_team: Team, admin: User, east_clerk: User, reader: User, enter: Any
) -> None:
    client, picked = enter(admin), {"_selected_action": [east_team.pk, west_team.pk]}
    assert "批量修改所选的 2 条" in client.post(page("bulk"), picked).content.decode()
    client.post(page("bulk"), picked | {"apply": "1", "status": "resting"})
    assert {team.status for team in Team.objects.all()} == {"resting"}
    assert west_team.history.count() == 2  # type: ignore[attr-defined]
    enter(east_clerk).post(page("bulk"), picked | {"apply": "1", "status": "standby"})
    assert {team.name: team.status for team in Team.objects.all()} == {"东队": "standby", "西队": "resting"}
    assert enter(reader).post(page("bulk"), picked).status_code == 403
    assert client.post(page("bulk"), {}).status_code == 302


def test_one_row_that_cannot_be_changed_keeps_all_as_they_were(district: District, admin: User, enter: Any) -> None:
    good, bad = (
        Stock.objects.create(name=name, area=district.east, item="沙袋", category="flood", quantity=1, unit=unit)
        for name, unit in (("甲库", "个"), ("乙库", "个"))
    )
    Stock.objects.filter(pk=bad.pk).update(item="")
    picked = {"_selected_action": [good.pk, bad.pk], "apply": "1", "category": "fire"}
    text = enter(admin).post(reverse("admin:registry_stock_bulk"), picked).content.decode()
    assert "物资名称" in text
    assert set(Stock.objects.values_list("category", flat=True)) == {"flood"}


def test_a_related_row_out_of_reach_may_stay_but_not_be_chosen(
    east_team: Team, east_clerk: User, district: District, enter: Any
) -> None:
    Team.objects.filter(pk=east_team.pk).update(organisation=district.bureau)
    client = enter(east_clerk)
    data = form_of(client, east_team)
    assert client.post(page("change", east_team.pk), data | {"members": 9}).status_code == 302
    other = Team.objects.create(name="新队", area=district.east, discipline="fire", members=1)
    data = form_of(client, other) | {"organisation": district.bureau.pk}
    assert client.post(page("change", other.pk), data).status_code == 200


def test_the_front_page_counts_what_one_sees(east_team: Team, west_team: Team, east_clerk: User, enter: Any) -> None:
    groups = enter(east_clerk).get(reverse("admin:index")).context["groups"]
    counts = {card["title"]: card["count"] for group in groups for card in group["cards"]}
    assert counts["救援队伍"] == 1
    assert Enterprise._meta.verbose_name in counts
