"""The REST interface of an entity: reach, role, covered values, sentences."""

import json
from typing import Any

import pytest
from django.test import Client

from anlan.accounts.models import User
from anlan.kit.signals import sensitive_read
from anlan.registry.models import Shelter, Team

from .conftest import District

pytestmark = pytest.mark.django_db

TEAMS = "/api/registry/team/"
PHONE = "13812345678"


@pytest.fixture
def teams(district: District) -> list[Team]:
    return [
        Team.objects.create(name=name, area=area, discipline="fire", members=members, leader_phone=PHONE)
        for name, area, members in (
            ("东队", district.east, 12),
            ("西队", district.west, 8),
            ("区队", district.district, 30),
        )
    ]


def send(client: Client, method: str, address: str, body: Any) -> Any:
    return getattr(client, method)(address, json.dumps(body), content_type="application/json")


def test_a_list_is_narrowed_searched_ordered_and_paged(teams: list[Team], admin: User, enter: Any) -> None:
    client = enter(admin)
    found = client.get(TEAMS, {"order": "-members", "size": 2}).json()
    assert ([item["name"] for item in found["items"]], found["total"]) == (["区队", "东队"], 3)
    assert client.get(TEAMS, {"order": "-members", "size": 2, "page": 2}).json()["items"][0]["name"] == "西队"
    assert client.get(TEAMS, {"q": "西"}).json()["total"] == 1
    assert client.get(TEAMS, {"area": teams[0].area_id}).json()["total"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [("page=x", "page"), ("size=5000", "size"), ("order=password", "order"), ("order=leader_phone", "order"),
     ("status=zzz", "status"), ("area=zzz", "area")],
)  # fmt: skip
def test_a_query_that_makes_no_sense_gets_a_sentence(query: str, field: str, admin: User, enter: Any) -> None:
    answer = enter(admin).get(f"{TEAMS}?{query}")
    assert answer.status_code == 422
    assert not answer.json()["errors"][field].isascii()


def test_another_areas_row_is_not_found_by_any_verb(teams: list[Team], east_clerk: User, enter: Any) -> None:
    client, address = enter(east_clerk), f"{TEAMS}{teams[1].pk}"
    assert client.get(TEAMS).json()["total"] == 1
    assert client.get(address).status_code == 404
    assert send(client, "patch", address, {"members": 1}).status_code == 404


def test_each_verb_asks_the_role(teams: list[Team], reader: User, east_clerk: User, enter: Any) -> None:
    address = f"{TEAMS}{teams[0].pk}"
    assert enter(reader).get(address).status_code == 200
    assert send(enter(reader), "patch", address, {"members": 1}).status_code == 403
    assert send(enter(reader), "post", TEAMS, {}).status_code == 403
    assert enter(east_clerk).delete(address).status_code == 403


def test_a_row_is_made_changed_and_deleted(district: District, admin: User, enter: Any) -> None:
    client = enter(admin)
    body = {
        "name": "新队",
        "area_id": district.east.pk,
        "discipline": "fire",
        "members": 5,
        "location": {"type": "Point", "coordinates": [114.3456789, 22.6912345]},
    }
    made = send(client, "post", TEAMS, body)
    assert made.status_code == 201
    assert made.json()["location"]["coordinates"] == [114.3456789, 22.6912345]
    assert (made.json()["area_label"], made.json()["status_label"]) == ("东街道", "备勤")
    address = f"{TEAMS}{made.json()['id']}"
    changed = send(client, "patch", address, {"members": 6}).json()
    assert (changed["members"], changed["name"], changed["discipline"]) == (6, "新队", "fire")
    assert changed["location"]["coordinates"] == [114.3456789, 22.6912345]
    history = Team.objects.get().history.all()  # type: ignore[attr-defined]
    assert [record.history_user for record in history] == [admin, admin]
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"members": "多"}, "members", "人数:"),
        ({"discipline": "打扫"}, "discipline", "专业类别:"),
        ({"area": 987654}, "area", "所属区域:"),
        ({"colour": 1}, "colour", "没有这个字段"),
        ({"id": 5}, "id", "不能写入"),
        ({"location": {"type": "Square"}}, "location", "GeoJSON"),
        ({"location": "here"}, "location", "GeoJSON"),
        ({"location": {"type": "Point", "coordinates": [999, 0]}}, "location", "经度须在"),
    ],
)
def test_what_is_wrong_is_said_field_by_field_in_chinese(
    body: Any, field: str, words: str, teams: list[Team], admin: User, enter: Any
) -> None:
    answer = send(enter(admin), "patch", f"{TEAMS}{teams[0].pk}", body)
    assert answer.status_code == 422
    assert words in answer.json()["errors"][field]


def test_a_body_that_is_no_object_is_refused(admin: User, enter: Any) -> None:
    client = enter(admin)
    assert send(client, "post", TEAMS, [1]).status_code == 422
    assert client.post(TEAMS, "{", content_type="application/json").status_code == 400


def test_a_constraint_of_the_database_speaks_its_sentence(district: District, admin: User, enter: Any) -> None:
    shelter = Shelter.objects.create(name="馆", area=district.east, category="indoor", capacity=10)
    answer = send(enter(admin), "patch", f"/api/registry/shelter/{shelter.pk}", {"occupancy": 11})
    assert answer.json()["errors"]["__all__"] == "已入住人数不能超过可容纳人数。"


def test_a_row_cannot_be_made_in_or_moved_to_another_area(
    teams: list[Team], east_clerk: User, district: District, enter: Any
) -> None:
    client = enter(east_clerk)
    body = {"name": "新", "area": district.west.pk, "discipline": "fire", "members": 1}
    assert "area" in send(client, "post", TEAMS, body).json()["errors"]
    moved = send(client, "patch", f"{TEAMS}{teams[0].pk}", {"area": district.west.pk})
    assert "area" in moved.json()["errors"]


def test_sensitive_values_are_covered_by_role_and_their_reading_is_told(
    teams: list[Team], admin: User, east_clerk: User, enter: Any
) -> None:
    told: list[tuple[str, list[int]]] = []

    def note(sender: Any, ids: list[int], action: str, **_more: Any) -> None:
        told.append((action, ids))

    sensitive_read.connect(note)
    address = f"{TEAMS}{teams[0].pk}"
    assert enter(east_clerk).get(address).json()["leader_phone"] == "138****5678"
    assert told == []
    assert enter(admin).get(address).json()["leader_phone"] == PHONE
    assert told == [("api", [teams[0].pk])]
    sensitive_read.disconnect(note)


def test_a_list_always_covers_sensitive_values(teams: list[Team], admin: User, enter: Any) -> None:
    assert {item["leader_phone"] for item in enter(admin).get(TEAMS).json()["items"]} == {"138****5678"}


def test_a_change_with_an_old_stamp_is_refused(teams: list[Team], admin: User, enter: Any) -> None:
    client, address = enter(admin), f"{TEAMS}{teams[0].pk}"
    stamp = client.get(address).json()["row_stamp"]
    assert send(client, "patch", address, {"members": 3, "row_stamp": stamp}).status_code == 200
    answer = send(client, "patch", address, {"members": 4, "row_stamp": stamp})
    assert "他人已修改过" in answer.json()["errors"]["__all__"]


def test_a_covered_value_that_comes_back_does_not_replace_the_real_one(
    teams: list[Team], east_clerk: User, enter: Any
) -> None:
    send(enter(east_clerk), "patch", f"{TEAMS}{teams[0].pk}", {"leader_phone": "138****5678", "members": 3})
    teams[0].refresh_from_db()
    assert (teams[0].leader_phone, teams[0].members) == (PHONE, 3)


def test_a_row_that_others_point_to_is_not_deleted(
    teams: list[Team], admin: User, district: District, enter: Any
) -> None:
    answer = enter(admin).delete(f"/api/accounts/area/{district.east.pk}")
    assert answer.status_code == 422
    assert "引用" in answer.json()["errors"]["__all__"]


def test_figures_are_counted_over_what_one_sees(teams: list[Team], admin: User, east_clerk: User, enter: Any) -> None:
    def members(user: User) -> float:
        found = {figure["key"]: figure for figure in enter(user).get("/api/figures").json()}
        return float(found["team_members"]["value"])

    assert (members(admin), members(east_clerk)) == (50, 12)
    one = enter(admin).get("/api/figures/teams", {"start": "2026-01-01", "end": "2026-12-31"}).json()
    assert (one["value"], one["unit"], one["start"]) == (3, "支", "2026-01-01")
    assert "登记在册" in one["definition"]
    assert enter(admin).get("/api/figures/none").status_code == 404


def test_the_description_page_needs_no_outside_host(admin: User, enter: Any) -> None:
    text = enter(admin).get("/api/docs/").content.decode()
    assert "/api/registry/team/{pk}" in text
    assert "救援队伍:列表" in text
    assert "https://" not in text
